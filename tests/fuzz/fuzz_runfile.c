// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A run file from somebody else: reading it, every renderer on what was read, and adding it to
 * itself. What we write of it, we must read again the same; what is for terminals must not steer
 * one.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "report/render.h"

const bool fuzz__parts = false;

typedef int renderer(const struct run *run, const struct render_opts *o, FILE *f);

static char *render(renderer *how, const struct run *run, const struct render_opts *o, size_t *size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, size);
	int ret = how(run, o, f);

	fuzz__claim(!fclose(f) && !ret, "what was read can be rendered", "");
	return text;
}

static bool load(struct run *run, const void *data, size_t size, char *err, size_t err_size)
{
	if (!run__load(run, fuzz__file(0, data, size), err, err_size))
		return true;
	fuzz__claim(*err, "a refusal has a reason", "");
	fuzz__claim_plain(err, strlen(err), "a reason is plain text");
	return false;
}

/* No raw byte that the format gives a meaning to, or none: a quote, an angle, an escape. */
static void claim_bytes(const char *text, size_t size, const char *about)
{
	for (size_t i = 0; i < size; i++)
		fuzz__claim(text[i] & 0xe0 || strchr("\n\r\t", text[i]), about, text);
}

/* RFC 4180: a quote opens a cell or is doubled, and every row has as many cells as the first. */
static void claim_csv(const char *text, size_t size)
{
	size_t cells = 1, first = 0;
	bool quoted = false;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == ',' && !quoted)
			cells++;
		if (text[i] != '\n' || quoted)
			continue;
		fuzz__claim(!first || cells == first, "all rows are as wide", text);
		first = cells;
		cells = 1;
	}
	fuzz__claim(!quoted && cells == 1, "the last row has an end", text);
}

/* name{label="value",...} number, where a value has its quotes, backslashes and ends of line escaped */
static void claim_metrics(const char *text)
{
	const char *end;

	for (; *text; text = end + 1) {
		end = strchr(text, '\n');
		fuzz__claim(end, "the last line has an end", text);
		if (*text == '#')
			continue;
		fuzz__claim(!strncmp(text, "migtrace_", 9), "a line is a metric's", text);
		text += strcspn(text, "{ ");
		while (*text == '{' || *text == ',') {
			text += strcspn(text, "=\n");
			fuzz__claim(text[0] == '=' && text[1] == '"', "a label has a value", text);
			for (text += 2; *text != '"' && *text != '\n'; text++)
				text += *text == '\\';
			fuzz__claim(*text == '"', "a value has an end", text);
			text++;
		}
		text += *text == '}';
		fuzz__claim(*text == ' ' && text + 1 + strcspn(text + 1, " \n") == end,
			    "a metric has one number", text);
	}
}

/* Words of the file, two of them mutate_json.c's, are no tags. */
static void claim_page(const char *text, size_t size)
{
	claim_bytes(text, size, "a page has no control character");
	fuzz__claim(!strstr(text, "<script>alert("), "a page runs no script of others", text);
}

static void shown(const struct run *run, const uint8_t *data, size_t data_size)
{
	static const struct render_opts plain = { .path = "run.json" };
	static const struct render_opts linear = { .linear_width_ns = 5000, .linear_count = 20 };
	static const struct {
		renderer *how;
		const struct render_opts *o;
	} ways[] = {
		{ render_text, &plain }, { render_text, &linear },	{ render_csv, &plain },
		{ render_html, &plain }, { render_prometheus, &plain },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		size_t size;
		char *text = render(ways[i].how, run, ways[i].o, &size);

		fuzz__claim_no_null(text, size, data, data_size);
		if (ways[i].how == render_text)
			fuzz__claim_plain(text, size, "the report is plain text");
		else if (ways[i].how == render_html)
			claim_page(text, size);
		else if (ways[i].how == render_csv)
			claim_csv(text, size);
		else if (ways[i].how == render_prometheus)
			claim_metrics(text);
		free(text);
	}
}

/* What we write is a run file. */
static char *rewritten(const struct run *run, struct run *again, size_t *size)
{
	const struct render_opts o = { 0 };
	char *text = render(render_json, run, &o, size), err[512];

	fuzz__claim(load(again, text, *size, err, sizeof(err)), "ours is read again", err);
	return text;
}

/* Written, read and written again: nothing may be lost on the way, and nothing refused. */
static void survives(const struct run *run)
{
	const struct render_opts o = { 0 };
	size_t first_size, second_size;
	struct run again;
	char *first = rewritten(run, &again, &first_size), *second;

	second = render(render_json, &again, &o, &second_size);
	fuzz__claim_same(first, first_size, second, second_size, "ours is read as what it was");
	run__free(&again);
	free(first);
	free(second);
}

static void late(const struct run *run)
{
	fuzz__capture();
	for (size_t i = 0; i < run->late.proven.n; i++) {
		render_late_text(&run->late.proven.v[i], "sda", stdout);
		render_late_json(&run->late.proven.v[i], "sda", stdout);
	}
	render_late_summary(run, stdout);
	render_late_summary_json(run, stdout);
	fuzz__captured();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run run, copy; /* a third of a megabyte each */
	char err[512];
	size_t text_size;
	const char *why;

	if (!load(&run, data, size, err, sizeof(err)))
		return 0;
	shown(&run, data, size);
	survives(&run);
	late(&run);
	fuzz__claim(load(&copy, data, size, err, sizeof(err)), "what was read is read again", err);
	fuzz__claim(!run__merge(&run, &copy, &why), "a run can be added to itself", "");
	run__free(&copy);
	shown(&run, data, size);
	free(rewritten(&run, &copy, &text_size)); /* sums are clamped once, and then stay */
	survives(&copy);
	run__free(&copy);
	run__free(&run);
	return 0;
}
