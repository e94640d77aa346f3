// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* migtrace export: a Prometheus textfile, rewritten as long as it runs. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/outfile.h"
#include "base/textfile.h"
#include "cmd/cmd.h"
#include "kernel/facts.h"
#include "kernel/system_info.h"
#include "record/session.h"
#include "record/snapshot.h"
#include "report/metrics.h"

#define SUFFIX ".prom"

struct export_config {
	const char *path, *btf;
	struct filter filter;
	double interval, stall;
	bool full, once, buffer_locks, pinned;
	int verbose;
};

#define AT(member) offsetof(struct export_config, member)

static const struct opt export_opts[] = {
	{ "textfile", 0, OPT_STRING, AT(path), "PATH.prom",
	  "the file, in the folder of node_exporter's textfile collector", 0, 0 },
	{ "interval", 'i', OPT_SECONDS, AT(interval), "SEC", "rewrite it every SEC seconds (15)", 0,
	  0 },
	{ "once", 0, OPT_FLAG, AT(once), NULL, "write it once, after one interval, and end", 0, 0 },
	{ "full", 0, OPT_FLAG, AT(full), NULL,
	  "also programs on lookups and lock functions: hold and wait of all sites", 0, 0 },
	{ "pinned", 0, OPT_FLAG, AT(pinned), NULL,
	  "also how many blocks' references stop migrations", 0, 0 },
	OPT_ROWS_FILTER(export_config, filter),
	OPT_ROW_STALL(AT(stall)),
	OPT_ROW_BUFFER_LOCKS(AT(buffer_locks)),
	OPT_ROW_BTF(AT(btf)),
	OPT_ROW_VERBOSE(AT(verbose)),
	{ 0 },
};

struct export
{
	struct textfile file;
	bool slim; /* attached, and without what that needed */
	bool once;
	struct late late; /* the most that was seen: a window in transit may be in no count */
	struct metrics_most most;
	bool broken;	/* the last write failed */
	__u64 failures; /* in all */
};

static double wall_clock(void)
{
	struct timeval tv;

	gettimeofday(&tv, NULL);
	return tv.tv_sec + tv.tv_usec / 1e6;
}

static bool can_write(void *ctx)
{
	const struct export *e = ctx;
	char err[512];

	return !outfile__check(e->file.path, false, err, sizeof(err));
}

/* What only attaching needed; the session has given up the rights. */
static void release_attach_memory(struct export *e)
{
	malloc_trim(0);
	e->slim = true;
}

/* What can't be read or rendered just now costs this write, and not the counts. */
static void failed(struct export *e, const char *why)
{
	if (!e->broken)
		log_error("%s%s", why, e->once ? "" : "; counting goes on");
	e->broken = true;
	e->failures++;
}

/* Counting goes on whatever becomes of the file: a full disk is not the kernel's fault. */
static void write_file(struct export *e, const char *text, size_t size)
{
	char err[512];

	if (textfile__write(&e->file, text, size, err, sizeof(err))) {
		failed(e, err);
		return;
	}
	if (e->broken)
		log_info("'%s' is written again, after %llu failures in all", e->file.path,
			 (unsigned long long)e->failures);
	e->broken = false;
}

static void never_down(__u64 *most, __u64 *now)
{
	if (*now > *most)
		*most = *now;
	*now = *most;
}

static void on_snapshot(void *ctx, const struct run *run, int err)
{
	struct export *e = ctx;
	struct metrics_opts o = { .written = wall_clock(),
				  .exported = true,
				  .bpf_stats = system_info__number(
						       "/proc/sys/kernel/bpf_stats_enabled") == 1,
				  .failures = e->failures,
				  .most = &e->most };
	bool first = !e->slim;
	struct run shown;
	char *text = NULL, why[128];
	size_t size = 0;
	FILE *f;

	if (first)
		release_attach_memory(e);
	if (first && e->once)
		return; /* the one write is that of the end */
	if (err) {
		snprintf(why, sizeof(why), "can't read what was counted: %s", strerror(-err));
		failed(e, why);
		return;
	}
	f = open_memstream(&text, &size);
	if (f) {
		shown = *run; /* a look at it; what it points to stays the caller's */
		never_down(&e->late.slow_lookup, &shown.late.slow_lookup);
		never_down(&e->late.end_count, &shown.late.end_count);
		never_down(&e->late.assoc_list, &shown.late.assoc_list);
		never_down(&e->late.possible, &shown.late.possible);
		err = metrics__write(&shown, &o, f);
	}
	if (!f || fclose(f) || err)
		failed(e, "out of memory");
	else
		write_file(e, text, size);
	free(text);
}

/* Is that NAME.prom, in whichever folder? If not, that is printed. */
static bool is_prom(const char *path)
{
	const char *name = path ? strrchr(path, '/') : NULL;
	size_t n;

	name = name ? name + 1 : path;
	n = name ? strlen(name) : 0;
	if (!name)
		log_error("option '--textfile' is missing");
	else if (n < strlen(SUFFIX) || strcmp(name + n - strlen(SUFFIX), SUFFIX) != 0)
		log_error("option '--textfile': '%s' does not end in .prom", path);
	else if (n == strlen(SUFFIX))
		log_error("option '--textfile': '%s' has no name ahead of .prom", path);
	else
		return true;
	log_hint("migtrace export --textfile /var/lib/prometheus/node-exporter/migtrace.prom");
	return false;
}

static int export_run(const struct cmd *cmd, int argc, char **argv)
{
	struct export_config c = { .interval = 15 };
	struct export e = { .file = { .lock = -1 } };
	int first = opts__parse(cmd, argc, argv, &c), code;
	struct run run = { 0 };
	char err[512];
	struct session_opts o = { .events_max = 1,
				  .quiet = true,
				  .totals = true,
				  .on_snapshot = on_snapshot,
				  .on_snapshot_ctx = &e,
				  .can_write = can_write,
				  .can_write_ctx = &e };

	if (first < 0)
		return -first - 1;
	log_level = c.verbose;
	if (!is_prom(c.path))
		return EXIT_USAGE;
	if (c.interval < 1) {
		log_error("option '--interval': at least a second");
		return EXIT_USAGE;
	}
	if (textfile__open(&e.file, c.path, err, sizeof(err))) {
		log_error("%s", err);
		return EXIT_FAILED;
	}
	e.once = c.once;
	o.light = !c.full;
	o.buffer_locks = c.buffer_locks;
	o.stall = c.stall;
	o.pinned = c.pinned;
	o.filter = c.filter;
	o.btf = c.btf;
	o.interval = c.interval;
	o.seconds = c.once ? c.interval : 0;
	code = session__record(&o, &run);
	if (code == EXIT_FINE && e.broken)
		code = EXIT_FAILED;
	/* a service that is told to end while it attaches has not failed */
	if (session__stopped() && !e.slim && !c.once)
		code = EXIT_FINE;
	textfile__close(&e.file);
	run__free(&run);
	return code;
}

const struct cmd cmd_export = {
	.name = "export",
	.summary = "keep a Prometheus textfile up to date",
	.usage = "--textfile PATH.prom [OPTIONS]",
	.run = export_run,
	.opts = export_opts,
	.needs = NEED_ROOT,
};
