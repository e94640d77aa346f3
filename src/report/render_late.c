// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Late references one by one, in the manner of KCSAN's reports: both sides, both stacks, the same
 * object. Stage 5.
 */
#include <jansson.h>
#include <string.h>

#include "report/render.h"

static const char *phase_words(const char *phase)
{
	if (!strcmp(phase, "before_switch"))
		return "before the mapping switch";
	if (!strcmp(phase, "copy"))
		return "during the copy";
	return "after the mapping switch";
}

void render_words(const char *s, FILE *f)
{
	for (; s && *s; s++)
		fputc((unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s, f);
}

void render_stack(const struct late_side *s, FILE *f)
{
	for (size_t i = 0; i < s->stack_n; i++) {
		fprintf(f, "  ");
		render_words(s->stack[i], f);
		fputc('\n', f);
	}
	if (!s->stack_n)
		fprintf(f, "  (no stack)\n");
}

static void task(const char *does, const struct late_side *s, FILE *f)
{
	fprintf(f, "%s by ", does);
	render_words(s->comm, f);
	fprintf(f, "/%u on CPU %u", s->pid, s->cpu);
}

void render_late_text(const struct late_event *e, const char *device, FILE *f)
{
	char words[DEV_WORDS];

	fprintf(f, RULE "\nmigtrace: %s on ",
		late_event__permitted(e) ? "reference by an association list, which is no fault," :
		e->possible		 ? "possible late buffer reference" :
					   "late buffer reference");
	render_words(dev__words(e->dev, device, words), f);
	fprintf(f, ", block %llu, at %.6f s\n\n", (unsigned long long)e->block, e->time_ns / 1e9);
	if (e->has_lookup) {
		task(e->possible ? "lock taken" : "reference taken", &e->lookup, f);
		fprintf(f, ", %llu ns after the check, %s%s:\n",
			(unsigned long long)e->since_check_ns, phase_words(e->phase),
			e->possible ? "; released after the end of the move" : "");
		render_stack(&e->lookup, f);
	} else {
		fprintf(f,
			"reference seen at the end of the move, %llu ns after the check; "
			"by whom is not known\n",
			(unsigned long long)e->since_check_ns);
	}
	fputc('\n', f);
	task("page migrated", &e->migrator, f);
	fprintf(f, ":\n");
	render_stack(&e->migrator, f);
	fprintf(f, "\nb_count %lld%s%s\n" RULE "\n", (long long)e->b_count,
		e->dirtied ? ", dirtied in the window: the update may be lost" : "",
		late_event__permitted(e) ? " (not counted)" : "");
}

json_t *render_side_json(const struct late_side *s)
{
	json_t *stack = json_array();

	for (size_t i = 0; i < s->stack_n; i++)
		json_array_append_new(stack, json_string(s->stack[i]));
	return json_pack("{s:s, s:i, s:i, s:o}", "comm", s->comm, "pid", s->pid, "cpu", s->cpu,
			 "stack", stack);
}

static void dump_line(json_t *o, FILE *f)
{
	json_dumpf(o, f, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputc('\n', f);
	json_decref(o);
}

void render_late_json(const struct late_event *e, const char *device, FILE *f)
{
	char dev[DEV_TEXT];

	dev__format(e->dev, dev, sizeof(dev));
	dump_line(json_pack("{s:s, s:b, s:s, s:I, s:I, s:s, s:s, s:I, s:s, s:b, s:I, s:o, s:o}",
			    "type", "late_reference", "possible", e->possible, "kind", e->kind,
			    "time_ns", (json_int_t)e->time_ns, "since_check_ns",
			    (json_int_t)e->since_check_ns, "dev", dev, "device", device, "block",
			    (json_int_t)e->block, "phase", e->phase, "dirtied", e->dirtied,
			    "b_count", (json_int_t)e->b_count, "migrator",
			    render_side_json(&e->migrator), "lookup",
			    e->has_lookup ? render_side_json(&e->lookup) : json_null()),
		  f);
}

static const char *const words[] = {
	[VERDICT_NONE_SEEN] = "none seen",
	[VERDICT_FOUND] = "found",
	[VERDICT_INCONCLUSIVE] = "inconclusive",
};

/* 95 % upper bound of the probability that such a lookup is late (the rule of three). */
static double bound(const struct late *l)
{
	return 3.0 / (double)late__evidence(l);
}

void render_late_summary(const struct run *run, FILE *f)
{
	const struct late *l = &run->late;
	enum verdict verdict = run__verdict(run);
	bool doubtful = verdict == VERDICT_INCONCLUSIVE;

	fprintf(f, "migtrace: late references: %llu (%s%s%s) on %s, %s: %s\n",
		(unsigned long long)l->total, words[verdict], doubtful ? ": " : "",
		doubtful ? run__doubt(run) : "", run->kernel.release, run->kernel.generation,
		run->kernel.generation_evidence);
	fprintf(f,
		"  by lookup %llu, by the count at the end %llu; up to %llu more possible; "
		"association lists %llu (apart)\n",
		(unsigned long long)l->slow_lookup, (unsigned long long)l->end_count,
		(unsigned long long)l->possible, (unsigned long long)l->assoc_list);
	fprintf(f,
		"  evidence: %llu windows, %llu aborted; lookups that met the window of their page: %llu spinlock, "
		"%llu folio lock; lookups of a page during its window or up to 1 ms after: %llu spinlock, %llu folio lock\n",
		(unsigned long long)l->windows, (unsigned long long)l->aborted,
		(unsigned long long)l->waited_spin, (unsigned long long)l->waited_folio,
		(unsigned long long)l->behind_spin, (unsigned long long)l->behind_folio);
	if (verdict == VERDICT_NONE_SEEN && late__bounds(l))
		fprintf(f, "  95 %% upper bound: %.2g of the lookups that met a window\n",
			bound(l));
	fprintf(f, "  losses:");
	for (unsigned int i = 0, none = 1; i < LOSS_COUNT; i++) {
		if (run->losses[i])
			fprintf(f, " %s %llu%s", loss__name(i), (unsigned long long)run->losses[i],
				loss__hides(i) ? " (taints the verdict)" : "");
		none &= !run->losses[i];
		if (none && i == LOSS_COUNT - 1)
			fprintf(f, " none");
	}
	fputc('\n', f);
}

void render_late_summary_json(const struct run *run, FILE *f)
{
	const struct late *l = &run->late;
	enum verdict verdict = run__verdict(run);
	json_t *losses = json_object();

	for (unsigned int i = 0; i < LOSS_COUNT; i++)
		json_object_set_new(losses, loss__name(i), json_integer(run->losses[i]));
	dump_line(json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:{s:I, s:I, s:I}, s:I, s:I, "
			    "s:{s:I, s:I}, s:{s:I, s:I}, s:o, s:o}",
			    "type", "summary", "verdict", words[verdict], "kernel",
			    run->kernel.release, "generation", run->kernel.generation,
			    "generation_evidence", run->kernel.generation_evidence, "total",
			    (json_int_t)l->total, "possible", (json_int_t)l->possible, "by_kind",
			    "slow_lookup", (json_int_t)l->slow_lookup, "end_count",
			    (json_int_t)l->end_count, "assoc_list", (json_int_t)l->assoc_list,
			    "windows", (json_int_t)l->windows, "aborted", (json_int_t)l->aborted,
			    "lookups_waited", "spin", (json_int_t)l->waited_spin, "folio",
			    (json_int_t)l->waited_folio, "lookups_behind", "spin",
			    (json_int_t)l->behind_spin, "folio", (json_int_t)l->behind_folio,
			    "upper_bound_95",
			    verdict == VERDICT_NONE_SEEN && late__bounds(l) ? json_real(bound(l)) :
									      json_null(),
			    "losses", losses),
		  f);
}
