/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the parts of the run file's writer and reader share; others use run.h and render.h. */
#ifndef MIGTRACE_RUNFILE_H
#define MIGTRACE_RUNFILE_H

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "run.h"

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
 * Building it (runfile_json.c). json_object_set_new() takes the reference even when it fails and
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
json_t *put__text_or_null(const char *s);
json_t *put__strings(struct writer *w, char *const *v, size_t n);
json_t *put__dev(__u32 dev);
json_t *put__hist(struct writer *w, const struct hist *h);
json_t *put__counters(struct writer *w, const struct counters *c);

/* runfile_json_lists.c */
json_t *runfile__devices(struct writer *w, const struct run *run);
json_t *runfile__refcounts(struct writer *w, const struct run *run);
json_t *runfile__attempts(struct writer *w, const struct run *run);
json_t *runfile__late(struct writer *w, const struct late *l);
json_t *runfile__losses(struct writer *w, const struct run *run);
json_t *runfile__probes(struct writer *w, const struct run *run);

/* A site's hold and wait in @sites, when there were any. */
void put__hold_wait(struct writer *w, json_t *sites, unsigned int site, const struct hist *hold,
		    const struct hist *wait);

/* runfile_times.c: "intervals", "rounds", "bench" */
void runfile__put_times(struct writer *w, json_t *root, const struct run *run);

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
int at__no_memory(const struct at *at);

/* Members of @object by @key. The "opt" forms leave *@out alone when the key is absent. */
int get__object(const json_t *object, const char *key, const struct at *at, json_t **out);
int get__array(const json_t *object, const char *key, const struct at *at, json_t **out);
int get__u64(const json_t *object, const char *key, const struct at *at, __u64 *out);
int get__u32(const json_t *object, const char *key, const struct at *at, __u32 *out);
int get__s64(const json_t *object, const char *key, const struct at *at, __s64 *out);
int get__bool(const json_t *object, const char *key, const struct at *at, bool *out);
int get__string(const json_t *object, const char *key, const struct at *at, char **out);
int get__opt_string(const json_t *object, const char *key, const struct at *at, char **out);
int get__opt_u64(const json_t *object, const char *key, const struct at *at, __u64 *out);
int get__comm(const json_t *object, const char *key, const struct at *at, char *out, size_t size);
int get__dev(const json_t *object, const char *key, const struct at *at, __u32 *out);
int get__strings(const json_t *object, const char *key, const struct at *at, char ***out,
		 size_t *n);
int get__counters(const json_t *object, const char *key, const struct at *at, struct counters *out);
int get__hist(const json_t *object, const char *key, const struct at *at, struct hist *out);
/* null or a histogram; *@has says which */
int get__opt_hist(const json_t *object, const char *key, const struct at *at, struct hist *out,
		  bool *has);

/* A list of objects into *@v, an array of @size bytes an entry; *@n counts what needs freeing. */
typedef int entry_reader(const json_t *o, const struct at *at, void *entry);
int get__list(const json_t *root, const char *key, const struct at *at, size_t size,
	      entry_reader *read, void **v, size_t *n);

/* runfile_sites.c, runfile_lists.c and runfile_times.c: parts of the run. */
int runfile__read_sites(const json_t *root, const struct at *at, struct run *run);
int runfile__read_hold_wait(const json_t *site, const struct at *at, struct hist *hold,
			    struct hist *wait);
/* The "sites" of a device or a slice: only those with events are there. */
int runfile__read_sparse_sites(const json_t *o, const struct at *at, struct hold_wait *v);
int runfile__read_times(const json_t *root, const struct at *at, struct run *run);
int runfile__read_lists(const json_t *root, const struct at *at, struct run *run);

#endif /* MIGTRACE_RUNFILE_H */
