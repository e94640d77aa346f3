// SPDX-License-Identifier: GPL-2.0
//
// Calls of include/linux/migtrace_truth.h in fs/aio.c of 6.1, 6.12 and 7.2: how each migration of a ring
// page ends, and the sections that can overlap.

@@
@@
 #include <linux/mount.h>
+#include <linux/migtrace_truth.h>

@@
@@
 struct kioctx {
 	...
 	unsigned id;
+	struct migtrace_ring migtrace;
 };

// --- migration: its results

// 6.1 only
@@
@@
 aio_migrate_folio(...)
 {
 	<...
-	if (mode == MIGRATE_SYNC_NO_COPY)
+	if (mode == MIGRATE_SYNC_NO_COPY) {
+		migtrace_count(aio_calls);
+		migtrace_count(aio_other);
 		return -EINVAL;
+	}
 	...>
 }

@@
expression lock;
@@
 aio_migrate_folio(...)
 {
 	<...
+	migtrace_count(aio_calls);
 	spin_lock(lock);
 	...>
 }

@@
identifier ctx;
@@
 aio_migrate_folio(...)
 {
 	<...
 	if (!ctx) {
+		migtrace_count(aio_ctx_gone);
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
 	if (!mutex_trylock(&ctx->ring_lock)) {
+		migtrace_count(aio_ring_lock_busy);
 		...
 	}
 	...>
 }

@@
expression changed, pages;
@@
 aio_migrate_folio(...)
 {
 	<...
 	if (idx < pages) {
-		if (changed)
+		if (changed) {
+			migtrace_count(aio_slot_changed);
 			rc = -EAGAIN;
+		}
-	} else
+	} else {
+		migtrace_count(aio_other);
 		rc = -EINVAL;
+	}
 	...>
 }

@@
expression failed;
@@
 aio_migrate_folio(...)
 {
 	<...
 	if (failed) {
+		migtrace_count(aio_refs);
 		folio_put(dst);
 		...
 	}
 	...>
 }

@@
@@
 aio_migrate_folio(...)
 {
 	<...
+	migtrace_count(aio_ok);
 	folio_put(src);
 	...>
 }

// --- migration: the copy

@@
identifier copy = { folio_migrate_copy, folio_copy };
@@
 aio_migrate_folio(...)
 {
 	<...
+	migtrace_copy_begin(&ctx->migtrace, idx);
 	copy(dst, src);
+	migtrace_copy_end(&ctx->migtrace);
 	...>
 }

// --- completion

@@
identifier ctx;
@@
 aio_complete(...)
 {
 	<...
 	spin_lock_irqsave(&ctx->completion_lock, ...);
+	migtrace_completion_begin(ctx);
 	...>
 }

@@
identifier ctx;
@@
 aio_complete(...)
 {
 	<...
+	migtrace_completion_end(&ctx->migtrace);
 	spin_unlock_irqrestore(&ctx->completion_lock, ...);
 	...>
 }

// --- read: its pages are known as soon as it has read the header

@@
identifier ctx;
@@
 aio_read_events_ring(...)
 {
 	<...
 	mutex_lock(&ctx->ring_lock);
+	migtrace_read_begin(&ctx->migtrace);
 	...>
 }

@@
identifier ctx, nr;
@@
 aio_read_events_ring(struct kioctx *ctx, ..., long nr)
 {
 	<...
 	smp_rmb();
+	migtrace_read_pages(ctx, head, tail, nr);
 	...>
 }

@@
identifier ctx;
@@
 aio_read_events_ring(...)
 {
 	<...
+	migtrace_read_end(&ctx->migtrace);
 	mutex_unlock(&ctx->ring_lock);
 	...>
 }
