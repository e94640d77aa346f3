// SPDX-License-Identifier: GPL-2.0
//
// Takes away what keeps the migration of an aio ring page apart from the ring's readers
// (ring_lock) and, while /sys/kernel/debug/migtrace_aio_unlocked is 1, from completions
// (completion_lock), in fs/aio.c of 6.1.  Applied after aio.cocci.

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
@@
 aio_setup(...)
 {
 	<...
+	debugfs_create_u32("migtrace_aio_unlocked", 0644, NULL, &migtrace_aio_unlocked);
 	return 0;
 	...>
 }
