// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What was asked of a recording, and whether this kernel can do it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "kernel/system_info.h"
#include "record/session.h"
#include "record/snapshot.h"
#include "trace/targets.h"
#include "trace/tracer.h"

/* Into the order of the report, each once. 0 or an exit code. */
static int name_rows(struct filter *f)
{
	size_t size = 0;
	FILE *out;

	free(f->sites);
	f->sites = NULL;
	out = open_memstream(&f->sites, &size);

	for (unsigned int row = 0; out && row < ROW_COUNT; row++)
		if (row__name(row) && !f->row_off[row])
			fprintf(out, "%s%s", ftell(out) ? "," : "", row__name(row));
	if (out && !fclose(out))
		return 0;
	log_error("out of memory");
	return EXIT_FAILED;
}

#define ALL_SITES "all" /* what a recording has anyhow, but all of it in place before the start */

/* Into @f, what its list leaves out, and into @named what it asks for. */
static int parse_sites(struct filter *f, bool named[ROW_COUNT])
{
	char *word, *save = NULL;
	bool all = false, any = false;

	memset(f->row_off, true, sizeof(f->row_off));
	f->row_off[SITE_FLOOR] = false;
	for (word = strtok_r(f->sites, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		unsigned int row = row__by_name(word);

		any = true;
		if (!strcmp(word, ALL_SITES)) {
			all = true;
		} else if (row == ROW_COUNT) {
			log_error("option '--site': unknown site '%s'", word);
			log_known(session__words, "site");
			return EXIT_USAGE;
		} else {
			f->row_off[row] = false;
			named[row] = true;
		}
	}
	if (!any) { /* rather than recording nothing */
		log_error("option '--site': no name in its list");
		return EXIT_USAGE;
	}
	if (!all)
		return name_rows(f);
	/* which is no filter: the run is like one without */
	free(f->sites);
	f->sites = NULL;
	memset(f->row_off, false, sizeof(f->row_off));
	memset(named, true, ROW_COUNT * sizeof(*named));
	return 0;
}

/* A row that was asked for by name, and that the light tier has nothing of. */
static int check_light(const struct session_opts *o, const struct tracer_opts *to)
{
	for (unsigned int row = 0; o->light && to->filter.sites && row < ROW_COUNT; row++) {
		bool any = to->filter.row_off[row] || !row__name(row);

		for (size_t i = 0; i < probes_n && !any; i++)
			any = probes[i].flags & PROBE_LIGHT &&
			      (probes[i].site == (int)row || probes[i].row == (int)row);
		if (any)
			continue;
		log_error("option '--site': the light tier has nothing of '%s'", row__name(row));
		log_hint("leave out '--light', or name sites of the migrating side");
		return EXIT_USAGE;
	}
	return 0;
}

static int parse_device(struct filter *f)
{
	char name[32];
	int err = system_info__device(f->device, &f->dev);

	if (err) {
		log_error("unknown device '%s': %s", f->device,
			  err == -ENOTBLK ? "what it is on has no block device" : strerror(-err));
		log_hint("a path, a name such as sda1, or MAJ:MIN as in 'lsblk'");
		return EXIT_USAGE;
	}
	/* one name for all that mean the same: a path, a name, a number */
	system_info__device_name(f->dev, name, sizeof(name));
	free(f->device);
	f->device = strdup(*name ? name : dev__format(f->dev, name, sizeof(name)));
	if (f->device)
		return 0;
	log_error("out of memory");
	return EXIT_FAILED;
}

/* A truncated page has no device any more. */
static int check_isolation(const struct filter *f)
{
	if (!f->dev || !f->sites || f->row_off[ROW_ISOLATION])
		return 0;
	log_error("option '--site': '%s' is not told by device", row__name(ROW_ISOLATION));
	log_hint("leave out '--device'");
	return EXIT_USAGE;
}

int session__tracer_opts(const struct session_opts *o, struct tracer_opts *to)
{
	int code = 0;

	memset(to, 0, sizeof(*to));
	to->light = o->light;
	to->stacks = o->stacks;
	to->why = o->why;
	to->refs = o->refs;
	to->drains = o->drains;
	to->pinned = o->pinned;
	to->totals = o->totals;
	to->buffer_locks = o->buffer_locks;
	to->stall_ns = o->stall * 1e9;
	to->any_stacks = session__wants_stacks(o);
	to->stall_told = o->on_stall;
	to->map_size = o->map_size;
	if (filter__copy(&to->filter, &o->filter)) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	to->behind = o->command;
	if (to->filter.device)
		code = parse_device(&to->filter);
	if (!code && to->filter.sites)
		code = parse_sites(&to->filter, to->row_named);
	return code ?: check_light(o, to) ?: check_isolation(&to->filter);
}

static const struct probe *probe_by_name(const char *name, size_t len)
{
	for (size_t i = 0; i < probes_n; i++)
		if (len == strlen(probes[i].name) && !strncmp(name, probes[i].name, len))
			return &probes[i];
	return NULL;
}

/* Each name once: two variants of one name are chosen by what the kernel has. Behind @prefix and @between. */
static void put_variants(const struct probe *p, const char *prefix, const char *between, FILE *f)
{
	for (size_t v = 0, k; v < PROBE_VARIANTS && p->variants[v].name; v++) {
		for (k = 0; strcmp(p->variants[k].name, p->variants[v].name) != 0; k++)
			;
		if (k == v)
			fprintf(f, " %s%s%s", prefix, between, p->variants[v].name);
	}
}

static void variant_words(const char *probe, FILE *f)
{
	put_variants(probe_by_name(probe, strlen(probe)), "", "", f);
}

/* PROBE=VARIANT, as there is one of it on some kernel. 0 or an exit code. */
static int check_word(const char *word)
{
	size_t len = strcspn(word, "=");
	const struct probe *p = word[len] ? probe_by_name(word, len) : NULL;

	if (!p) {
		log_error("option '--probe': '%s' %s", word,
			  word[len] ? "names no probe" : "is not PROBE=VARIANT");
		log_hint("'migtrace doctor' lists the probes of this kernel");
		return EXIT_USAGE;
	}
	for (size_t v = 0; v < PROBE_VARIANTS && p->variants[v].name; v++)
		if (!strcmp(word + len + 1, p->variants[v].name))
			return 0;
	log_error("option '--probe': '%s' names no variant of %s", word, p->name);
	log_known(variant_words, p->name);
	return EXIT_USAGE;
}

int session__parse_forced(const char *list, char **copy, const char *forced[FORCED_MAX + 1])
{
	char *word, *save = NULL;
	size_t n = 0;

	*copy = list ? strdup(list) : NULL;
	for (word = *copy ? strtok_r(*copy, ",", &save) : NULL; word;
	     word = strtok_r(NULL, ",", &save)) {
		int code;

		if (n == FORCED_MAX) {
			log_error("option '--probe': more than %d", FORCED_MAX);
			return EXIT_USAGE;
		}
		code = check_word(word);
		if (code)
			return code;
		forced[n++] = word;
	}
	if (list && !n) {
		log_error("option '--probe': no PROBE=VARIANT in its list");
		return EXIT_USAGE;
	}
	return 0;
}

/* Why a probe is none of what is recorded: as tracer__wants() has it. */
static const char *left_out_by(const struct tracer_opts *o, const struct probe *p)
{
	if (tracer__unasked(o, p))
		return p->flags & PROBE_REFS ? "'--refs' asks for it" : "'--drains' asks for it";
	if (o->light && !(p->flags & PROBE_LIGHT))
		return "'--light' leaves it out";
	if (p->row == ROW_BUFFER_LOCKS)
		return "'--buffer-locks' asks for it";
	if (p->row == ROW_STALLS)
		return "'migtrace watch --stall' asks for it";
	return p->row == ROW_ISOLATION && o->filter.dev ? "'--device' leaves it out" :
							  "'--site' leaves it out";
}

int session__check_wanted(const struct tracer_opts *o)
{
	for (size_t i = 0; i < probes_n; i++) {
		const char *word = probes__forced(o->forced, &probes[i]);

		if (!word || tracer__wants(o, &probes[i]))
			continue;
		log_error("option '--probe': '%s' is not part of what is recorded", word);
		log_hint("%s", left_out_by(o, &probes[i]));
		return EXIT_USAGE;
	}
	return 0;
}

int session__read_facts(struct facts *f, const char *btf, bool sooner)
{
	int ret;

	libbpf__listen();
	ret = facts__read(f, btf, probes__want, sooner);
	targets__slim_types(f);
	log_step("types slimmed");

	if (!ret && f->unfit[0])
		log_warn("%s: %s", btf, f->unfit);
	if (!ret)
		return EXIT_FINE;
	if (f->unfit[0])
		log_error("%s: %s", btf, f->unfit);
	else if (f->unreadable)
		log_error("can't read %s: %s", f->unreadable, strerror(-ret));
	else
		log_error("out of memory");
	return ret == -EXDEV ? EXIT_CANT : EXIT_FAILED;
}

int session__check_forced(const char *const *forced, const struct choice *c)
{
	for (size_t i = 0; i < probes_n; i++) {
		const char *word = probes__forced(forced, c[i].probe);

		if (!word || c[i].variant)
			continue;
		log_error("probe '%s': %s", word, c[i].reason);
		return EXIT_CANT;
	}
	return 0;
}

int session__check_required(const struct facts *f, const struct choice *c)
{
	if (!f->feature[FEAT_BTF]) {
		log_error("%s", facts__no_btf(f));
		log_hint(BTF_HINT);
		return EXIT_CANT;
	}
	for (size_t i = 0; i < probes_n; i++) {
		if (!(c[i].probe->flags & PROBE_REQUIRED) || c[i].variant)
			continue;
		log_error("probe '%s' is not possible on this kernel: %s", c[i].probe->name,
			  c[i].reason);
		log_hint("'migtrace doctor' shows what is");
		return EXIT_CANT;
	}
	return 0;
}

void session__words(const char *option, FILE *f)
{
	bool site = !strcmp(option, "site"), probe = !strcmp(option, "probe");

	if (site)
		fprintf(f, " %s", ALL_SITES);
	for (unsigned int row = 0; site && row < ROW_COUNT; row++)
		if (row__name(row))
			fprintf(f, " %s", row__name(row));
	for (size_t i = 0; probe && i < probes_n; i++)
		put_variants(&probes[i], probes[i].name, "=", f);
}
