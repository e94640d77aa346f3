// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * load symbols: the kernel's functions with where they end, from /proc/kallsyms, one a line, sorted:
 * "0xSTART 0xEND NAME". Once a boot, for guest/count.sh: to ask a shell for each function's end took
 * longer than the load that was counted.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

struct symbol {
	unsigned long addr;
	char type;
	char name[128];
};

static int by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

int symbols(void)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	size_t n = 0, room = 0, end = 0;
	struct symbol *s = NULL;
	char line[512];

	if (!f)
		die("/proc/kallsyms");
	while (fgets(line, sizeof(line), f)) {
		if (n == room) {
			room = room ? 2 * room : 65536;
			s = realloc(s, room * sizeof(*s));
			if (!s)
				die("out of memory");
		}
		if (!strchr(line, '[') &&
		    sscanf(line, "%lx %c %127s", &s[n].addr, &s[n].type, s[n].name) == 3)
			n++;
	}
	fclose(f);
	qsort(s, n, sizeof(*s), by_addr);
	for (size_t i = 0; i < n; i++) {
		for (end = end > i ? end : i; end < n && s[end].addr == s[i].addr; end++)
			;
		if (end < n && tolower(s[i].type) == 't')
			printf("0x%lx 0x%lx %s\n", s[i].addr, s[end].addr, s[i].name);
	}
	free(s);
	return 0;
}
