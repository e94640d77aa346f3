// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* doctor --sites: who takes the lock, and for which of them there is a site. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "doctor.h"
#include "probes.h"

struct sites {
	const struct facts *f;
	FILE *out;	/* as text */
	json_t *places; /* or as JSON */
	unsigned int n, unattributed;
	bool *seen; /* of the sheet's calls */
};

static int add(void *ctx, const char *func, __u32 offset)
{
	struct sites *s = ctx;
	int site = probes__site_at(s->f, func, offset);
	size_t len = strcspn(func, " "); /* a module's name comes behind it */
	char place[FUNC_NAME + 32];

	snprintf(place, sizeof(place), "%.*s+0x%x%s", (int)len, func, offset, func + len);
	if (!s->places && !s->n)
		fprintf(s->out,
			"places that take a lock at 0x%x of something, as a mapping's is:\n",
			s->f->lock_offset);
	for (size_t i = 0; i < s->f->calls_n; i++)
		s->seen[i] |= s->f->calls[i].offset == offset && !strcmp(s->f->calls[i].func, func);
	s->n++;
	s->unattributed += site < 0;
	if (s->places)
		return json_array_append_new(s->places,
					     json_pack("{s:s, s:s?}", "place", place, "site",
						       site < 0 ? NULL : site__name(site))) ?
			       -ENOMEM :
			       0;
	fprintf(s->out, "  %-44s %s\n", place, site < 0 ? "not attributed" : site__name(site));
	return 0;
}

/* What the sites have, and what does not look like it: the register was filled on another way. */
static int add_rest(struct sites *s)
{
	static const char *const locks[] = { "_raw_spin_lock", "rt_spin_lock", NULL };
	int err = 0;

	for (size_t i = 0; i < s->f->calls_n && !err; i++) {
		const struct fact_call *c = &s->f->calls[i];
		int site = probes__site_at(s->f, c->func, c->offset);

		if (!s->seen[i] && copy__in_list(locks, c->callee) && site >= 0 && site__name(site))
			err = add(s, c->func, c->offset);
	}
	return err;
}

int doctor__sites(const struct facts *f, bool json, FILE *out)
{
	struct sites s = { .f = f, .out = out, .places = json ? json_array() : NULL };
	const char *why = NULL;
	int err;

	s.seen = calloc(f->calls_n + 1, sizeof(*s.seen));
	err = s.seen ? image__lock_calls(f, KCORE, &why, add, &s) : -ENOMEM;
	if (!err)
		err = add_rest(&s);
	free(s.seen);
	if (err) {
		log_error("the places that take the lock: %s", why ? why : strerror(-err));
		json_decref(s.places);
		return why ? EXIT_CANT : EXIT_FAILED;
	}
	if (json) {
		json_t *all = json_pack("{s:i, s:i, s:o}", "lock_offset", f->lock_offset,
					"not_attributed", s.unattributed, "places", s.places);

		json_dumpf(all, out, JSON_INDENT(1) | JSON_ENSURE_ASCII);
		fputc('\n', out);
		json_decref(all);
		return EXIT_FINE;
	}
	fprintf(out, "%u places, %u of them in no site\n", s.n, s.unattributed);
	return EXIT_FINE;
}
