// SPDX-License-Identifier: GPL-2.0
//
// While /sys/kernel/debug/migtrace_repoint_first is 1, a buffer migration of 6.12 goes by the order of
// 6.3 to 6.10: switch of the mapping, buffers re-pointed, then copy and flags.  Since 6.11 the copy
// comes first (060913999d7a "mm: migrate: support poisoned recover from migrate folio").
// Applied after reasons.cocci.  The switch is read and hidden as in switch-racy.cocci.

@@
@@
+/* as in 6.10 */
+void folio_migrate_copy(struct folio *newfolio, struct folio *folio)
+{
+	folio_copy(newfolio, folio);
+	folio_migrate_flags(newfolio, folio);
+}
+
 __buffer_migrate_folio(...)
 {
+	bool repoint_first = READ_ONCE(migtrace_repoint_first);
 	...
 }

@@
@@
 __buffer_migrate_folio(...)
 {
 	<...
-	rc = filemap_migrate_folio(mapping, dst, src, mode);
+	if (repoint_first)
+		rc = folio_migrate_mapping(mapping, dst, src, 0);
+	else
+		rc = filemap_migrate_folio(mapping, dst, src, mode);
+	OPTIMIZER_HIDE_VAR(repoint_first);
 	...>
 }

@@
@@
 __buffer_migrate_folio(...)
 {
 	<...
 	if (rc != MIGRATEPAGE_SUCCESS)
 		goto unlock_buffers;
+	if (repoint_first)
+		folio_attach_private(dst, folio_detach_private(src));
+	OPTIMIZER_HIDE_VAR(repoint_first);
 	...>
 }

// at unlock_buffers, where moves that failed come by as well
@@
@@
 __buffer_migrate_folio(...)
 {
 	<...
+	if (repoint_first && !rc)
+		folio_migrate_copy(dst, src);
 	migtrace_window_close(...);
 	...>
 }
