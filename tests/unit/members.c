// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * members schema | man: what src/model/run_table.c says of a run file, as tests/schema/run.schema.json
 * and as the list in migtrace-run(5). `make members` writes both; members.sh compares them.
 * members lines: what watch prints as JSON, for docs.sh.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/run_table.h"
#include "report/render.h"
#include "unit.h"

#define TIME                                                                                       \
	"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"

static json_t *definitions; /* of shapes that have a title, and of a few types */

/* A title without blanks. */
static const char *name_of(const char *title)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s", title);
	for (char *at = name; (at = strchr(at, ' '));)
		*at = '_';
	return name;
}

static json_t *ref(const char *title)
{
	return json_pack("{s:s+}", "$ref", "#/definitions/", name_of(title));
}

static json_t *words_schema(const struct member *m)
{
	json_t *words = json_array();

	for (unsigned int i = 0; m->names ? i < m->names->count : !!m->words[i]; i++) {
		const char *word = m->names ? m->names->name(i) : m->words[i];

		if (word)
			json_array_append_new(words, json_string(word));
	}
	if (m->flags & NULLS)
		json_array_append_new(words, json_null());
	return json_pack("{s:o}", "enum", words);
}

static json_t *text_schema(const struct member *m)
{
	if (m->words)
		return words_schema(m);
	return m->least ? json_pack("{s:s, s:i}", "type", "string", "minLength", m->least) :
			  json_pack("{s:s}", "type", "string");
}

static json_t *shape_schema(const struct shape *s);

static json_t *by_name_schema(const struct member *m)
{
	json_t *of = shape_schema(m->of), *required = json_array(), *o;

	for (unsigned int i = 0; i < m->names->count && !(m->flags & SPARSE); i++)
		if (m->names->name(i))
			json_array_append_new(required, json_string(m->names->name(i)));
	o = json_pack("{s:s, s:o}", "type", "object", "additionalProperties", of);
	if (json_array_size(required))
		json_object_set(o, "required", required);
	json_decref(required);
	return o;
}

static json_t *list_schema(const struct member *m)
{
	json_t *o = json_pack("{s:s, s:o}", "type", "array", "items", shape_schema(m->of));

	if (m->max)
		json_object_set_new(o, "maxItems", json_integer((json_int_t)m->max));
	return o;
}

static json_t *type_schema(const struct member *m)
{
	switch (m->type) {
	case M_TEXT:
	case M_CHARS:
		return text_schema(m);
	case M_TIME:
		return json_pack("{s:s, s:s}", "type", "string", "pattern", TIME);
	case M_TEXTS:
		return json_pack("{s:s, s:o}", "type", "array", "items", text_schema(m));
	case M_COUNT:
		return m->least ? json_pack("{s:s, s:i}", "type", "integer", "minimum", m->least) :
				  ref("count");
	case M_INT:
		return json_pack("{s:s}", "type", "integer");
	case M_MODE:
		return json_pack("{s:[s, s]}", "type", "integer", "null");
	case M_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case M_DEV:
		return ref("device");
	case M_NAMED:
		return words_schema(m);
	case M_HIST:
		return ref("histogram");
	case M_COUNTERS:
		return ref("counters");
	case M_TRIES:
		return ref("attempts");
	case M_OBJECT:
		return shape_schema(m->of);
	case M_LIST:
	case M_ARRAY:
		return list_schema(m);
	case M_BY_NAME:
		return by_name_schema(m);
	case M_DEVICES:
		return json_pack("{s:s, s:{s:s}, s:o}", "type", "object", "propertyNames",
				 "pattern", "^[0-9]+:[0-9]+$", "additionalProperties",
				 shape_schema(m->of));
	case M_END:
		break;
	}
	return NULL;
}

/* A number with a name has null among its words, and so has a text that has some. */
static json_t *member_schema(const struct member *m)
{
	json_t *o = type_schema(m);

	return m->flags & NULLS && m->type != M_NAMED && !m->words ?
		       json_pack("{s:[o, {s:s}]}", "oneOf", o, "type", "null") :
		       o;
}

/* A member that is there unless another is: text or null, and never both or none. */
static void either(json_t *o, const struct shape *s, const struct member *m)
{
	const struct member *other = s->member;

	while (other->at != m->has)
		other++;
	json_object_set_new(o, "if",
			    json_pack("{s:{s:{s:s}}}", "properties", other->key, "type", "null"));
	json_object_set_new(o, "then",
			    json_pack("{s:{s:{s:s}}}", "properties", m->key, "type", "string"));
	json_object_set_new(o, "else",
			    json_pack("{s:{s:{s:s}}}", "properties", m->key, "type", "null"));
}

static json_t *object_schema(const struct shape *s)
{
	json_t *members = json_object(), *required = json_array(), *o;

	o = json_pack("{s:s, s:o, s:o}", "type", "object", "required", required, "properties",
		      members);
	for (const struct member *m = s->member; m->type; m++) {
		if (!(m->flags & (OPTIONAL | HIDDEN)))
			json_array_append_new(required, json_string(m->key));
		json_object_set_new(members, m->key, member_schema(m));
		if (m->flags & UNLESS)
			either(o, s, m);
	}
	return o;
}

static json_t *shape_schema(const struct shape *s)
{
	if (!s->member->key)
		return type_schema(s->member);
	if (!json_object_get(definitions, name_of(s->title))) {
		json_t *o = object_schema(s); /* which may make names of its own */

		json_object_set_new(definitions, name_of(s->title), o);
	}
	return ref(s->title);
}

static void types(void)
{
	json_t *c = ref("count");

	definitions = json_pack("{s:{s:s, s:i, s:I}, s:{s:s, s:s}, s:{s:s, s:O}}", "count", "type",
				"integer", "minimum", 0, "maximum", (json_int_t)9223372036854775807,
				"device", "type", "string", "pattern", "^[0-9]+:[0-9]+$",
				"counters", "type", "object", "additionalProperties", c);
	json_object_set_new(definitions, "histogram",
			    json_pack("{s:s, s:[s, s, s, s, s], s:{s:O, s:O, s:O, s:O, "
				      "s:{s:s, s:{s:s, s:O, s:i, s:i}}}}",
				      "type", "object", "required", "count", "sum_ns", "min_ns",
				      "max_ns", "buckets", "properties", "count", c, "sum_ns", c,
				      "min_ns", c, "max_ns", c, "buckets", "type", "array", "items",
				      "type", "array", "items", c, "minItems", 3, "maxItems", 3));
	json_object_set_new(definitions, "attempts",
			    json_pack("{s:s, s:i, s:{s:s, s:[s, s, s, s], "
				      "s:{s:{s:s, s:i, s:i}, s:O, s:O, s:O}}}",
				      "type", "array", "maxItems", TRIES_KEPT, "items", "type",
				      "object", "required", "attempt", "tried", "moved", "given_up",
				      "properties", "attempt", "type", "integer", "minimum", 1,
				      "maximum", TRIES_KEPT, "tried", c, "moved", c, "given_up",
				      c));
	json_decref(c);
}

static void print_schema(void)
{
	json_t *root, *run, *required, *members;

	types();
	run = object_schema(&run_shape);
	required = json_pack("[s, s]", "format", "version");
	json_array_extend(required, json_object_get(run, "required"));
	members = json_pack("{s:{s:s}, s:{s:i}}", "format", "const", RUN_FORMAT, "version", "const",
			    RUN_VERSION);
	json_object_update(members, json_object_get(run, "properties"));
	root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "$schema",
			 "http://json-schema.org/draft-07/schema#", "title",
			 "migtrace run file, version 1", "description",
			 "What migtrace record writes; migtrace-run(5) explains every key. Later "
			 "releases may add keys and never rename one.",
			 "$comment",
			 "SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause. Written by `make "
			 "members` from src/model/run_table.c.",
			 "type", "object", "required", required, "properties", members,
			 "definitions", definitions);
	json_dumpf(root, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(run);
	json_decref(root);
}

/* `word` on a line of its own, as mdoc(7) wants it, with the punctuation behind it. */
static void print_words(const char *text)
{
	size_t column = 0;

	while (*text) {
		const char *end =
			text + (*text == '`' ? strcspn(text + 1, "`") + 2 : strcspn(text, " `"));
		int n = (int)(end - text);

		if (*text == '`') {
			printf("%s.Cm %.*s", column ? "\n" : "", n - 2, text + 1);
			for (; *end && strchr(",.;:)", *end); end++)
				printf(" %c", *end);
			putchar('\n');
			column = 0;
		} else if (n) {
			if (column && column + n >= 76) {
				putchar('\n');
				column = 0;
			}
			column += printf("%s%.*s", column ? " " : "", n, text);
			if (*end && end[-1] == '.' && n > 2) { /* a sentence, which has its line */
				putchar('\n');
				column = 0;
			}
		}
		text = end + strspn(end, " ");
	}
	if (column)
		putchar('\n');
}

static void print_word_list(const struct member *m)
{
	unsigned int count = 0, left = 0;
	const char *word;

	while (m->names ? count < m->names->count : !!m->words[count])
		count++;
	for (unsigned int i = 0; i < count; i++)
		left += !m->names || m->names->name(i);
	puts(m->type == M_TEXTS ? "Of" : m->type == M_BY_NAME ? "Members:" : "One of");
	for (unsigned int i = 0; i < count; i++) {
		word = m->names ? m->names->name(i) : m->words[i];
		if (word)
			printf(".Cm %s%s\n", word, --left ? " ," : " .");
	}
	if (m->type == M_BY_NAME && m->flags & SPARSE)
		puts("Those of which nothing is known are left out.");
}

/* Are entries of @s added up? If not, each is one run's. */
static bool is_merged(const struct shape *s)
{
	bool any = false;

	for (const struct member *m = s->member; m->type; m++)
		any |= m->merge != MERGE_KEEP;
	return any;
}

static void print_keys(const struct shape *s)
{
	const char *separator = "";

	printf("In a sum: entries with the same");
	for (const struct member *m = s->member; m->type; m++) {
		if (!(m->flags & KEY))
			continue;
		printf("%s\n.Cm %s", separator, m->key);
		separator = " ,";
	}
	puts("\nare added up.");
}

/* What the paragraph on sums does not say. */
static void print_merge(const struct shape *s, const struct member *m)
{
	static const char *const words[] = {
		[MERGE_KEEP] = "In a sum: that of the first recording.",
		[MERGE_SAME] = "Runs in which it differs are not added up.",
		[MERGE_MAX] = "In a sum: the largest.",
		[MERGE_FIRST] = "In a sum: the first one that is not empty.",
		[MERGE_OR] = "In a sum: true if it is so in one of them.",
		[MERGE_AND] = "In a sum: only where all have it.",
		[MERGE_EVENTS] = "In a sum: the first 1024; the others are counted.",
		[MERGE_WORST] = "In a sum: the longest.",
		[MERGE_DROP] = "A sum has none.",
		[MERGE_OWN] = NULL,
	};

	if (m->merge == MERGE_AND && m->type == M_LIST)
		puts(words[MERGE_AND]);
	if (m->merge == MERGE_KEYED || (m->merge == MERGE_AND && m->type == M_LIST))
		print_keys(m->of);
	else if (m->merge == MERGE_FIRST && m->type == M_TIME)
		puts("In a sum: the earliest.");
	else if (m->merge != MERGE_ADD && words[m->merge] && !(m->flags & KEY) && is_merged(s))
		puts(words[m->merge]);
	if (m->within)
		printf("No more than\n.Cm %s .\n", m->within);
}

static void print_shape(const struct shape *s)
{
	static const struct shape *done[32];
	size_t n = 0;

	while (done[n] && done[n] != s)
		n++;
	if (done[n] || !s->member->key)
		return;
	done[n] = s;
	printf(".Ss %s\n.Bl -tag -width Ds\n", s->title);
	for (const struct member *m = s->member; m->type; m++) {
		printf(".It Cm %s\n", m->key);
		print_words(m->means);
		if (m->words || (m->names && (m->names->strict || m->type == M_NAMED)))
			print_word_list(m);
		if (m->max && m->type == M_ARRAY)
			printf("At most %zu.\n", m->max);
		if (m->of && m->of->member->key)
			printf("See\n.Sx %s .\n", m->of->title);
		if (m->flags & (OPTIONAL | HIDDEN))
			puts(m->flags & HIDDEN ? "May be missing." :
						 "Missing in files of older versions.");
		print_merge(s, m);
	}
	puts(".El");
	for (const struct member *m = s->member; m->type; m++)
		if (m->of)
			print_shape(m->of);
}

/* One of each object that `migtrace watch --json` prints. */
static void print_lines(void)
{
	struct run full, migrate;

	sample__full(&full);
	sample__migrate(&migrate);
	render_late_json(full.late.proven.v, "sda1", stdout);
	render_stall_json(migrate.stalls, "sda1", false, stdout);
	render_stall_json(migrate.stalls, "sda1", true, stdout);
	render_late_summary_json(&full, stdout);
	run__free(&full);
	run__free(&migrate);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "schema"))
		print_schema();
	else if (argc == 2 && !strcmp(argv[1], "man"))
		print_shape(&run_shape);
	else if (argc == 2 && !strcmp(argv[1], "lines"))
		print_lines();
	else
		return 2;
	return 0;
}
