// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads the running kernel once into a fact sheet. Stage 0. */
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/facts.h"
#include "kernel/symbols.h"

static const struct image_files running = {
	.kallsyms = KALLSYMS,
	.filter_list = { "/sys/kernel/tracing/available_filter_functions",
			 "/sys/kernel/debug/tracing/available_filter_functions" },
	.kcore = KCORE,
};

int facts__read(struct facts *f, const char *btf, int (*want)(struct facts *f), bool sooner)
{
	struct image_files files = running;
	struct utsname u;
	int err;

	files.sooner = sooner;
	memset(f, 0, sizeof(*f));
	f->btf = btf;
	uname(&u);
	snprintf(f->release, sizeof(f->release), "%s", u.release);
	snprintf(f->version, sizeof(f->version), "%s", u.version);
	snprintf(f->arch, sizeof(f->arch), "%.15s", u.machine);
	err = want(f);
	if (err)
		return err;
	f->feature[FEAT_KPROBES] = !access("/sys/bus/event_source/devices/kprobe/type", F_OK);
	err = facts__read_btf(f, running.kallsyms);
	return err ? err : facts__read_image(f, &files);
}
