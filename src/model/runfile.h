/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the parts of the run file's writer and reader share; others use run.h and render.h. */
#ifndef MIGTRACE_RUNFILE_H
#define MIGTRACE_RUNFILE_H

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "model/run.h"

/* The end of the last bucket: JSON integers are signed in most readers, jansson among them. */
#define RUNFILE_NO_END 9223372036854775807ULL

#define RUNFILE_MAX_BYTES (1ULL << 30)
#ifndef RUNFILE_MAX_MEMORY /* the unit tests have less patience */
#define RUNFILE_MAX_MEMORY (2ULL << 30)
#endif
#define RUNFILE_MAX_INTERVALS 100000
#define RUNFILE_MAX_DEVICES   4096
/* Merging looks each of these up in the other run's list; a recording has some hundreds. */
#define RUNFILE_MAX_NAMES     4096

/* The run as JSON; NULL when memory is short. Bytes that are not UTF-8 are written as \xNN. */
json_t *runfile__json(const struct run *run);
/* runfile__json(), one bucket list a few lines long instead of five lines a bucket. */
int runfile__write(const struct run *run, FILE *f);

/*
 * Building it (runfile.c). json_object_set_new() takes the reference even when it fails and
 * every json_*() passes NULL on, so that one flag looked at in the end is enough.
 */
struct writer {
	bool failed;
	__u64 clamped; /* numbers that were too large */
};

void put__member(struct writer *w, json_t *object, const char *key, json_t *value);
void put__element(struct writer *w, json_t *array, json_t *value);
json_t *put__number(struct writer *w, __u64 value);
json_t *put__text(const char *s);
/*
 * Where the reader is, as a chain of keys on the stack: an error names the whole path. The root
 * carries the message; only the first fault is kept.
 */
struct at {
	const struct at *up;
	const char *key; /* NULL: array element @index */
	size_t index;
	char *err; /* root only */
	size_t err_size;
};

#define AT_KEY(parent, name) (&(const struct at){ .up = (parent), .key = (name) })
#define AT_INDEX(parent, i)  (&(const struct at){ .up = (parent), .index = (i) })

/* runfile.c: text of jansson's, with ASCII ensured, and no control character in it. */
void runfile__put_line(const char *line, FILE *f);

/* All return 0, or -EINVAL or -ENOMEM with the message written. */
int at__fail(const struct at *at, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void at__path(const struct at *at, char *buf, size_t size);
int at__no_memory(const struct at *at);

int get__typed(const json_t *v, json_type type, const char *expected, const struct at *at);
int get__count(const json_t *v, const struct at *at, __u64 *out);
int get__hist(const json_t *v, const struct at *at, struct hist *out); /* hist.c */

/* @v into @base, which is zeroed; what was read so far has to be freed when it fails. */
struct shape;
int get__shape(const json_t *v, const struct shape *s, const struct at *at, void *base);
/* runfile_check.c: do the members of @run, which was just read, agree with each other? */
int runfile__check(struct run *run, const struct at *at);

#endif /* MIGTRACE_RUNFILE_H */
