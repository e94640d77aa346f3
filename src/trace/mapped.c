// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Maps that are mapped (mapped.h). Stage 2. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/mapped.h"

static size_t value_bytes(const struct bpf_map *map)
{
	return (bpf_map__value_size(map) + 7) & ~7UL;
}

void *mapped__of(struct mapped *m, const struct bpf_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE), bytes = bpf_map__max_entries(map) * value_bytes(map);
	void *p;

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].map == map)
			return m->v[i].p;
	if (m->n == MAPPED_MAX) {
		errno = ENOSPC;
		return NULL;
	}
	bytes = (bytes + page - 1) / page * page;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (p == MAP_FAILED)
		return NULL;
	m->v[m->n].map = map;
	m->v[m->n].p = p;
	m->v[m->n++].bytes = bytes;
	return p;
}

/* Element @i of CPU @cpu, which programs write meanwhile; NULL with errno. */
static volatile __u64 *part(struct mapped *m, const struct bpf_map *map, __u32 n, __u32 i, int cpu)
{
	char *p = mapped__of(m, map);
	size_t at = (size_t)cpu * n + i;

	if (p && (i >= n || at >= bpf_map__max_entries(map))) {
		errno = EINVAL;
		return NULL;
	}
	return p ? (volatile __u64 *)(p + at * value_bytes(map)) : NULL;
}

int mapped__read(struct mapped *m, const struct bpf_map *map, __u32 n, __u32 i, int cpus, void *v)
{
	size_t words = value_bytes(map) / 8;
	__u64 *to = v;

	for (int cpu = 0; cpu < cpus; cpu++) {
		const volatile __u64 *from = part(m, map, n, i, cpu);

		if (!from)
			return -errno;
		/* word by word, and in this order: of a part and its whole the part is read first (bpf/event.h) */
		for (size_t w = 0; w < words; w++)
			*to++ = from[w];
	}
	return 0;
}

int mapped__clear(struct mapped *m, const struct bpf_map *map, __u32 n, __u32 i, int cpus)
{
	for (int cpu = 0; cpu < cpus; cpu++) {
		volatile __u64 *v = part(m, map, n, i, cpu);

		if (!v)
			return -errno;
		memset((void *)v, 0, value_bytes(map));
	}
	return 0;
}

void mapped__close(struct mapped *m)
{
	while (m->n) {
		m->n--;
		munmap(m->v[m->n].p, m->v[m->n].bytes);
	}
}
