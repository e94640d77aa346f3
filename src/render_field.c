// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What there is to say of migrations beside locks: reference counts, attempts, isolation, sleeping
 * lookups, aio rings; a line each, and none where nothing happened.
 * Stage 5 (renderers).
 */
#include "render_parts.h"

static void refcounts(const struct page *p)
{
	const struct run_refcount *r;
	struct para para;
	size_t i;

	if (!p->run->refcounts_n)
		return;
	para__begin(&para, p->f, LABEL_WIDTH, "references");
	for (i = 0; i < p->run->refcounts_n; i++) {
		r = &p->run->refcounts[i];
		para__add(&para, "%s%s: expected %lld,", i ? "; " : "", r->stage,
			  (long long)r->expected);
		if (r->seen == -1)
			para__add(&para, "right again when read,");
		else
			para__add(&para, "saw %lld,", (long long)r->seen);
		para__add(&para, "%llu times", (unsigned long long)r->count);
	}
	para__end(&para);
}

/* What a migration means for lookups where they fail or sleep instead of spinning, and back. */
static void sleepers(const struct page *p)
{
	const struct counters *c = &p->run->counters;
	__u64 refused = counters__get(c, "lookups_refused");
	__u64 waits = counters__get(c, "lookup_folio_waits");
	const struct hist *h = &p->run->folio_wait;
	char p50[FMT_CELL], max[FMT_CELL];
	struct para para;

	if (!refused && !waits)
		return;
	para__begin(&para, p->f, LABEL_WIDTH, "lookups");
	para__add(&para, "%llu refused while a page moved; %llu found a folio locked,",
		  (unsigned long long)refused, (unsigned long long)waits);
	para__add(&para, "%llu of them behind a migration", (unsigned long long)h->count);
	if (h->count)
		para__add(&para, "(p50 %s, max %s)", fmt__ns(p50, hist__quantile(h, 0.5)),
			  fmt__ns(max, h->max_ns));
	para__add(&para, "; %llu migrations failed while a lookup waited for their folio",
		  (unsigned long long)counters__get(c, "refs_by_waiting_lookup"));
	para__end(&para);
}

static void attempts(const struct page *p, const char *path, const struct run_tries *t)
{
	const char *separator = "";
	struct para para;
	unsigned int i;

	if (!t->tried[0])
		return;
	para__begin(&para, p->f, LABEL_WIDTH, "attempts");
	para__add(&para, "%s, %llu pages: moved by attempt", path, (unsigned long long)t->tried[0]);
	for (i = 0; i < TRIES_KEPT; i++)
		if (t->moved[i]) {
			para__add(&para, "%s%u: %llu", separator, i + 1,
				  (unsigned long long)t->moved[i]);
			separator = ", ";
		}
	if (!*separator)
		para__add(&para, "none");
	separator = "; given up after";
	for (i = 0; i < TRIES_KEPT; i++)
		if (run_tries__given_up(t, i)) {
			para__add(&para, "%s %u: %llu", separator, i + 1,
				  (unsigned long long)run_tries__given_up(t, i));
			separator = ",";
		}
	para__end(&para);
}

static __u64 isolated(const struct run *run, const char *result)
{
	return counters__get(&run->isolations, result);
}

static void isolation(const struct page *p)
{
	const struct run *run = p->run;
	const char *separator = ": ";
	struct para para;
	__u64 n = 0;

	for (int i = 0; i < ISO_DEREFERENCED; i++)
		n += isolated(run, isolation__name(i));
	if (!n)
		return;
	para__begin(&para, p->f, LABEL_WIDTH, "isolation");
	para__add(&para, "%llu pages taken by compaction", (unsigned long long)n);
	for (int i = 0; i < ISO_DEREFERENCED; i++)
		if (isolated(run, isolation__name(i))) {
			para__add(&para, "%s%s %llu", separator,
				  isolation__name(i) + sizeof("taken_") - 1,
				  (unsigned long long)isolated(run, isolation__name(i)));
			separator = ", ";
		}
	para__add(&para, "; %llu mappings looked at under the page's lock:",
		  (unsigned long long)isolated(run, "dereferenced"));
	para__add(&para, "%llu gone, %llu exiting",
		  (unsigned long long)isolated(run, "mapping_gone"),
		  (unsigned long long)isolated(run, "mapping_exiting"));
	para__end(&para);
}

static void truncation(const struct page *p)
{
	const struct run *run = p->run;
	struct para para;

	if (!isolated(run, "moves"))
		return;
	para__begin(&para, p->f, LABEL_WIDTH, "truncated");
	para__add(&para, "%llu of %llu moves begun; before their move: %llu freed, %llu with only",
		  (unsigned long long)isolated(run, "gone_at_move"),
		  (unsigned long long)isolated(run, "moves"),
		  (unsigned long long)isolated(run, "freed"),
		  (unsigned long long)isolated(run, "orphaned"));
	para__add(&para, "buffers left");
	para__end(&para);
}

static void rings(const struct page *p)
{
	const struct counters *c = &p->run->counters;
	__u64 reads = counters__get(c, "aio_overlaps_read"), unpaired;
	__u64 writes = counters__get(c, "aio_overlaps_completion");
	struct para para;

	if (!counters__get(c, "aio_copies"))
		return;
	para__begin(&para, p->f, LABEL_WIDTH, "aio rings");
	para__add(&para, "%llu pages copied beside %llu reads and %llu completions:",
		  (unsigned long long)counters__get(c, "aio_copies"),
		  (unsigned long long)counters__get(c, "aio_reads"),
		  (unsigned long long)counters__get(c, "aio_completions"));
	if (reads + writes)
		para__add(&para, "%llu READS AND %llu COMPLETIONS MET THE COPY OF THEIR PAGE",
			  (unsigned long long)reads, (unsigned long long)writes);
	else
		para__add(&para, "none met the copy of its page");
	unpaired = counters__get(c, "aio_unpaired");
	if (unpaired)
		para__add(&para, "(of %llu it is not known)", (unsigned long long)unpaired);
	para__end(&para);
}

void part__field(const struct page *p)
{
	refcounts(p);
	for (unsigned int path = 0; path < PATH_COUNT; path++)
		attempts(p, path__name(path), &p->run->tries[path]);
	isolation(p);
	truncation(p);
	sleepers(p);
	rings(p);
}
