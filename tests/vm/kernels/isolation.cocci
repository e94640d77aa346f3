// SPDX-License-Identifier: GPL-2.0
//
// What compaction finds of a folio's mapping, when it isolates the folio and when it moves it, in
// mm/compaction.c and mm/migrate.c of 6.1 and 6.12.  mm/migrate.c has the include by truth.cocci.

@@
@@
 #include <linux/freezer.h>
+#include <linux/migtrace_truth.h>

// --- isolation: the mapping is read under the lock of the page

// 6.1
@@
@@
 	if (!trylock_page(page))
 		goto isolate_fail_put;
 	mapping = page_mapping(page);
+	migtrace_isolating(page_folio(page), mapping);

// 6.12
@@
@@
 	if (!folio_trylock(folio))
 		goto isolate_fail_put;
 	mapping = folio_mapping(folio);
+	migtrace_isolating(folio, mapping);

// --- migration of what was isolated

@@
@@
 migrate_folio_unmap(...)
 {
 	<...
 	if (folio_ref_count(src) == 1) {
+		if (reason == MR_COMPACTION)
+			migtrace_count(iso_freed);
 		...
 	}
 	...>
 }

@@
identifier move = { __migrate_folio_move, move_to_new_folio };
@@
 migrate_folio_move(...)
 {
 	<...
+	if (reason == MR_COMPACTION && !src->mapping)
+		migtrace_count(iso_gone_at_move);
 	rc = move(...);
 	...>
 }

@@
identifier unmap = { __migrate_folio_unmap, migrate_folio_unmap };
@@
 unmap(...)
 {
 	<...
+	migtrace_count(iso_orphans);
 	try_to_free_buffers(src);
 	...>
 }
