// SPDX-License-Identifier: GPL-2.0
//
// Reverts the fix ebdf4de5642f ("mm: migrate: fix reference check race between
// __find_get_block() and migration"): private_lock is dropped as soon as the b_counts were
// read, as in v5.0 to v5.2, instead of after the move.  Applied after truth.cocci.

@@
identifier busy, invalidated;
expression lock;
@@
 __buffer_migrate_folio(...)
 {
 	<...
+	migtrace_unlock(&mts, lock, MIGTRACE_MIGRATE);
 	if (busy) {
 		if (invalidated) {
 			...
 		}
-		migtrace_unlock(&mts, lock, MIGTRACE_MIGRATE);
 		invalidate_bh_lrus();
 		...
 	}
 	...>
 }

@@
expression lock;
@@
 __buffer_migrate_folio(..., bool check_refs)
 {
 	<...
 	migtrace_window_close(...);
-	if (check_refs)
-		migtrace_unlock(&mts, lock, MIGTRACE_MIGRATE);
 	...>
 }
