/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A run is a table: a member is a row, and reading, writing, merging, freeing, the JSON schema and
 * the list in migtrace-run(5) follow from it (`make members` writes the latter two). Stage 4 (model).
 */
#ifndef MIGTRACE_RUN_TABLE_H
#define MIGTRACE_RUN_TABLE_H

#include "model/run.h"

enum member_type {
	M_END = 0,
	M_TEXT,	    /* char *, owned */
	M_CHARS,    /* char[size] */
	M_TIME,	    /* char *, RFC 3339 in UTC */
	M_TEXTS,    /* char **, @n of them, owned */
	M_COUNT,    /* unsigned, four or eight bytes */
	M_INT,	    /* signed, four or eight bytes */
	M_MODE,	    /* enum migrate_mode; null below zero */
	M_BOOL,	    /* */
	M_DEV,	    /* kernel's dev_t, "MAJ:MIN" */
	M_NAMED,    /* a number of one or four bytes that has a name; null for one without */
	M_HIST,	    /* struct hist */
	M_COUNTERS, /* struct counters */
	M_OBJECT,   /* of @of's members */
	M_LIST,	    /* pointer to @n of @of, owned */
	M_ARRAY,    /* the same, in place */
	M_BY_NAME,  /* one of @of for each of @names, in place */
	M_DEVICES,  /* the run's devices, by MAJ:MIN */
	M_TRIES,    /* struct run_tries */
};

enum merge_rule {
	MERGE_KEEP = 0, /* the first run's */
	MERGE_SAME,	/* runs in which it differs are not merged */
	MERGE_ADD,	/* and of objects: each member by its own rule */
	MERGE_MAX,
	MERGE_FIRST, /* the first that is not empty; of times: the earlier */
	MERGE_OR,
	MERGE_AND,    /* there when it is in both; otherwise as MERGE_ADD, a list as MERGE_KEYED */
	MERGE_KEYED,  /* entries with equal KEY members are merged, others appended */
	MERGE_EVENTS, /* appended up to RUN_EVENTS; the rest is counted (struct late_events) */
	MERGE_WORST,  /* the longest of both (struct run_site) */
	MERGE_DROP,   /* belongs to one recording */
	MERGE_OWN,    /* merge_identity(), run__note_parts() */
};

enum member_flag {
	OPTIONAL = 1, /* missing in files of older versions */
	NULLS = 2,    /* null where it is not there */
	HIDDEN = 4,   /* missing where it is not there */
	UNLESS = 8,   /* it is there when what @has says is not */
	SPARSE = 16,  /* M_BY_NAME: without those of which nothing is known */
	KEY = 32,     /* MERGE_KEYED: tells the entries apart */
	STRICT = 64,  /* another word than @words is refused */
	ONE = 128,    /* 0 stands for 1 */
	BULKY = 256,  /* for reports only: run__slim(); M_BY_NAME: with a bool @has */
	UNIQUE = 512, /* MERGE_KEYED: two entries with the same keys are refused */
	HANGS = 1024, /* a sum has none without the member ahead of it */
};

/* Numbers that stand for names, 0 to @count - 1; some may have none. */
struct names {
	const char *(*name)(unsigned int i);
	unsigned int count;
	unsigned int unknown; /* what another name is taken for; @count: it is left out */
	bool strict;	      /* another name is refused */
};

struct member {
	const char *key, *means; /* `word`: a key or value */
	enum member_type type;
	enum merge_rule merge;
	unsigned int flags;
	size_t at, size; /* in memory; @size of an entry */
	size_t has,
		has_size; /* what says, by not being zero, that it is there; size 0: it always is */
	size_t n;	  /* where the number of entries is */
	size_t max;	  /* entries; 0: no bound */
	const struct shape *of;
	const struct names *names;
	const char *const *words; /* that a text can be, NULL at the end */
	const char *otherwise;	  /* what is written for none */
	const char *within; /* another count of the object, which this one is no larger than */
	unsigned int least; /* of a number, or length of a text */
};

/* Members of an object up to M_END; or one without a key: what stands for the object itself. */
struct shape {
	const char *title; /* in migtrace-run(5) */
	const struct member *member;
};

extern const struct shape run_shape, filter_shape, late_event_shape, interval_shape, worst_shape,
	run_stall_shape, drain_shape;

static inline void *member__at(const struct member *m, const void *base)
{
	return (char *)base + m->at;
}

/* Entry @i of M_LIST, M_ARRAY, M_BY_NAME or M_DEVICES. */
static inline void *member__entry(const struct member *m, const void *base, size_t i)
{
	char *first = member__at(m, base);

	if (m->type == M_LIST || m->type == M_DEVICES)
		first = *(char **)first;
	return first + i * m->size;
}

static inline size_t member__entries(const struct member *m, const void *base)
{
	return m->type == M_BY_NAME ? m->names->count :
				      *(const size_t *)((const char *)base + m->n);
}

/* The number of M_NAMED at @at. */
static inline unsigned int member__small(const struct member *m, const void *at)
{
	return m->size == 1 ? *(const __u8 *)at : *(const unsigned int *)at;
}

/* Are two entries of MERGE_KEYED the same one? (merge.c) */
bool shape__same_keys(const struct shape *s, const void *a, const void *b);
/* Whether what @has names is not zero. */
bool member__is_there(const struct member *m, const void *base);
unsigned int names__find(const struct names *names, const char *name); /* @count when it is none */

void member__clear(const struct member *m, void *base); /* a list: frees it, and leaves none */
void shape__free(const struct shape *s, void *base);	/* what it owns, not the memory it is in */

#endif /* MIGTRACE_RUN_TABLE_H */
