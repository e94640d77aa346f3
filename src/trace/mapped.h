/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Maps whose memory is read as it is, without bpf(2) (BY_CPU() of bpf/maps.bpf.h has why). Stage 2. */
#ifndef MIGTRACE_MAPPED_H
#define MIGTRACE_MAPPED_H

#include <linux/types.h>
#include <stddef.h>

struct bpf_map;

#define MAPPED_MAX 16

struct mapped {
	struct {
		const struct bpf_map *map;
		void *p;
		size_t bytes;
	} v[MAPPED_MAX];
	size_t n;
};

/* @map's elements, mapped on first use; NULL with errno. */
void *mapped__of(struct mapped *m, const struct bpf_map *map);
/* Element @i of the @n that each of @cpus CPUs has in @map, into @v, one behind the other. 0 or -errno. */
int mapped__read(struct mapped *m, const struct bpf_map *map, __u32 n, __u32 i, int cpus, void *v);
/* Makes them zero. */
int mapped__clear(struct mapped *m, const struct bpf_map *map, __u32 n, __u32 i, int cpus);
void mapped__close(struct mapped *m);

#endif /* MIGTRACE_MAPPED_H */
