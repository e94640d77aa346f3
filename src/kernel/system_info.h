/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What machine this is, and the names of its devices. */
#ifndef MIGTRACE_SYSTEM_INFO_H
#define MIGTRACE_SYSTEM_INFO_H

#include "kernel/facts.h"
#include "model/run.h"

/* What kernel and machine this is, into @run->kernel. 0 or -ENOMEM. */
int system_info__describe(struct run *run, const struct facts *f);
/* The first line of a file such as a sysctl's, "" without one. 0 or -errno. */
int system_info__line(const char *path, char *line, int size);
/* The number that a file such as a sysctl's begins with, -1 without one. */
int system_info__number(const char *path);
/* "sda1" for 8:1 from sysfs, "" when unknown. */
void system_info__device_name(__u32 dev, char *name, size_t size);
/* dev_t of a path, a name ("sda1") or "MAJ:MIN"; 0 or -errno. */
int system_info__device(const char *word, __u32 *dev);

#endif /* MIGTRACE_SYSTEM_INFO_H */
