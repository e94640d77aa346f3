// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* See kernel.h. */
#include "kernel.h"

#include <errno.h>
#include <string.h>

#define MOVES 8

const struct kernel *kernel;
const struct probes *probes;
bool steps_are_off;

static struct move moves[MOVES];
static int moves_n;
static __u64 now;

/* Programs on trampolines can be preempted, kprobes' can't. */
/* clang-format off */
#define HOOK(on, call)                                                                             \
	do {                                                                                       \
		if (!(on))                                                                         \
			break;                                                                     \
		step();                                                                            \
		if (++current->hooks != current->skip)                                             \
			call;                                                                      \
	} while (0)
/* A trampoline's: left out where it is preempted on this CPU. */
#define TRAMPOLINE(on, call)                                                                       \
	do {                                                                                       \
		int cpu_ = current->cpu;                                                           \
                                                                                                   \
		if (!(on))                                                                         \
			break;                                                                     \
		step();                                                                            \
		if (++current->hooks == current->skip)                                             \
			break;                                                                     \
		if (at_exit[cpu_]) {                                                               \
			exits_doubted++;                                                          \
			break;                                                                     \
		}                                                                                  \
		at_exit[cpu_] = true;                                                              \
		call;                                                                              \
		at_exit[cpu_] = false;                                                             \
	} while (0)
#define KPROBE(on, call) do { current->atomic++; HOOK(on, call); current->atomic--; } while (0)
/* clang-format on */

__u64 fake_clock(void)
{
	return now += 10;
}

void fake_pass(__u64 ns)
{
	now += ns;
}

int fake_cpu(void)
{
	return current ? current->cpu : 0;
}

/* task_structs lie apart; an interrupt runs in the one of its CPU's task */
__u64 fake_task(void)
{
	const struct actor *a = current;

	if (a && a->interrupt)
		a = explore_task(a->cpu);
	return a ? (__u64)a & ~63ULL : 64;
}

static void spin_lock(__u64 *lock)
{
	take(lock);
	current->atomic++;
}

static void spin_unlock(__u64 *lock)
{
	*lock = 0;
	current->atomic--;
}

void device_init(struct device *d)
{
	memset(d, 0, sizeof(*d));
	d->bdev.bd_dev = 1;
	d->bdev.mapping = &d->mapping;
	for (int i = 0; i < 2; i++) {
		d->folio[i].index = 8;
		d->folio[i].pages = kernel->large ? kernel->buffers : 1;
		d->folio[i].mapping = &d->mapping;
	}
	d->mapping.cached = &d->folio[0];
	d->folio[0].private = d->bh;
	for (int i = 0; i < kernel->buffers; i++)
		d->bh[i] = (struct buffer_head){
			.b_blocknr = 8 + i,
			.b_size = 4096,
			.b_this_page = &d->bh[(i + 1) % kernel->buffers],
			.b_folio = &d->folio[0],
			.b_bdev = &d->bdev,
		};
}

int exits_doubted;
static bool at_exit[CPUS];

void kernel_forget(void)
{
	moves_n = 0;
	now = 10000000;
	steps_are_off = probes->set.steps_off;
	exits_doubted = 0;
	memset(at_exit, 0, sizeof(at_exit));
}

static struct move *move_new(void)
{
	if (moves_n == MOVES)
		abort();
	moves[moves_n] = (struct move){ .phase = LATE };
	return &moves[moves_n++];
}

struct work {
	struct migration_arg *arg;
	struct folio *src, *dst;
	struct buffer_head *head;
	struct move *move;
	__u64 inside; /* when the first step under the lock began */
	bool locked;
};

static bool is_busy(const struct work *w)
{
	const struct buffer_head *bh = w->head;

	do {
		if (bh->b_count)
			return true;
		bh = bh->b_this_page;
	} while (bh != w->head);
	return false;
}

/* The check passed, still under the lock. */
static void open_window(struct work *w)
{
	w->move = move_new();
	w->head->move = w->move;
}

static bool sections(void)
{
	return probes->set.sections;
}

static void section_ends(struct work *w)
{
	KPROBE(sections(), norefs_release());
	w->arg->dev->mapping.left++;
	spin_unlock(&w->arg->dev->mapping.owner);
	w->locked = false;
}

/* Twice at most: in between the CPUs' own references are dropped. */
static int check(struct work *w)
{
	for (int again = 0;; again = 1) {
		bool busy;

		KPROBE(sections() && probes->set.wait, norefs_call());
		spin_lock(&w->arg->dev->mapping.owner);
		w->locked = true;
		KPROBE(sections(), norefs_acquire(again));
		busy = is_busy(w);
		if (!busy)
			open_window(w);
		if (!kernel->held)
			section_ends(w);
		if (!busy)
			return 0;
		if (again)
			return -EAGAIN; /* a held one's section ends with the function */
		if (kernel->held)
			section_ends(w);
		step();
	}
}

static void inside(struct work *w)
{
	if (!w->inside) {
		HOOK(probes->bracket, bracket_begin());
		w->inside = now;
	}
	fake_pass(100);
}

/* Where lock or flag keeps all out the move is over with its last instruction; a flag that is ignored does not. */
static void last_step_done(struct work *w)
{
	if (w->move && (kernel->held || (kernel->flag && !kernel->ignores)))
		w->move->phase = GREY;
}

static int copy(struct work *w)
{
	inside(w);
	HOOK(!probes->no_copy && !steps_are_off, norefs_copy());
	step();
	return w->arg->aborts > 0 && w->arg->abort == ABORT_COPY ? -EHWPOISON : 0;
}

static int switch_mapping(struct work *w)
{
	inside(w);
	HOOK(!probes->no_switch && !steps_are_off, norefs_switch(&w->arg->dev->mapping));
	step();
	if (w->src->refs || (w->arg->aborts > 0 && w->arg->abort == ABORT_SWITCH))
		return -EAGAIN;
	w->arg->dev->mapping.cached = w->dst;
	step();
	w->dst->private = w->head;
	w->src->private = NULL;
	return 0;
}

static void set_bhs(struct work *w, bool last)
{
	for (int i = 0; i < kernel->buffers; i++) {
		struct buffer_head *bh = &w->head[i];

		step();
		bh->b_folio = w->dst;
		if (last && i == kernel->buffers - 1)
			last_step_done(w);
		HOOK(kernel->order != BUFFERS_COPY_FLAGS && probes->set.ends & END_SET_BH &&
			     !steps_are_off,
		     norefs_set_bh(bh));
	}
}

static void flags(struct work *w, bool last)
{
	step();
	if (last)
		last_step_done(w);
	HOOK(probes->set.ends & END_FLAGS && !steps_are_off, norefs_flags_end(w->dst));
}

static int move(struct work *w)
{
	int ret = 0;

	if (kernel->order == COPY_FLAGS_SET_BH) {
		ret = copy(w) ?: switch_mapping(w);
		if (ret)
			return ret;
		flags(w, false);
		set_bhs(w, true);
		return 0;
	}
	ret = switch_mapping(w);
	if (ret)
		return ret;
	set_bhs(w, false);
	copy(w);
	flags(w, true);
	return 0;
}

static void window_over(struct work *w, int ret)
{
	if (!w->move)
		return;
	w->move->moved = !ret;
	w->move->phase = kernel->held || kernel->flag ? INNOCENT : GREY;
	w->arg->windows += !ret;
}

static void unlock_buffers(struct work *w)
{
	for (int i = 0; i < kernel->buffers; i++) {
		w->head[i].locked = false;
		if (!i && w->inside)
			w->arg->held_ns += now - w->inside;
		HOOK(probes->bracket, bracket_unlock(&w->head[i]));
		KPROBE(kernel->flag && !w->arg->unchecked, norefs_unlock());
	}
}

static void migrate_once(struct migration_arg *arg)
{
	struct work w = { .arg = arg, .src = arg->dev->mapping.cached };
	int ret;

	w.dst = w.src == &arg->dev->folio[0] ? &arg->dev->folio[1] : &arg->dev->folio[0];
	take(&w.src->lock);
	take(&w.dst->lock);
	w.head = w.src->private;
	arg->dev->begun++;
	arg->dev->moving++;
	HOOK(true, norefs_enter(&arg->dev->mapping, w.dst, w.src, !arg->unchecked));
	ret = w.src->refs ? -EAGAIN : 0;
	if (ret)
		goto out;
	for (int i = 0; i < kernel->buffers; i++)
		w.head[i].locked = true;
	w.head->flag = kernel->flag && !arg->unchecked;
	if (!arg->unchecked)
		ret = check(&w);
	if (!ret)
		ret = move(&w);
	window_over(&w, ret);
	if (w.locked)
		section_ends(&w);
	w.head->flag = false;
	unlock_buffers(&w);
out:
	HOOK(true, norefs_exit(w.src, ret));
	if (w.move)
		w.move->phase = INNOCENT;
	w.head->move = NULL;
	arg->dev->moving--;
	arg->moved += !ret;
	arg->aborts--;
	w.src->lock = 0;
	w.dst->lock = 0;
}

void migrate(struct actor *a, void *arg)
{
	for (int i = ((struct migration_arg *)arg)->times; i; i--)
		migrate_once(arg);
}

/* @arg's block in @folio, with a reference. */
static struct buffer_head *find(struct lookup_arg *arg, struct folio *folio, int nr)
{
	struct buffer_head *head = folio->private;
	struct move *m;

	step();
	if (!head)
		return NULL;
	if (head->flag && !kernel->ignores) {
		if (head->move && head->move->phase == LATE) {
			arg->truth[nr] = REFUSED;
			arg->move[nr] = head->move;
		}
		return NULL;
	}
	head[arg->block].b_count++;
	m = head->move;
	arg->truth[nr] = m ? m->phase : INNOCENT;
	arg->move[nr] = m;
	return &head[arg->block];
}

static struct buffer_head *find_atomic(struct lookup_arg *arg, struct folio *folio, int nr)
{
	struct address_space *mapping = &arg->dev->mapping;
	struct buffer_head *bh;
	__u64 left;

	KPROBE(probes->set.pair, lookup_call(mapping));
	left = mapping->left;
	spin_lock(&mapping->owner);
	arg->behind += mapping->left != left;
	KPROBE(probes->set.pair, lookup_acquire());
	bh = find(arg, folio, nr);
	KPROBE(probes->set.pair, lookup_release(mapping));
	exits_doubted += at_exit[current->cpu];
	spin_unlock(&mapping->owner);
	return bh;
}

static struct buffer_head *find_sleeping(struct lookup_arg *arg, struct folio *folio, int nr)
{
	struct buffer_head *bh;

	if (folio->lock) {
		KPROBE(probes->set.pair, lookup_wait(folio));
		take(&folio->lock);
		KPROBE(probes->set.pair, lookup_waited());
	} else {
		folio->lock = 1;
	}
	bh = find(arg, folio, nr);
	KPROBE(probes->set.pair, lookup_folio(folio));
	folio->lock = 0;
	return bh;
}

static struct buffer_head elsewhere_bh;
static struct folio elsewhere = { .private = &elsewhere_bh, .index = 99, .pages = 1 };
static struct buffer_head elsewhere_bh = {
	.b_count = 1,
	.b_blocknr = 8 * 99,
	.b_size = 4096,
	.b_this_page = &elsewhere_bh,
	.b_folio = &elsewhere,
};

/* A lookup that needs no lock, since the CPU's own list has the buffer: of this page, unless it is moving. */
static void hit(struct lookup_arg *arg)
{
	struct buffer_head *head = arg->dev->mapping.cached->private, *bh;

	bh = head && !head->move && !head->flag ? &head[arg->block] : &elsewhere_bh;
	TRAMPOLINE(probes->set.pair, lookup_exit(&arg->dev->bdev, bh->b_blocknr, bh));
}

static void look_up_once(struct lookup_arg *arg, int nr)
{
	struct folio *folio;
	struct buffer_head *bh;
	bool met;
	int begun;

	step();
	if (arg->only_hits) {
		hit(arg);
		return;
	}
	folio = arg->dev->mapping.cached;
	folio->refs++;
	met = arg->dev->moving;
	begun = arg->dev->begun;
	bh = arg->sleeps ? find_sleeping(arg, folio, nr) : find_atomic(arg, folio, nr);
	arg->met += met || begun != arg->dev->begun;
	folio->refs--;
	current->cpu = arg->exit_cpu;
	TRAMPOLINE(probes->set.pair, lookup_exit(&arg->dev->bdev, 8 + arg->block, bh));
	step();
	if (bh)
		bh->b_count--;
	if (arg->hits)
		hit(arg);
}

void look_up(struct actor *a, void *arg)
{
	int cpu = a->cpu;

	for (int i = 0; i < ((struct lookup_arg *)arg)->times; i++) {
		a->cpu = cpu;
		look_up_once(arg, i);
	}
}

void interrupt(struct actor *a, void *device)
{
	static struct folio other;
	struct device *d = device;
	struct buffer_head bh = { .b_folio = &other, .b_this_page = &bh };

	HOOK(probes->bracket, bracket_unlock(&bh));
	if (d->referenced)
		d->bh[0].b_count--;
}

void trim(struct actor *a, void *unused)
{
	step();
	programs_steps_off();
	step();
	steps_are_off = true;
}
