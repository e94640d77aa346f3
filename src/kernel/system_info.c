// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What machine this is, and the names of its devices: sysfs and procfs only. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kernel/system_info.h"

int system_info__line(const char *path, char *line, int size)
{
	FILE *f = fopen(path, "re");

	line[0] = 0;
	if (!f)
		return -errno;
	if (!fgets(line, size, f))
		line[0] = 0;
	fclose(f);
	line[strcspn(line, "\n")] = 0;
	return 0;
}

static char *read_line(const char *path)
{
	char line[256];

	system_info__line(path, line, sizeof(line));
	return strdup(line);
}

int system_info__number(const char *path)
{
	char *line = read_line(path), *end = line;
	long n = line ? strtol(line, &end, 10) : -1;

	if (end == line)
		n = -1;
	free(line);
	return (int)n;
}

static __u32 count_nodes(void)
{
	DIR *d = opendir("/sys/devices/system/node");
	struct dirent *e;
	__u32 n = 0;

	while (d && (e = readdir(d)))
		n += !strncmp(e->d_name, "node", 4) && isdigit((unsigned char)e->d_name[4]);
	if (d)
		closedir(d);
	return n ? n : 1;
}

/* The hypervisor by its own DMI name; a CPU flag says at least that there is one. */
static char *hypervisor(void)
{
	char *vendor, line[4096];
	bool virtual = false;
	FILE *f = fopen("/proc/cpuinfo", "re");

	while (f && !virtual && fgets(line, sizeof(line), f))
		virtual = !strncmp(line, "flags", 5) && strstr(line, " hypervisor");
	if (f)
		fclose(f);
	vendor = read_line("/sys/class/dmi/id/sys_vendor");
	if (vendor && *vendor && (virtual || strstr(vendor, "QEMU")))
		return vendor;
	free(vendor);
	return strdup(virtual ? "yes" : "none");
}

/* What makes a kernel's times unlike those of others. 0 or -ENOMEM. */
static int find_instruments(struct run *run, const struct facts *f)
{
	const struct {
		const char *name;
		bool there;
	} all[] = {
		{ "preempt_rt", f->feature[FEAT_RT] },
		{ "lockdep", !access("/proc/lockdep", F_OK) },
		{ "lock_stat", !access("/proc/lock_stat", F_OK) },
		{ "kasan", f->kasan },
		{ "kcsan", f->kcsan },
	};

	run->kernel.instruments = calloc(sizeof(all) / sizeof(*all), sizeof(char *));
	if (!run->kernel.instruments)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!all[i].there)
			continue;
		run->kernel.instruments[run->kernel.instruments_n] = strdup(all[i].name);
		if (!run->kernel.instruments[run->kernel.instruments_n++])
			return -ENOMEM;
	}
	return 0;
}

static char *known_hypervisor;

int system_info__describe(struct run *run, const struct facts *f)
{
	const char *evidence;

	run->kernel.release = strdup(f->release);
	run->kernel.version = strdup(f->version);
	run->kernel.arch = strdup(f->arch);
	run->kernel.generation = strdup(facts__generation(f, &evidence));
	run->kernel.generation_evidence = strdup(evidence);
	run->kernel.boot_id = read_line("/proc/sys/kernel/random/boot_id");
	run->kernel.clocksource =
		read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
	if (!known_hypervisor) /* /proc/cpuinfo disturbs every CPU of the machine: once is enough */
		known_hypervisor = hypervisor();
	run->kernel.hypervisor = known_hypervisor ? strdup(known_hypervisor) : NULL;
	run->kernel.cpus = sysconf(_SC_NPROCESSORS_ONLN);
	run->kernel.nodes = count_nodes();
	if (find_instruments(run, f))
		return -ENOMEM;
	return run->kernel.release && run->kernel.version && run->kernel.arch &&
			       run->kernel.generation && run->kernel.generation_evidence &&
			       run->kernel.boot_id && run->kernel.clocksource &&
			       run->kernel.hypervisor ?
		       0 :
		       -ENOMEM;
}

void system_info__device_name(__u32 dev, char *name, size_t size)
{
	char path[64], line[128];
	FILE *f;

	name[0] = 0;
	if (dev == DEV_OTHER) {
		snprintf(name, size, "other");
		return;
	}
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/uevent", dev >> 20, dev & 0xfffff);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "DEVNAME=", 8))
			snprintf(name, size, "%.*s", (int)size - 1, line + 8);
	}
	if (f)
		fclose(f);
}

int system_info__device(const char *word, __u32 *dev)
{
	struct stat st;
	char path[256];

	if (dev__parse(word, dev)) /* 0:0 is what has none, and a filter of 0 is none */
		return *dev ? 0 : -ENODEV;
	if ((size_t)snprintf(path, sizeof(path), "%s%s", strchr(word, '/') ? "" : "/dev/", word) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	if (stat(path, &st) && (strchr(word, '/') || stat(word, &st))) /* a file in this folder */
		return -errno;
	if (S_ISBLK(st.st_mode)) /* the page cache of the device itself */
		*dev = major(st.st_rdev) << 20 | minor(st.st_rdev);
	else if (major(st.st_dev))
		*dev = major(st.st_dev) << 20 | minor(st.st_dev);
	else /* of proc, tmpfs, overlay: a number that no page with buffers has */
		return -ENOTBLK;
	return 0;
}
