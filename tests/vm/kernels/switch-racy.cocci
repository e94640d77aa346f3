// SPDX-License-Identifier: GPL-2.0
//
// While /sys/kernel/debug/migtrace_racy is 1, the fix ebdf4de5642f ("mm: migrate: fix reference check
// race between __find_get_block() and migration") is not there: private_lock is dropped as soon as the
// b_counts were read, as in v5.0 to v5.2, instead of after the move.  Applied after truth.cocci.
//
// The switch is read once a migration.  It is hidden from the compiler each time, or that makes two
// ways of the function, each with its own calls of what the tool under test looks for.

@@
@@
 __buffer_migrate_folio(...)
 {
+	bool racy = READ_ONCE(migtrace_racy);
 	...
 }

@@
identifier busy, invalidated;
expression lock;
@@
 __buffer_migrate_folio(...)
 {
 	<...
+	if (racy)
+		migtrace_unlock(&mts, lock, MIGTRACE_MIGRATE);
+	OPTIMIZER_HIDE_VAR(racy);
 	if (busy) {
 		if (invalidated) {
 			...
 		}
-		migtrace_unlock(&mts, lock, MIGTRACE_MIGRATE);
+		if (!racy)
+			migtrace_unlock(&mts, lock, MIGTRACE_MIGRATE);
+		OPTIMIZER_HIDE_VAR(racy);
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
+	if (check_refs && !racy)
 		migtrace_unlock(&mts, lock, MIGTRACE_MIGRATE);
 	...>
 }
