// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads the running kernel once into a fact sheet. Stage 0. */
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd.h"
#include "kernel.h"
#include "symbols.h"

static const struct image_files running = {
	.kallsyms = KALLSYMS,
	.filter_list = { "/sys/kernel/tracing/available_filter_functions",
			 "/sys/kernel/debug/tracing/available_filter_functions" },
	.kcore = KCORE,
};

/* libbpf speaks when asked: -vv its warnings, -vvv all. */
static int __attribute__((format(printf, 2, 0)))
print_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (log_level < 2 || (level == LIBBPF_DEBUG && log_level < 3))
		return 0;
	return vfprintf(stderr, fmt, args);
}

int facts__read(struct facts *f, const char *btf)
{
	struct utsname u;
	int err;

	memset(f, 0, sizeof(*f));
	f->btf = btf;
	uname(&u);
	snprintf(f->release, sizeof(f->release), "%s", u.release);
	snprintf(f->version, sizeof(f->version), "%s", u.version);
	snprintf(f->arch, sizeof(f->arch), "%.15s", u.machine);
	libbpf_set_print(print_libbpf);
	err = facts__want(f);
	if (err)
		return err;
	f->feature[FEAT_KPROBES] = !access("/sys/bus/event_source/devices/kprobe/type", F_OK);
	err = facts__read_btf(f, running.kallsyms);
	return err ? err : facts__read_image(f, &running);
}
