// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Maps in plain memory. What was touched is known, so that forgetting it costs no more than it did. */
#include "fake.h"

#define MAPS	 32
#define HASH_MAX 32 /* no run has more keys */
#define RECORDS	 256

struct fake_map {
	void *decl;
	enum fake_kind kind;
	size_t key, value, n;
	char *values, *keys;
	size_t used; /* hash: places in use; array: in touched[] */
	__u32 *touched;
	bool *is_touched;
};

static struct fake_map maps[MAPS];
static size_t maps_n;
static void *records[RECORDS];
static size_t records_n;

static bool by_cpu(const struct fake_map *m)
{
	return m->kind == FAKE_CPU_ARRAY || m->kind == FAKE_CPU_HASH;
}

static bool is_hash(const struct fake_map *m)
{
	return m->kind == FAKE_HASH || m->kind == FAKE_CPU_HASH;
}

static size_t place_size(const struct fake_map *m)
{
	return m->value * (by_cpu(m) ? CPUS : 1);
}

struct fake_map *fake_map(void *decl, enum fake_kind kind, size_t key, size_t value, size_t n)
{
	struct fake_map *m;

	for (m = maps; m < maps + maps_n; m++)
		if (m->decl == decl)
			return m;
	if (maps_n == MAPS)
		abort();
	maps_n++;
	*m = (struct fake_map){ .decl = decl, .kind = kind, .key = key, .value = value };
	m->n = is_hash(m) && n > HASH_MAX ? HASH_MAX : n;
	m->values = calloc(m->n, place_size(m));
	m->keys = calloc(m->n, key);
	m->touched = calloc(m->n, sizeof(*m->touched));
	m->is_touched = calloc(m->n, 1);
	return m;
}

static void *value_at(struct fake_map *m, size_t i)
{
	return m->values + i * place_size(m) + (by_cpu(m) ? fake_cpu() * m->value : 0);
}

static void *array_at(struct fake_map *m, __u32 i)
{
	if (i >= m->n)
		return NULL;
	if (!m->is_touched[i]) {
		m->is_touched[i] = true;
		m->touched[m->used++] = i;
	}
	return value_at(m, i);
}

void *fake_lookup(struct fake_map *m, const void *key)
{
	if (!is_hash(m))
		return array_at(m, *(const __u32 *)key);
	for (size_t i = 0; i < m->used; i++)
		if (!memcmp(m->keys + i * m->key, key, m->key))
			return value_at(m, i);
	return NULL;
}

int fake_update(struct fake_map *m, const void *key, const void *value, bool is_new)
{
	void *at = fake_lookup(m, key);

	if ((at && is_new) || (!at && m->used == m->n))
		return -1;
	if (!at) {
		memset(m->values + m->used * place_size(m), 0, place_size(m));
		memcpy(m->keys + m->used * m->key, key, m->key);
		at = value_at(m, m->used++);
	}
	memcpy(at, value, m->value);
	return 0;
}

int fake_delete(struct fake_map *m, const void *key)
{
	for (size_t i = 0; i < m->used; i++) {
		if (memcmp(m->keys + i * m->key, key, m->key))
			continue;
		m->used--;
		memmove(m->keys + i * m->key, m->keys + m->used * m->key, m->key);
		memmove(m->values + i * place_size(m), m->values + m->used * place_size(m),
			place_size(m));
		return 0;
	}
	return -1;
}

size_t fake_used(void *decl)
{
	for (struct fake_map *m = maps; m < maps + maps_n; m++)
		if (m->decl == decl)
			return m->used;
	return 0;
}

static __u32 places, given[HASH_MAX];
static size_t given_n; /* back */

int fake_pop(__u32 *place)
{
	if (!given_n && places == HASH_MAX)
		return -1;
	*place = given_n ? given[--given_n] : places++;
	return 0;
}

int fake_push(const __u32 *place)
{
	given[given_n++] = *place;
	return 0;
}

size_t fake_out(void)
{
	return places - given_n;
}

void fake_forget(void)
{
	places = 0;
	given_n = 0;
	for (struct fake_map *m = maps; m < maps + maps_n; m++) {
		for (size_t i = 0; i < m->used && !is_hash(m); i++) {
			memset(m->values + m->touched[i] * place_size(m), 0, place_size(m));
			m->is_touched[m->touched[i]] = false;
		}
		m->used = 0;
	}
	while (records_n)
		free(records[--records_n]);
}

void *fake_reserve(size_t size)
{
	return calloc(1, size);
}

void fake_submit(void *record)
{
	if (records_n == RECORDS)
		abort();
	records[records_n++] = record;
}

size_t fake_records(void *const **v)
{
	*v = records;
	return records_n;
}
