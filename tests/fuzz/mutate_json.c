// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Changes to run files that leave them JSON, for what is behind the parser: a member lost, doubled,
 * swapped for another one, a number at the edge of its type, a text that some format gives a
 * meaning to. Histograms are put right afterwards, most of the time: the reader refuses one whose
 * buckets do not add up, and nothing would be seen of what comes later.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "model/run.h"

#define NO_END 9223372036854775807LL
#define PARTS  16

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

static uint64_t state;

static uint32_t pick(uint32_t below)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return below ? (uint32_t)(state >> 33) % below : 0;
}

static json_t *some_number(const json_t *old)
{
	static const json_int_t edges[] = {
		0,	    1,		-1,	    255,	 65535,	    2147483647,
		2147483648, 4294967295, 4294967296, 999999999,	 1LL << 40, (1LL << 40) - 1,
		1LL << 53,  NO_END,	NO_END - 1, -NO_END - 1,
	};

	switch (pick(4)) {
	case 0:
		return json_integer(json_integer_value(old) ^ 1LL << pick(63));
	case 1:
		return json_integer(pick(100));
	case 2:
		return json_integer((json_int_t)1 << pick(63));
	default:
		return json_integer(edges[pick(sizeof(edges) / sizeof(*edges))]);
	}
}

static json_t *some_text(const json_t *old)
{
	static const char *const words[] = {
		"",
		"full",
		"light",
		"lock",
		"site",
		"bracket",
		"hold",
		"wait",
		"moved",
		"several",
		"8:0",
		"4095:1048575",
		"held",
		"held or racy",
		"bh_migrate",
		"x86_64",
		"slow_lookup",
		"\033[2J",
		"<script>alert(1)</script>",
		"a,\"b\"\r\n",
		"%s%n",
		"caf\u00e9",
		"\u2028",
		"\n",
		"\\",
		"&amp;",
		"a_name_without_end_0123456789_0123456789_0123456789_0123456789_0123456789",
		"2026-01-01T00:00:00Z",
		"]]>",
		"\x7f",
		"{}",
		"norefs",
		"early",
		"numa",
	};
	char text[128];
	size_t n = json_string_length(old);

	if (pick(2) || n >= sizeof(text))
		return json_string(words[pick(sizeof(words) / sizeof(*words))]);
	if (n)
		memcpy(text, json_string_value(old), n);
	n = LLVMFuzzerMutate((uint8_t *)text, n, sizeof(text));
	return json_stringn(text, n); /* NULL when it is not UTF-8 */
}

static json_t *some_value(const json_t *old)
{
	if (pick(16)) {
		if (json_is_integer(old))
			return some_number(old);
		if (json_is_string(old))
			return some_text(old);
	}
	switch (pick(6)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(pick(2));
	case 2:
		return json_array();
	case 3:
		return json_object();
	case 4:
		return some_number(NULL);
	default:
		return some_text(NULL);
	}
}

/* Buckets as a recording makes them: few, in order. */
static json_t *some_buckets(void)
{
	json_t *list = json_array();
	uint32_t index = pick(HIST_BUCKETS), n = pick(5);

	for (; n-- && index < HIST_BUCKETS; index += 1 + pick(40))
		json_array_append_new(list, json_pack("[I, I, I]", (json_int_t)hist_lower(index),
						      index == HIST_OVERFLOW ?
							      (json_int_t)NO_END :
							      (json_int_t)hist_lower(index + 1),
						      pick(8) ? (json_int_t)(1 + pick(1000)) :
								(json_int_t)1 << pick(60)));
	return list;
}

static json_int_t bucket(const json_t *buckets, size_t i, size_t what)
{
	return json_integer_value(json_array_get(json_array_get(buckets, i), what));
}

static void put_right(json_t *hist, const json_t *buckets)
{
	size_t n = json_array_size(buckets);
	uint64_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += (uint64_t)bucket(buckets, i, 2);
	json_object_set_new(hist, "count", json_integer((json_int_t)count));
	if (!n)
		return;
	json_object_set_new(hist, "min_ns", json_integer(bucket(buckets, 0, 0)));
	json_object_set_new(
		hist, "max_ns",
		json_integer((json_int_t)((uint64_t)bucket(buckets, n - 1, 1) - pick(2))));
}

/* Every value of the tree: its number, where it is, and what happens to it. */
struct walk {
	size_t at, target;
	bool repair;
	json_t *other; /* a copy of some value, once found */
	size_t other_at;
};

static void change_member(json_t *object, const char *key, json_t *value)
{
	switch (pick(8)) {
	case 0:
		json_object_del(object, key);
		return;
	case 1:
		json_object_set(object, pick(2) ? "unknown" : "8:1", value);
		return;
	case 2:
		if (json_object_get(object, "buckets"))
			json_object_set_new(object, "buckets", some_buckets());
		return;
	default:
		json_object_set_new(object, key, some_value(value));
	}
}

static void change_element(json_t *array, size_t i, json_t *value)
{
	switch (pick(8)) {
	case 0:
		json_array_remove(array, i);
		return;
	case 1:
		for (uint32_t n = 1 + pick(20); n; n--)
			json_array_append_new(array, json_deep_copy(value));
		return;
	default:
		json_array_set_new(array, i, some_value(value));
	}
}

static void walk(struct walk *w, json_t *node)
{
	const char *key;
	json_t *value;
	void *next;
	size_t i;

	if (w->repair && json_is_array(json_object_get(node, "buckets")))
		put_right(node, json_object_get(node, "buckets"));
	json_object_foreach_safe(node, next, key, value)
	{
		if (w->at++ == w->target) {
			if (w->other)
				json_object_set(node, key, w->other);
			else
				change_member(node, key, value);
			return;
		}
		if (w->at - 1 == w->other_at)
			w->other = json_deep_copy(value);
		walk(w, value);
		if (w->at > w->target)
			return;
	}
	for (i = 0; i < json_array_size(node); i++) {
		value = json_array_get(node, i);
		if (w->at++ == w->target) {
			change_element(node, i, value);
			return;
		}
		walk(w, value);
		if (w->at > w->target)
			return;
	}
}

static size_t change(uint8_t *data, size_t size, size_t max_size)
{
	json_t *root;
	struct walk all = { .target = (size_t)-1, .other_at = (size_t)-1 };
	char *text;
	size_t n;

	if (!max_size) /* LLVMFuzzerMutate() would write a byte all the same */
		return 0;
	root = json_loadb((char *)data, size, 0, NULL);
	if (!root)
		return LLVMFuzzerMutate(data, size, max_size);
	walk(&all, root);
	for (uint32_t times = 1 + pick(3); times && all.at; times--) {
		struct walk one = { .target = pick((uint32_t)all.at), .other_at = (size_t)-1 };

		if (!pick(6))
			one.other_at = pick((uint32_t)one.target + 1);
		walk(&one, root);
		json_decref(one.other);
	}
	if (pick(8)) {
		struct walk right = { .target = (size_t)-1,
				      .repair = true,
				      .other_at = (size_t)-1 };

		walk(&right, root);
	}
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	n = text ? strlen(text) : 0;
	if (!n || n > max_size) {
		free(text);
		return LLVMFuzzerMutate(data, size, max_size);
	}
	memcpy(data, text, n);
	free(text);
	return n;
}

/* One of the parts that NUL separates, or all bytes; now and then a changed copy as one more. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size_t starts[PARTS + 1], n = 0, from, len, rest, room;

	state = seed;
	if (!pick(8))
		return LLVMFuzzerMutate(data, size, max_size);
	for (size_t i = 0; i < size && n < PARTS; i++)
		if (!i || !data[i - 1])
			starts[n++] = i;
	starts[n] = size + 1;
	if (!n)
		return LLVMFuzzerMutate(data, size, max_size);
	rest = pick((uint32_t)n);
	from = starts[rest];
	len = starts[rest + 1] - 1 - from;
	if (fuzz__parts && n < PARTS && !pick(4) && size + 1 + len <= max_size) {
		data[size] = 0;
		memmove(data + size + 1, data + from, len);
		return size + 1 + change(data + size + 1, len, max_size - size - 1);
	}
	rest = size - from - len;
	room = max_size - from - rest;
	if (rest) {
		uint8_t *tail = malloc(rest), *part = malloc(room);

		memcpy(tail, data + from + len, rest);
		memcpy(part, data + from, len);
		len = change(part, len, room);
		memcpy(data + from, part, len);
		memcpy(data + from + len, tail, rest);
		free(part);
		free(tail);
		return from + len + rest;
	}
	return from + change(data + from, len, room);
}
