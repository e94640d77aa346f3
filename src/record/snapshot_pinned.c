// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Blocks whose references stopped migrations (bpf/pinned.bpf.h), and what they are. Stage 3. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/log.h"
#include "kernel/system_info.h"
#include "migtrace.skel.h"
#include "record/layout.h"
#include "record/snapshot.h"

struct found {
	struct pinned_key key;
	struct pinned value;
};

static int read_all(struct tracer *t, struct found **found, size_t *n)
{
	int fd = bpf_map__fd(tracer__skeleton(t)->maps.pinned_blocks);
	struct pinned_key key, *prev = NULL;
	struct found *v = calloc(PINNED_KEPT, sizeof(*v));

	*found = v;
	*n = 0;
	if (!v)
		return -ENOMEM;
	for (; *n < PINNED_KEPT && !bpf_map_get_next_key(fd, prev, &key); prev = &key) {
		v[*n].key = key;
		/* just made, and not yet counted */
		if (!bpf_map_lookup_elem(fd, &key, &v[*n].value) && v[*n].value.tries)
			++*n;
	}
	return 0;
}

static int by_tries(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->value.tries != y->value.tries)
		return x->value.tries > y->value.tries ? -1 : 1;
	if (x->key.dev != y->key.dev)
		return x->key.dev < y->key.dev ? -1 : 1;
	return (x->key.block > y->key.block) - (x->key.block < y->key.block);
}

static __u64 least(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

/* Since the start, and no later than the end, behind which a migration under way may still fail. */
static __u64 since(struct tracer *t, const struct run *run, __u64 ns)
{
	__u64 start = tracer__times(t).start_ns, since = ns > start ? ns - start : 0;

	return run->duration_ns ? least(since, run->duration_ns) : since;
}

static int add(struct tracer *t, struct run *run, const struct found *f)
{
	struct run_pinned *p = &run->pinned[run->pinned_n++];

	*p = (struct run_pinned){
		.dev = f->key.dev,
		.size = f->key.size,
		.block = f->key.block,
		.tries = f->value.tries,
		.journal = least(f->value.journal, f->value.tries),
		.has_lru = tracer__skeleton(t)->rodata->cfg_lrus,
		.in_lru = least(f->value.in_lru, f->value.tries),
		.first_ns = since(t, run, least(f->value.first_ns, f->value.last_ns)),
		.last_ns = since(t, run, f->value.last_ns),
		.count = f->value.count,
		.has_taker = f->value.taken_ns,
	};
	if (!p->has_taker)
		return 0;
	p->taker.ns = since(t, run, f->value.taken_ns);
	p->taker.pid = f->value.pid;
	memcpy(p->taker.comm, f->value.comm, sizeof(p->taker.comm));
	return snapshot__stack(t, f->value.stack, &p->taker.stack, &p->taker.stack_n) == -ENOMEM ?
		       -ENOMEM :
		       0;
}

/* The file of device @dev; -ENODEV: it has no name, or the file is another device's; -errno. */
static int open_device(__u32 dev)
{
	dev_t wanted = makedev(dev >> DEV_MINOR_BITS, dev & DEV_MINOR_MASK);
	char name[32], path[64];
	struct stat st;
	int fd;

	system_info__device_name(dev, name, sizeof(name));
	if (!*name)
		return -ENODEV;
	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISBLK(st.st_mode) && st.st_rdev == wanted)
		return fd;
	close(fd);
	return -ENODEV;
}

/* All blocks of @dev in the list. Without its file, or without a layout that is known, they have no name. */
static void name_device(struct run *run, __u32 dev)
{
	struct layout l = { 0 };
	int fd = open_device(dev), ret = fd < 0 ? fd : layout__read(&l, fd);
	char text[DEV_TEXT];

	if (ret == -ENOMEM)
		log_warn("device %s: out of memory for what its blocks are",
			 dev__format(dev, text, sizeof(text)));
	for (size_t i = 0; i < run->pinned_n && !ret; i++) {
		struct run_pinned *p = &run->pinned[i];
		const char *is = block_is__name(layout__at(&l, p->block * p->size));

		if (p->dev == dev && is)
			p->is = strdup(is);
	}
	layout__free(&l);
	if (fd >= 0)
		close(fd);
}

static void name_all(struct run *run)
{
	for (size_t i = 0; i < run->pinned_n; i++) {
		size_t first = 0;

		while (run->pinned[first].dev != run->pinned[i].dev)
			first++;
		if (first == i)
			name_device(run, run->pinned[i].dev);
	}
}

int snapshot__pinned(struct tracer *t, struct run *run, const __u64 *c, bool named)
{
	struct found *v;
	size_t n;
	int ret;

	run->has_pinned = tracer__opts(t)->pinned;
	if (!run->has_pinned)
		return 0;
	run->pinned_unkept = c[COUNTER_PINNED_UNKEPT];
	ret = read_all(t, &v, &n);
	if (!ret && n) {
		qsort(v, n, sizeof(*v), by_tries);
		run->pinned = calloc(RUN_PINNED, sizeof(*run->pinned));
		ret = run->pinned ? 0 : -ENOMEM;
	}
	run->pinned_tries = run->pinned_unkept;
	for (size_t i = 0; i < n && !ret; i++)
		run->pinned_tries += v[i].value.tries;
	for (size_t i = 0; i < n && i < RUN_PINNED && !ret; i++)
		ret = add(t, run, &v[i]);
	run->pinned_more = n > RUN_PINNED ? n - RUN_PINNED : 0;
	free(v);
	if (!ret && named)
		name_all(run);
	return ret;
}
