// SPDX-License-Identifier: GPL-2.0
//
// While /sys/kernel/debug/migtrace_racy is 1, the lookups of 6.15 and later that hold i_private_lock
// instead of the folio's lock ignore BH_Migrate: what keeps them out of a migration, which holds
// neither then.  In fs/buffer.c of 7.2.

@@
@@
 __find_get_block_slow(...)
 {
 	<...
-	if (test_bit_acquire(BH_Migrate, &head->b_state)) {
+	if (test_bit_acquire(BH_Migrate, &head->b_state) && !READ_ONCE(migtrace_racy)) {
 		...
 	}
 	...>
 }
