// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What was asked of a recording, and whether this kernel can do it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "session.h"
#include "snapshot.h"

static int parse_sites(const char *list, bool off[ROW_COUNT])
{
	char *copy, *word, *save = NULL;

	if (!list)
		return 0;
	copy = strdup(list);
	if (!copy) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	memset(off, true, ROW_COUNT * sizeof(*off));
	off[SITE_FLOOR] = false;
	word = strtok_r(copy, ",", &save);
	if (!word) { /* rather than recording nothing */
		log_error("option '--site': no name in '%s'", list);
		free(copy);
		return EXIT_USAGE;
	}
	for (; word; word = strtok_r(NULL, ",", &save)) {
		unsigned int row = row__by_name(word);

		if (row == ROW_COUNT) {
			log_error("unknown site '%s'", word);
			log_hint("'migtrace doctor' lists the sites of this kernel");
			free(copy);
			return EXIT_USAGE;
		}
		off[row] = false;
	}
	free(copy);
	return 0;
}

/* A row that was asked for by name, and that the light tier has nothing of. */
static int check_light(const struct session_opts *o, const struct tracer_opts *to)
{
	for (unsigned int row = 0; o->light && o->sites && row < ROW_COUNT; row++) {
		bool any = to->row_off[row] || !row__name(row);

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

int session__tracer_opts(const struct session_opts *o, struct tracer_opts *to)
{
	int err;

	memset(to, 0, sizeof(*to));
	to->light = o->light;
	to->stacks = o->stacks;
	to->totals = o->totals;
	to->map_size = o->map_size;
	if (o->device) {
		err = machine__device(o->device, &to->device);
		if (err) {
			log_error("unknown device '%s': %s", o->device, strerror(-err));
			log_hint("a path, a name such as sda1, or MAJ:MIN as in 'lsblk'");
			return EXIT_USAGE;
		}
	}
	return parse_sites(o->sites, to->row_off) ?: check_light(o, to);
}

bool tracer__wants(const struct tracer_opts *o, const struct probe *p)
{
	if (o->light && !(p->flags & PROBE_LIGHT))
		return false;
	return p->site >= 0 ? !o->row_off[p->site] : !p->row || !o->row_off[p->row];
}

int session__parse_forced(const char *list, char **copy, const char *forced[FORCED_MAX + 1])
{
	char *word, *save = NULL;
	size_t n = 0;

	*copy = list ? strdup(list) : NULL;
	for (word = *copy ? strtok_r(*copy, ",", &save) : NULL; word;
	     word = strtok_r(NULL, ",", &save)) {
		bool known = false;

		if (n == FORCED_MAX) {
			log_error("option '--probe': more than %d", FORCED_MAX);
			return EXIT_USAGE;
		}
		for (size_t i = 0; i < probes_n && strchr(word, '='); i++)
			known |= strcspn(word, "=") == strlen(probes[i].name) &&
				 !strncmp(word, probes[i].name, strlen(probes[i].name));
		if (!known) {
			log_error("option '--probe': '%s' is not PROBE=VARIANT", word);
			log_hint("'migtrace doctor' lists the probes of this kernel");
			return EXIT_USAGE;
		}
		forced[n++] = word;
	}
	return 0;
}

const char *session__forced(const char *const *forced, const struct probe *p)
{
	size_t len = strlen(p->name);

	for (; *forced; forced++)
		if (!strncmp(*forced, p->name, len) && (*forced)[len] == '=')
			return *forced;
	return NULL;
}

int session__check_wanted(const struct tracer_opts *o)
{
	for (size_t i = 0; i < probes_n; i++) {
		const char *word = session__forced(o->forced, &probes[i]);

		if (!word || tracer__wants(o, &probes[i]))
			continue;
		log_error("option '--probe': '%s' is not part of what is recorded", word);
		log_hint("'--light' or '--site' leaves it out");
		return EXIT_USAGE;
	}
	return 0;
}

int session__read_facts(struct facts *f, const char *btf)
{
	int ret = facts__read(f, btf);

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
		const char *word = session__forced(forced, c[i].probe);

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

	for (unsigned int row = 0; site && row < ROW_COUNT; row++)
		if (row__name(row))
			fprintf(f, " %s", row__name(row));
	for (size_t i = 0; probe && i < probes_n; i++)
		for (size_t v = 0; v < PROBE_VARIANTS && probes[i].variants[v].name; v++)
			fprintf(f, " %s=%s", probes[i].name, probes[i].variants[v].name);
}
