// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Addresses of a stack into words, and names of tasks. Stage 3. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/facts.h"
#include "record/snapshot.h"

void snapshot__task(struct late_side *s, const char *comm, __u32 pid, __u32 cpu)
{
	memset(s->comm, 0, sizeof(s->comm));
	for (size_t i = 0; i < sizeof(s->comm) - 1 && comm[i]; i++)
		s->comm[i] = isascii(comm[i]) && isprint(comm[i]) ? comm[i] : '?';
	s->pid = pid;
	s->cpu = cpu;
}

int snapshot__symbols(const __u64 *ip, int max, char ***stack, size_t *n)
{
	char buf[SYMBOL_NAME + 32];

	*n = 0;
	*stack = calloc(max, sizeof(char *));
	for (int i = 0; *stack && i < max && ip[i]; i++) {
		kernel__symbol(ip[i], buf, sizeof(buf));
		/* what has no symbol on top are trampolines and our own programs */
		if (!*n && (!strcmp(buf, SYMBOL_UNKNOWN) || !strncmp(buf, "bpf_", 4)))
			continue;
		(*stack)[(*n)++] = strdup(buf);
	}
	return *stack ? 0 : -ENOMEM;
}
