// SPDX-License-Identifier: GPL-2.0
//
// Calls of include/linux/migtrace_truth.h in fs/buffer.c and mm/migrate.c of 6.1, 6.12 and 7.2.
// build.sh counts the calls afterwards and refuses a kernel whose source this no longer fits.

@@
@@
 #include <linux/buffer_head.h>
+#include <linux/migtrace_truth.h>

// --- migration: every section of the lock, and the window in which a new reference is late

@@
expression lock;
@@
 __buffer_migrate_folio(...)
 {
+	struct migtrace_section mts = {};
 	<...
-	spin_lock(lock);
+	migtrace_lock(&mts, lock);
+	migtrace_delay();
 	...>
 }

@@
expression lock;
@@
 __buffer_migrate_folio(...)
 {
 	<...
-	spin_unlock(lock);
+	migtrace_unlock(&mts, lock, MIGTRACE_MIGRATE);
 	...>
 }

// since 6.15 the lock is dropped after the check, and BH_Migrate is what keeps lookups out
@flag@
identifier busy;
expression lock;
@@
 __buffer_migrate_folio(...)
 {
 	<+...
+	if (!busy)
+		migtrace_window_open(&mts, head);
 	migtrace_unlock(&mts, lock, MIGTRACE_MIGRATE);
 	if (busy) {
 		...
 	}
 	...+>
 }

@depends on !flag@
identifier busy, invalidated;
@@
 __buffer_migrate_folio(...)
 {
 	<...
+	if (!busy)
+		migtrace_window_open(&mts, head);
 	if (busy) {
 		if (invalidated) {
 			...
 		}
 		...
 	}
 	...>
 }

@@
@@
 __buffer_migrate_folio(...)
 {
 	<...
(
+	migtrace_pause(&mts);
 	rc = folio_migrate_mapping(...);
|
+	migtrace_pause(&mts);
 	rc = filemap_migrate_folio(...);
)
 	...>
 }

@@
expression lock;
@@
 __buffer_migrate_folio(..., bool check_refs)
 {
 	<...
+	migtrace_window_close(&mts, head, !rc);
 	if (check_refs)
(
 		migtrace_unlock(&mts, lock, MIGTRACE_MIGRATE);
|
 		clear_bit_unlock(BH_Migrate, &head->b_state);
)
 	...>
 }

// --- lookup: its sections, and each reference it takes

@@
expression lock;
@@
 __find_get_block_slow(...)
 {
+	struct migtrace_section mts = {};
 	<...
-	spin_lock(lock);
+	migtrace_lock(&mts, lock);
 	...>
 }

@@
expression lock;
@@
 __find_get_block_slow(...)
 {
 	<...
-	spin_unlock(lock);
+	migtrace_unlock(&mts, lock, MIGTRACE_LOOKUP);
 	...>
 }

@@
@@
 __find_get_block_slow(...)
 {
 	<...
+	migtrace_lookup_head(&mts, head);
 	bh = head;
 	...>
 }

@@
@@
 __find_get_block_slow(...)
 {
 	<...
 	get_bh(bh);
+	migtrace_ref(head);
 	...>
 }

@@
expression page;
@@
 __find_get_block_slow(...)
 {
 	<...
+	migtrace_lookup_done(ret);
 	put_page(page);
 	...>
 }

@@
expression folio;
@@
 __find_get_block_slow(...)
 {
 	<...
+	migtrace_lookup_done(ret);
 	folio_put(folio);
 	...>
 }
