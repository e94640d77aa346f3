// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * In place of what a command line would do once it is understood: nothing is recorded, opened or
 * written. A kernel on which every probe is possible is made up, so that a choice of variants gets
 * as far as it can; what comes after the refusal of the tracer must never be reached.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/outfile.h"
#include "base/privileges.h"
#include "base/textfile.h"
#include "bench/bench.h"
#include "cmd/cmd.h"
#include "instead.h"
#include "kernel/system_info.h"
#include "record/session.h"
#include "record/snapshot.h"

/* kernel.c */
static int add_func(void *ctx, const char *name, unsigned int wants)
{
	struct facts *f = ctx;
	struct fact_func *v = realloc(f->funcs, (f->funcs_n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	f->funcs = v;
	v += f->funcs_n++;
	*v = (struct fact_func){ .in_btf = true, .traceable = true, .symbols = 1, .wants = wants };
	snprintf(v->name, sizeof(v->name), "%s", name);
	return 0;
}

/* Every host calls every callee. */
static int add_calls(struct facts *f)
{
	for (size_t i = 0; i < f->funcs_n * f->funcs_n; i++) {
		const struct fact_func *host = &f->funcs[i / f->funcs_n];
		const struct fact_func *callee = &f->funcs[i % f->funcs_n];
		struct fact_call *v;

		if (!(host->wants & WANT_CALLS) || !(callee->wants & WANT_CALLEE))
			continue;
		v = realloc(f->calls, (f->calls_n + 1) * sizeof(*v));
		if (!v)
			return -ENOMEM;
		f->calls = v;
		v += f->calls_n++;
		memset(v, 0, sizeof(*v));
		snprintf(v->func, sizeof(v->func), "%s", host->name);
		snprintf(v->callee, sizeof(v->callee), "%s", callee->name);
		v->next = 5;
	}
	return 0;
}

/* A name of the table comes as often as it is there: one row is enough. */
static int add_once(void *ctx, const char *name, unsigned int wants)
{
	struct fact_func *v = (struct fact_func *)facts__func(ctx, name);

	if (!v)
		return add_func(ctx, name, wants);
	v->wants |= wants;
	return 0;
}

int facts__read(struct facts *f, const char *btf, int (*want)(struct facts *f), bool sooner)
{
	(void)btf, (void)want;
	memset(f, 0, sizeof(*f));
	memset(f->feature, true, sizeof(f->feature));
	f->asks = FACTS_ASKS;
	return probes__interest(add_once, f) ?: add_calls(f);
}

/* bpf_config.c */
void libbpf__listen(void)
{
}

const char *libbpf__version(void)
{
	return "0.0";
}

int tracer__possible_cpus(void)
{
	return 2;
}

__u64 tracer__expected_bytes(const struct facts *f, const struct tracer_opts *o, int cpus)
{
	fuzz__claim(cpus > 0, "there is a CPU", "");
	return 1 << 20;
}

/* tracer.c: here every recording ends. */
struct tracer *tracer__prepare(const struct facts *f, struct choice *choices,
			       const struct tracer_opts *o, int *code, char *err, size_t err_size)
{
	fuzz__claim(o->map_size <= 1 << 20, "--map-size is bounded", "");
	fuzz__claim(!o->filter.row_off[SITE_FLOOR], "--site leaves the floor alone", "");
	fuzz__claim(memchr(o->filter.row_off, false, SITE_FLOOR) ||
			    !o->filter.row_off[ROW_ISOLATION],
		    "--site leaves a site", "");
	for (size_t i = 0; i < probes_n; i++)
		fuzz__claim(choices[i].variant || *choices[i].reason, "no probe without a reason",
			    choices[i].probe->name);
	*code = EXIT_CANT;
	snprintf(err, err_size, "never");
	return NULL;
}

void tracer__close(struct tracer *t)
{
	fuzz__claim(!t, "there is no tracer to close", "");
}

void tracer__finish(struct tracer *t, const volatile sig_atomic_t *stop)
{
	tracer__close(t);
}

bool tracer__by_events(const struct tracer *t, int *why)
{
	fuzz__claim(!t, "there is no tracer to ask", "");
	*why = 0;
	return false;
}

const struct facts *tracer__facts(const struct tracer *t)
{
	fuzz__claim(!t, "there is no tracer to ask", "");
	return NULL;
}

/* bench_*.c, scratch.c */
static const char *const movers[] = { "auto", "numa", "compact" };

const char *mover__name(enum mover_kind kind)
{
	return movers[kind];
}

int scratch__make(struct scratch *s, const char *dir, __u64 bytes, char *err, size_t err_size)
{
	snprintf(err, err_size, "never in %s", dir);
	return -EPERM;
}

void scratch__drop(struct scratch *s)
{
}

struct load_counts load__stop(struct load *l)
{
	fuzz__claim(!l, "there is no load to stop", "");
	return (struct load_counts){ 0 };
}

/* runs.c, outfile.c, textfile.c: any word may be a path here, /dev/tty as well as /etc/passwd. */
struct run *runs__load(char *const *paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fuzz__claim(paths[i], "every operand is a word", "");
	log_error("never");
	return NULL;
}

int runs__merge(char *const *paths, size_t n, struct run *into)
{
	fuzz__claim(!runs__load(paths, n), "nothing is read", "");
	return -EINVAL;
}

void runs__free(struct run *runs, size_t n)
{
	fuzz__claim(!runs, "there are no runs to free", "");
}

int outfile__flush(FILE *f)
{
	return fflush(f) ? -EIO : 0;
}

bool runs__is_file(const char *path)
{
	return false;
}

int outfile__check(const char *path, bool keep_old, char *err, size_t err_size)
{
	return 0;
}

int textfile__open(struct textfile *t, const char *path, char *err, size_t err_size)
{
	size_t n = strlen(path);

	fuzz__claim(n > 5 && !strcmp(path + n - 5, ".prom"), "a textfile ends in .prom", path);
	return 0;
}

void textfile__close(struct textfile *t)
{
}

/* system_info.c and libbpf, for doctor */
bool instead__no_memory;

int system_info__describe(struct run *run, const struct facts *f)
{
	if (instead__no_memory)
		return -ENOMEM;
	run->kernel.hypervisor = strdup("none");
	run->kernel.clocksource = strdup("tsc");
	return 0;
}

int system_info__line(const char *path, char *line, int size)
{
	if (strstr(path, "lockdown"))
		return -ENOENT;
	snprintf(line, size, "1");
	return 0;
}

const char *libbpf_version_string(void);
const char *libbpf_version_string(void)
{
	return "none";
}

int system_info__device(const char *word, __u32 *dev)
{
	return dev__parse(word, dev) ? 0 : -ENOENT;
}

/* system_info.c: a textfile for one device has its name */
void system_info__device_name(__u32 dev, char *name, size_t size)
{
	snprintf(name, size, "dev%u", dev);
}
