// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the kernel made of kprobes (stops.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/insn.h"
#include "kernel/system_info.h"
#include "trace/stops.h"

#define OPTIMIZATION "/proc/sys/debug/kprobes-optimization"
#define LOOK_NS	     100000000
#define LOOKS	     30
#define QUIET	     4 /* looks at which nothing new was found */

/* Addresses of one way's places. */
struct way {
	__u64 *at;
	size_t n;
};

static enum stops_of way_of(const struct probe *p)
{
	if (p->site == SITE_FIND_GET_BLOCK || (p->site < 0 && p->row == SITE_FIND_GET_BLOCK))
		return STOPS_LOOKUP;
	return p->flags & PROBE_PAGE ? STOPS_PAGE : STOPS_ALL;
}

static int add_places(struct way *w, const struct facts *f, const struct variant *v)
{
	size_t n;
	struct attach_point *at = probes__all_points(f, v, &n);
	__u64 *more = at ? realloc(w->at, (w->n + n + 1) * sizeof(*more)) : NULL;

	if (!more) {
		free(at);
		return -ENOMEM;
	}
	w->at = more;
	for (size_t i = 0; i < n; i++) {
		const struct fact_func *func = facts__func(f, at[i].func);

		if (func && func->addr)
			w->at[w->n++] = func->addr + at[i].offset;
	}
	free(at);
	return 0;
}

static bool has(const struct way *w, __u64 at)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->at[i] == at)
			return true;
	return false;
}

static void count(struct stops *v, const char *line)
{
	if (strstr(line, "[OPTIMIZED]"))
		v->jumps++;
	else if (strstr(line, "[FTRACE]"))
		v->calls++;
	else
		v->exceptions++;
}

static void read_list(FILE *list, const struct way *way, struct stops *v)
{
	char line[512];

	while (fgets(line, sizeof(line), list)) {
		__u64 at = strtoull(line, NULL, 16);

		if (strstr(line, "[DISABLED]") || strstr(line, "[GONE]"))
			continue;
		count(&v[STOPS_ALL], line);
		for (int i = STOPS_PAGE; i < STOPS_N; i++)
			if (has(&way[i], at))
				count(&v[i], line);
	}
}

int stops__read(const char *path, const struct facts *f, const struct choice *choices,
		struct stops v[STOPS_N])
{
	struct way way[STOPS_N] = { { NULL, 0 } };
	FILE *list = fopen(path, "re");
	int err = list ? 0 : -errno;

	memset(v, 0, STOPS_N * sizeof(*v));
	for (size_t i = 0; choices && i < probes_n && !err; i++) {
		enum stops_of of = way_of(choices[i].probe);

		if (of != STOPS_ALL && choices[i].variant)
			err = add_places(&way[of], f, choices[i].variant);
	}
	if (!err)
		read_list(list, way, v);
	if (list)
		fclose(list);
	for (int i = 0; i < STOPS_N; i++)
		free(way[i].at);
	return err;
}

int stops__settled(const struct facts *f, const struct choice *choices, struct stops v[STOPS_N])
{
	const struct timespec pause = { 0, LOOK_NS };
	bool jumps = insn_jump_bytes && system_info__number(OPTIMIZATION) != 0;
	__u64 before = 0;
	int err, quiet = 0;

	for (int i = 0;; i++) {
		err = stops__read(KPROBE_LIST, f, choices, v);
		quiet = v[STOPS_ALL].jumps && v[STOPS_ALL].jumps == before ? quiet + 1 : 0;
		before = v[STOPS_ALL].jumps;
		if (err || !jumps || quiet == QUIET || i == LOOKS)
			return err;
		nanosleep(&pause, NULL);
	}
}
