// SPDX-License-Identifier: GPL-2.0
//
// Why each __buffer_migrate_folio() ended as it did, of 6.1, 6.12 and 7.2.  Applied after truth.cocci,
// whose include it uses, and before switch-*.cocci.

@@
@@
 __buffer_migrate_folio(...)
 {
+	enum migtrace_reason why = MIGTRACE_OTHER;
 	...
+	migtrace_called(check_refs);
 	head = folio_buffers(src);
-	if (!head)
+	if (!head) {
+		migtrace_ended(check_refs, MIGTRACE_NO_BUFFERS);
 		return migrate_folio(mapping, dst, src, mode);
+	}
 	...
 }

@@
@@
 __buffer_migrate_folio(...)
 {
 	<...
-	if (folio_ref_count(src) != expected_count)
+	if (folio_ref_count(src) != expected_count) {
+		migtrace_ended(check_refs, MIGTRACE_EARLY_REFS);
 		return -EAGAIN;
+	}
 	...>
 }

@@
@@
 __buffer_migrate_folio(...)
 {
 	<...
-	if (!buffer_migrate_lock_buffers(head, mode))
+	if (!buffer_migrate_lock_buffers(head, mode)) {
+		migtrace_ended(check_refs, MIGTRACE_LOCKED);
 		return -EAGAIN;
+	}
 	...>
 }

// bh is the buffer that the search for a reference stopped at
@@
identifier busy, invalidated;
@@
 __buffer_migrate_folio(...)
 {
 	<...
 	if (busy) {
 		if (invalidated) {
+			why = migtrace_busy(bh);
 			...
 		}
 		...
 	}
 	...>
 }

@@
expression failed;
@@
 __buffer_migrate_folio(...)
 {
 	<...
(
 	rc = folio_migrate_mapping(...);
|
 	rc = filemap_migrate_folio(...);
)
+	why = migtrace_moved(rc);
 	if (failed)
 		goto unlock_buffers;
 	...>
 }

@@
@@
 __buffer_migrate_folio(...)
 {
 	<...
+	migtrace_ended(check_refs, why);
 	return rc;
 	...>
 }
