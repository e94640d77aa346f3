// SPDX-License-Identifier: GPL-2.0
//
// Code where other compilers put it, in fs/buffer.c and mm/migrate.c of 6.12: __find_get_block_slow a
// function of its own, as in Ubuntu's kernels from 5.11 to 6.8, and __buffer_migrate_folio in its
// .part.0 only, as in those before 6.1.  gcc 12 splits the function no more once counters are in it,
// so the symbol is given: as of one that was split, nothing of it is in BTF.

@@
declarer name MIGTRACE_OUT_OF_LINE;
@@
+MIGTRACE_OUT_OF_LINE();
+
 __find_get_block_slow(...)
 {
 	...
 }

@@
declarer name MIGTRACE_PART_ONLY;
@@
+MIGTRACE_PART_ONLY();
+
 __buffer_migrate_folio(...)
 {
 	...
 }
