// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of migtrace_truth.h as /sys/kernel/debug/migtrace_truth: `name value` lines, the
 * switches first.  Writing 0 resets the counters.  Beside it the switches, a file each.
 * Copied to mm/ of the kernel.
 */
#include <linux/debugfs.h>
#include <linux/hash.h>
#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/migtrace_truth.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>
#include <linux/stop_machine.h>

DEFINE_PER_CPU(struct migtrace_counts, migtrace_counts);

#define SWITCH(name) u32 name; core_param(name, name, uint, 0)
SWITCH(migtrace_racy);
SWITCH(migtrace_repoint_first);
SWITCH(migtrace_aio_racy);
SWITCH(migtrace_aio_unlocked);
SWITCH(migtrace_delay_ns);
SWITCH(migtrace_pause_ns);
#undef SWITCH

static const struct {
	const char *name;
	u32 *value;
} migtrace_switches[] = {
	{ "migtrace_racy", &migtrace_racy },
	{ "migtrace_repoint_first", &migtrace_repoint_first },
	{ "migtrace_aio_racy", &migtrace_aio_racy },
	{ "migtrace_aio_unlocked", &migtrace_aio_unlocked },
	{ "migtrace_delay_ns", &migtrace_delay_ns },
	{ "migtrace_pause_ns", &migtrace_pause_ns },
};

/* a lookup this soon after a window's end counts as "behind" it */
#define MIGTRACE_NEAR_NS	NSEC_PER_MSEC

#define MIGTRACE_ENDS_BITS	12

/*
 * When a page's last window ended, by head buffer.  A collision forgets the older page, which
 * makes lookups_behind_* smaller than the truth, never larger.
 */
static struct {
	struct buffer_head *head;
	u64 ns;
} migtrace_ends[1 << MIGTRACE_ENDS_BITS];

void migtrace_window_ended(struct buffer_head *head)
{
	u32 i = hash_ptr(head, MIGTRACE_ENDS_BITS);

	/* no reader may pair this page with the time of the page it replaces */
	WRITE_ONCE(migtrace_ends[i].head, NULL);
	smp_wmb();
	WRITE_ONCE(migtrace_ends[i].ns, sched_clock());
	smp_store_release(&migtrace_ends[i].head, head);
}

bool migtrace_window_is_near(struct buffer_head *head, u64 now)
{
	u32 i = hash_ptr(head, MIGTRACE_ENDS_BITS);

	return smp_load_acquire(&migtrace_ends[i].head) == head &&
	       (s64)(now - READ_ONCE(migtrace_ends[i].ns)) <= (s64)MIGTRACE_NEAR_NS;
}

/*
 * Of an overlap, whichever section ends first sees the other one under way, and counts it: once
 * a pair.  One lock orders what begins and ends on several CPUs; aio_complete() comes in
 * interrupts too.
 */
static DEFINE_RAW_SPINLOCK(migtrace_aio_lock);

/* the ring's header, in its first page, is what every section reads and writes */
static bool migtrace_read_touches(const struct migtrace_ring *ring)
{
	unsigned long page = ring->copy_page;

	if (!page)
		return true;
	if (!ring->read_any)
		return false;
	if (ring->read_wraps)
		return page >= ring->read_first || page <= ring->read_last;
	return page >= ring->read_first && page <= ring->read_last;
}

static bool migtrace_completion_touches(const struct migtrace_ring *ring)
{
	return !ring->copy_page || ring->copy_page == ring->completion_page;
}

static void migtrace_overlap_read(const struct migtrace_ring *ring)
{
	if (ring->copying && ring->reading && migtrace_read_touches(ring))
		migtrace_count(aio_overlaps_read);
}

static void migtrace_overlap_completion(const struct migtrace_ring *ring)
{
	if (ring->copying && ring->completing && migtrace_completion_touches(ring))
		migtrace_count(aio_overlaps_completion);
}

void migtrace_copy_begin(struct migtrace_ring *ring, unsigned long page)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&migtrace_aio_lock, flags);
	WARN_ON_ONCE(ring->copying);
	ring->copying = true;
	ring->copy_page = page;
	raw_spin_unlock_irqrestore(&migtrace_aio_lock, flags);
}

void migtrace_copy_end(struct migtrace_ring *ring)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&migtrace_aio_lock, flags);
	migtrace_count(aio_copies);
	migtrace_overlap_read(ring);
	migtrace_overlap_completion(ring);
	ring->copying = false;
	raw_spin_unlock_irqrestore(&migtrace_aio_lock, flags);
}

/*
 * The lock is kept until the ring's header was read: no copy can end while it is not known yet
 * which pages the read is going to touch.
 */
void migtrace_read_begin(struct migtrace_ring *ring)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&migtrace_aio_lock, flags);
	WARN_ON_ONCE(ring->reading);
	ring->reading = true;
	ring->flags = flags;
}

void __migtrace_read_pages(struct migtrace_ring *ring, bool any, bool wraps, unsigned long first,
			   unsigned long last)
{
	ring->read_any = any;
	ring->read_wraps = wraps;
	ring->read_first = first;
	ring->read_last = last;
	raw_spin_unlock_irqrestore(&migtrace_aio_lock, ring->flags);
}

void migtrace_read_end(struct migtrace_ring *ring)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&migtrace_aio_lock, flags);
	migtrace_count(aio_reads);
	migtrace_overlap_read(ring);
	ring->reading = false;
	raw_spin_unlock_irqrestore(&migtrace_aio_lock, flags);
}

void __migtrace_completion_begin(struct migtrace_ring *ring, unsigned long page)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&migtrace_aio_lock, flags);
	WARN_ON_ONCE(ring->completing);
	ring->completing = true;
	ring->completion_page = page;
	raw_spin_unlock_irqrestore(&migtrace_aio_lock, flags);
}

void migtrace_completion_end(struct migtrace_ring *ring)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&migtrace_aio_lock, flags);
	migtrace_count(aio_completions);
	migtrace_overlap_completion(ring);
	ring->completing = false;
	raw_spin_unlock_irqrestore(&migtrace_aio_lock, flags);
}

#define MIGTRACE_NR_COUNTS	(sizeof(struct migtrace_counts) / sizeof(u64))

/*
 * Runs with every CPU stopped, none of them with preemption off: no section is half counted.
 * The one thing that can be under way is a window of a preempted migration that does not hold
 * the lock; `open` says so, and a reset carries it over.
 */
static int migtrace_sum(void *data)
{
	struct migtrace_counts *sum = data;
	int cpu, site;
	size_t i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		struct migtrace_counts *c = per_cpu_ptr(&migtrace_counts, cpu);
		u64 max[MIGTRACE_NR_SITES];

		for (site = 0; site < MIGTRACE_NR_SITES; site++)
			max[site] = max(sum->held[site].hold_max_ns, c->held[site].hold_max_ns);
		for (i = 0; i < MIGTRACE_NR_COUNTS; i++)
			((u64 *)sum)[i] += ((u64 *)c)[i];
		for (site = 0; site < MIGTRACE_NR_SITES; site++)
			sum->held[site].hold_max_ns = max[site];
	}
	return 0;
}

static u64 migtrace_open(const struct migtrace_counts *sum)
{
	return sum->windows - sum->windows_closed - sum->aborted;
}

static int migtrace_reset(void *unused)
{
	struct migtrace_counts sum;
	int cpu;

	migtrace_sum(&sum);
	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(&migtrace_counts, cpu), 0, sizeof(sum));
	this_cpu_add(migtrace_counts.windows, migtrace_open(&sum));
	return 0;
}

static void migtrace_show_reasons(struct seq_file *m, const struct migtrace_reasons *r,
				  const char *path)
{
	static const char *const names[MIGTRACE_NR_REASONS] = {
		[MIGTRACE_NO_BUFFERS]	= "no_buffers",
		[MIGTRACE_EARLY_REFS]	= "early_refs",
		[MIGTRACE_LOCKED]	= "locked",
		[MIGTRACE_BUSY]		= "busy",
		[MIGTRACE_JOURNAL]	= "journal",
		[MIGTRACE_REFS]		= "refs",
		[MIGTRACE_OK]		= "ok",
		[MIGTRACE_OTHER]	= "other",
	};
	int i;

	seq_printf(m, "%s_calls %llu\n", path, r->calls);
	for (i = 0; i < MIGTRACE_NR_REASONS; i++)
		seq_printf(m, "%s_%s %llu\n", path, names[i], r->ended[i]);
}

static int migtrace_truth_show(struct seq_file *m, void *unused)
{
	static const char *const site_names[] = { "migrate", "lookup" };
	struct migtrace_counts sum;
	int i, site;

	for (i = 0; i < ARRAY_SIZE(migtrace_switches); i++)
		seq_printf(m, "%s %u\n", migtrace_switches[i].name,
			   READ_ONCE(*migtrace_switches[i].value));
	stop_machine(migtrace_sum, &sum, NULL);

#define SHOW(name) seq_printf(m, #name " %llu\n", sum.name)
	SHOW(windows);
	SHOW(windows_closed);
	SHOW(aborted);
	seq_printf(m, "open %llu\n", migtrace_open(&sum));
	SHOW(late_refs);
	SHOW(late_windows);
	SHOW(late_refs_aborted);
	SHOW(delays);
	SHOW(delays_ns);
	SHOW(busy_ends);
	SHOW(busy_ends_aborted);
	SHOW(lookup_found);
	SHOW(lookup_slow_null);
	SHOW(lookups_behind_spin);
	SHOW(lookups_behind_folio);
	for (site = 0; site < MIGTRACE_NR_SITES; site++) {
		const struct migtrace_held *h = &sum.held[site];
		const char *name = site_names[site];

		seq_printf(m, "%s_holds %llu\n", name, h->holds);
		seq_printf(m, "%s_hold_ns %llu\n", name, h->hold_ns);
		seq_printf(m, "%s_hold_max_ns %llu\n", name, h->hold_max_ns);
		seq_printf(m, "%s_wait_ns %llu\n", name, h->wait_ns);
	}
	migtrace_show_reasons(m, &sum.reasons[true], "norefs");
	migtrace_show_reasons(m, &sum.reasons[false], "buffers");
	SHOW(aio_calls);
	SHOW(aio_ok);
	SHOW(aio_ring_lock_busy);
	SHOW(aio_ctx_gone);
	SHOW(aio_slot_changed);
	SHOW(aio_refs);
	SHOW(aio_other);
	SHOW(aio_copies);
	SHOW(aio_reads);
	SHOW(aio_completions);
	SHOW(aio_overlaps_read);
	SHOW(aio_overlaps_completion);
	SHOW(iso_dereferenced);
	SHOW(iso_gone);
	SHOW(iso_anon);
	SHOW(iso_exiting);
	SHOW(iso_freed);
	SHOW(iso_gone_at_move);
	SHOW(iso_orphans);
#undef SHOW
	return 0;
}

static int migtrace_truth_open(struct inode *inode, struct file *file)
{
	return single_open(file, migtrace_truth_show, NULL);
}

static ssize_t migtrace_truth_write(struct file *file, const char __user *buf, size_t len,
				    loff_t *pos)
{
	int value;
	int err = kstrtoint_from_user(buf, len, 10, &value);

	if (err)
		return err;
	if (value != 0)
		return -EINVAL;
	stop_machine(migtrace_reset, NULL, NULL);
	return len;
}

static const struct file_operations migtrace_truth_fops = {
	.open		= migtrace_truth_open,
	.read		= seq_read,
	.write		= migtrace_truth_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int __init migtrace_truth_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(migtrace_switches); i++)
		debugfs_create_u32(migtrace_switches[i].name, 0644, NULL,
				   migtrace_switches[i].value);
	debugfs_create_file("migtrace_truth", 0644, NULL, NULL, &migtrace_truth_fops);
	return 0;
}
late_initcall(migtrace_truth_init);
