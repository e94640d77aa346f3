// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Why a kernel did not take the programs, in words that say what to do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "privileges.h"
#include "snapshot.h"

/* Under it the verifier knows no helper that reads kernel memory, and says EINVAL, not EPERM. */
static bool locked_down(void)
{
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";

	if (f) {
		if (!fgets(line, sizeof(line), f))
			line[0] = 0;
		fclose(f);
	}
	return strstr(line, "[confidentiality]");
}

const char *tracer__errno(int ret)
{
	return ret == -ESRCH ? "can't read the kernel's BTF" : strerror(-ret);
}

bool tracer__unopened(int cpus, bool object, char *err, size_t err_size)
{
	if (cpus < 0)
		snprintf(err, err_size, "can't read the number of CPUs: %s", strerror(-cpus));
	else if (object)
		snprintf(err, err_size, "can't open the programs: %s", strerror(errno));
	return cpus < 0 || object;
}

int tracer__refusal(int ret, char *err, size_t err_size)
{
	if (locked_down()) {
		snprintf(err, err_size,
			 "kernel lockdown 'confidentiality' forbids tracing programs "
			 "that read kernel memory (%s)",
			 strerror(-ret));
		return EXIT_CANT;
	}
	if (ret != -EPERM) { /* -EACCES is the verifier's */
		snprintf(err, err_size,
			 "can't load the programs: %s (-vv shows the verifier's log)",
			 strerror(-ret));
		return EXIT_FAILED;
	}
	if (!privileges__may_trace())
		snprintf(err, err_size,
			 "needs root, or CAP_BPF and CAP_PERFMON: the kernel "
			 "refused to load tracing programs (%s)",
			 strerror(-ret));
	else
		snprintf(err, err_size,
			 "this kernel refuses tracing programs even to root (%s): lockdown, "
			 "a sandbox, or, before 5.11, the limit on locked memory (ulimit -l)",
			 strerror(-ret));
	return EXIT_CANT;
}

/* Debian's kernels know a fourth level, at which perf_event_open(2) is for CAP_SYS_ADMIN only. */
int tracer__attach_refusal(int ret, char *err, size_t err_size)
{
	int level = machine__number("/proc/sys/kernel/perf_event_paranoid");
	size_t used = strlen(err);

	if (ret != -EACCES && ret != -EPERM)
		return EXIT_FAILED;
	if (level > 2)
		snprintf(err + used, err_size - used,
			 ": needs CAP_SYS_ADMIN, or kernel.perf_event_paranoid at 2 (it is %d)",
			 level);
	return EXIT_CANT;
}
