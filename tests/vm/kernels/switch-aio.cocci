// SPDX-License-Identifier: GPL-2.0
//
// Takes away what keeps the migration of an aio ring page apart from the ring's readers (ring_lock)
// while /sys/kernel/debug/migtrace_aio_racy is 1, and from completions (completion_lock) while
// migtrace_aio_unlocked is, in fs/aio.c of 6.1, 6.12 and 7.2.  Applied after aio.cocci.
//
// Instead of ring_lock a mutex is tried that nobody else takes: the call stays where it was, for the
// tool under test.
//
// What a reader or a completion writes during the copy would be lost: after a dozen lost tails or
// some fifty lost heads the load waits forever or has no free slot, and there is nothing more to
// count.  So the page is copied again, quickly and with completion_lock, and a head that was
// written meanwhile is carried over.  That, and its lock, is in a function of its own, where the
// tool does not see it.
//
// The switches are read once a migration, and hidden from the compiler as in switch-racy.cocci.

@@
identifier ctx;
@@
 aio_migrate_folio(...)
 {
 	<...
-	if (!mutex_trylock(&ctx->ring_lock)) {
+	if (!mutex_trylock(migtrace_ring_lock(ctx, racy))) {
 		...
 	}
 	...>
 }

@@
identifier ctx;
@@
 aio_migrate_folio(...)
 {
 	<...
-	mutex_unlock(&ctx->ring_lock);
+	mutex_unlock(migtrace_ring_lock(ctx, racy));
 	...>
 }

@@
identifier ctx;
@@
 ioctx_alloc(...)
 {
 	<...
 	mutex_init(&ctx->ring_lock);
+	mutex_init(&ctx->migtrace.nobodys);
 	...>
 }

@@
identifier ctx, flags;
@@
 aio_migrate_folio(...)
 {
+	bool unlocked = READ_ONCE(migtrace_aio_unlocked), racy = READ_ONCE(migtrace_aio_racy);
 	...
-	unsigned long flags;
+	unsigned long flags = 0;
 	<...
+	if (!unlocked)
 		spin_lock_irqsave(&ctx->completion_lock, flags);
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
+	OPTIMIZER_HIDE_VAR(racy);
 	...>
 }

@@
identifier ctx, pages = { ring_pages, ring_folios };
expression value;
attribute name noinline;
@@
+static noinline void migtrace_switch_page(struct kioctx *ctx, void **slot, void *page,
+					  struct folio *dst, struct folio *src, bool lock)
+{
+	struct aio_ring *old = folio_address(src), *new = folio_address(dst);
+	unsigned long flags = 0;
+	unsigned int head;
+
+	if (lock)
+		spin_lock_irqsave(&ctx->completion_lock, flags);
+	copy_highpage(&dst->page, &src->page);
+	head = READ_ONCE(new->head);
+	smp_store_mb(*slot, page);
+	/* only the first page has a header */
+	if (!dst->index && READ_ONCE(old->head) != head)
+		WRITE_ONCE(new->head, READ_ONCE(old->head));
+	if (lock)
+		spin_unlock_irqrestore(&ctx->completion_lock, flags);
+}
+
 aio_migrate_folio(...)
 {
 	<...
-	ctx->pages[idx] = value;
+	if (racy || unlocked)
+		migtrace_switch_page(ctx, (void **)&ctx->pages[idx], value, dst, src, unlocked);
+	else
+		ctx->pages[idx] = value;
+	OPTIMIZER_HIDE_VAR(unlocked);
 	...>
 }
