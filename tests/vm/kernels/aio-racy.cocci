// SPDX-License-Identifier: GPL-2.0
//
// Takes away what keeps the migration of an aio ring page apart from the ring's readers
// (ring_lock) and, while /sys/kernel/debug/migtrace_aio_unlocked is 1, from completions
// (completion_lock), in fs/aio.c of 6.1.  Applied after aio.cocci.
//
// What a reader or a completion writes during the copy would be lost: after a dozen lost tails or
// some fifty lost heads the load waits forever or has no free slot, and there is nothing more to
// count.  So the page is copied again, quickly and with completion_lock, and a head that was
// written meanwhile is carried over.  That, and its lock, is in a function of its own, where the
// tool under test does not see it.

@@
@@
+#include <linux/debugfs.h>
 #include <linux/migtrace_truth.h>
+
+static u32 migtrace_aio_unlocked;

@@
identifier ctx;
@@
 aio_migrate_folio(...)
 {
 	<...
-	if (!mutex_trylock(&ctx->ring_lock)) {
-		...
-	}
 	...>
 }

@@
identifier ctx;
@@
 aio_migrate_folio(...)
 {
 	<...
-	mutex_unlock(&ctx->ring_lock);
 	...>
 }

@@
identifier ctx, flags;
@@
 aio_migrate_folio(...)
 {
+	bool unlocked = READ_ONCE(migtrace_aio_unlocked);
 	...
-	unsigned long flags;
+	unsigned long flags = 0;
 	<...
+	if (!unlocked)
 		spin_lock_irqsave(&ctx->completion_lock, flags);
+	/* or the compiler makes two ways of it, each with its own call of the copy */
+	OPTIMIZER_HIDE_VAR(unlocked);
 	...>
 }

@@
identifier ctx, flags;
@@
 aio_migrate_folio(...)
 {
 	<...
+	if (!unlocked)
 		spin_unlock_irqrestore(&ctx->completion_lock, flags);
 	...>
 }

@@
attribute name noinline;
@@
+static noinline void migtrace_switch_page(struct kioctx *ctx, pgoff_t idx, struct folio *dst,
+					  struct folio *src, bool lock)
+{
+	struct aio_ring *old = folio_address(src), *new = folio_address(dst);
+	unsigned long flags = 0;
+	unsigned int head;
+
+	if (lock)
+		spin_lock_irqsave(&ctx->completion_lock, flags);
+	copy_highpage(&dst->page, &src->page);
+	head = READ_ONCE(new->head);
+	smp_store_mb(ctx->ring_pages[idx], &dst->page);
+	/* only the first page has a header */
+	if (!idx && READ_ONCE(old->head) != head)
+		WRITE_ONCE(new->head, READ_ONCE(old->head));
+	if (lock)
+		spin_unlock_irqrestore(&ctx->completion_lock, flags);
+}
+
 aio_migrate_folio(...)
 {
 	<...
-	ctx->ring_pages[idx] = &dst->page;
+	migtrace_switch_page(ctx, idx, dst, src, unlocked);
 	...>
 }

@@
@@
 aio_setup(...)
 {
 	<...
+	debugfs_create_u32("migtrace_aio_unlocked", 0644, NULL, &migtrace_aio_unlocked);
 	return 0;
 	...>
 }
