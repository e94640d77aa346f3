// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * load symbols: the kernel's functions with where they end, from /proc/kallsyms, one a line, sorted:
 * "0xSTART 0xEND NAME". Once a boot, for guest/count.sh. load range FILE NAME: "0xSTART 0xEND" of one in
 * there. To ask a shell for either took longer than the load that was counted: a pattern on each of
 * 100,000 lines is two seconds in a guest.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

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
	char line[512], *at;

	if (!f)
		die("/proc/kallsyms");
	while (fgets(line, sizeof(line), f)) {
		if (n == room) {
			room = room ? 2 * room : 65536;
			s = realloc(s, room * sizeof(*s));
			if (!s)
				die("out of memory");
		}
		if (strchr(line, '['))
			continue;
		line[strcspn(line, "\n")] = '\0';
		s[n].addr = strtoul(line, &at, 16);
		s[n].type = at[1];
		snprintf(s[n++].name, sizeof(s->name), "%s", at + 3);
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

int range(const char *path, const char *name)
{
	int fd = open(path, O_RDONLY);
	char end[140], *text, *at;
	struct stat st;
	size_t n;

	if (fd < 0 || fstat(fd, &st))
		die("%s", path);
	text = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		die("mmap %s", path);
	n = snprintf(end, sizeof(end), " %s\n", name);
	at = memmem(text, st.st_size, end, n);
	if (!at)
		return 1;
	for (n = 0; at > text + n && at[-1 - (long)n] != '\n';)
		n++;
	printf("%.*s\n", (int)n, at - n);
	return 0;
}
