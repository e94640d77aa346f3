// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Loading a run file that may be cut short, damaged or hostile: one line says what is wrong.
 * Stage: run file (reading). Parsing streams from the file and is bounded in depth (by jansson),
 * in bytes and in memory, so that a small file can't ask for all of it.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/input.h"
#include "model/run_table.h"
#include "model/runfile.h"

#define BLOCK_BYTES ((size_t)512 << 10)
#define ALIGNMENT   _Alignof(max_align_t)

/* By the first byte: what is around a run file, and what takes it off. */
static const struct {
	char first;
	const char *how, *command;
} wrapped[] = {
	{ (char)0x1f, "compressed by gzip", "zcat" },
	{ (char)0xfd, "compressed by xz", "xzcat" },
	{ (char)0x28, "compressed by zstd", "zstdcat" },
	{ (char)0xef, "it begins with a byte order mark", "tail -c +4" },
};

struct input {
	FILE *f;
	__u64 bytes;
	char first; /* the first character that is not white space */
	bool too_long, failed;
};

/*
 * jansson's allocator is global and takes no context. A file is thousands of small things that are
 * all given up at once: they are cut from blocks, of which the first is kept for the next file.
 */
struct block {
	struct block *older;
	size_t used, size;
	max_align_t data[];
};

static struct block *blocks;
static size_t json_memory;
static bool json_memory_refused;

static void *cut(size_t size)
{
	struct block *b = blocks;
	void *p;

	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (size > RUNFILE_MAX_MEMORY - json_memory) {
		json_memory_refused = true;
		return NULL;
	}
	json_memory += size;
	if (!b || size > b->size - b->used) {
		b = malloc(sizeof(*b) + (size > BLOCK_BYTES ? size : BLOCK_BYTES));
		if (!b)
			return NULL;
		*b = (struct block){ blocks, 0, size > BLOCK_BYTES ? size : BLOCK_BYTES };
		blocks = b;
	}
	p = (char *)b->data + b->used;
	b->used += size;
	return p;
}

static void not_yet(void *p)
{
}

static void give_up_blocks(void)
{
	struct block *b;

	while (blocks && blocks->older) {
		b = blocks;
		blocks = b->older;
		free(b);
	}
	if (blocks)
		blocks->used = 0;
	json_memory = 0;
	json_memory_refused = false;
}

static size_t next_chunk(void *buffer, size_t size, void *data)
{
	struct input *in = data;
	size_t n = fread(buffer, 1, size, in->f), i;

	if (!n && ferror(in->f)) {
		in->failed = true;
		return (size_t)-1;
	}
	for (i = 0; i < n && !in->first; i++)
		if (!strchr(" \t\r\n", ((char *)buffer)[i]))
			in->first = ((char *)buffer)[i];
	in->bytes += n;
	if (in->bytes > RUNFILE_MAX_BYTES) {
		in->too_long = true;
		return (size_t)-1;
	}
	return n;
}

/* jansson quotes the text near the fault, which may be anything: only our own words are printed. */
static int explain(const struct input *in, const json_error_t *e, const struct at *at)
{
	enum json_error_code code = json_error_code(e);
	bool at_end = (__u64)e->position >= in->bytes && feof(in->f);

	if (in->failed)
		return at__fail(at, "%s", strerror(errno));
	if (in->too_long)
		return at__fail(at, "larger than 1 GiB: not a run file");
	if (json_memory_refused)
		return at__fail(at, "takes more than %llu MiB of memory to read: not a run file",
				RUNFILE_MAX_MEMORY >> 20);
	if (code == json_error_out_of_memory)
		return at__no_memory(at);
	if (!in->bytes)
		return at__fail(at, "empty file");
	if (code == json_error_stack_overflow)
		return at__fail(at, "nested too deeply: not a run file");
	for (size_t i = 0; i < sizeof(wrapped) / sizeof(*wrapped); i++)
		if (in->first == wrapped[i].first)
			return at__fail(at, "%s: '%s FILE | migtrace report -' reads it",
					wrapped[i].how, wrapped[i].command);
	if (in->first != '{')
		return at__fail(at, "not a run file: it does not start with '{'");
	if (code == json_error_premature_end_of_input ||
	    (code == json_error_invalid_syntax && at_end))
		return at__fail(at, "truncated: the file ends in line %d, within the run", e->line);
	if (code == json_error_end_of_input_expected)
		return at__fail(at, "something follows the run in line %d", e->line);
	if (code == json_error_duplicate_key)
		return at__fail(at, "a key twice in one object, line %d", e->line);
	if (code == json_error_numeric_overflow)
		return at__fail(at, "a number that is too big, line %d", e->line);
	return at__fail(at, "damaged: not JSON in line %d, column %d", e->line, e->column);
}

static int check_format(const json_t *root, const struct at *at)
{
	const char *format = json_string_value(json_object_get(root, "format"));
	__u64 version;
	int ret;

	if (!format || strcmp(format, RUN_FORMAT) != 0)
		return at__fail(at, "not a migtrace run file (no \"format\":\"%s\")", RUN_FORMAT);
	ret = get__count(json_object_get(root, "version"), AT_KEY(at, "version"), &version);
	if (!ret && version > RUN_VERSION)
		ret = at__fail(at,
			       "run file version %llu; this migtrace reads up to %d: use a "
			       "newer one",
			       (unsigned long long)version, RUN_VERSION);
	if (!ret && !version)
		ret = at__fail(AT_KEY(at, "version"), "0 is no version");
	return ret;
}

static int read_run(const json_t *root, const struct at *at, struct run *run)
{
	int ret = check_format(root, at);

	run->merged = 1;
	if (!ret)
		ret = get__shape(root, &run_shape, at, run);
	return ret ? ret : runfile__check(run, at);
}

static int load(struct run *run, FILE *f, const struct at *at)
{
	struct input in = { .f = f };
	json_error_t error;
	struct stat st;
	json_t *root;
	int ret;

	if (fstat(fileno(f), &st))
		return at__fail(at, "%s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return at__fail(at, "is a directory");
	if (S_ISREG(st.st_mode) && (__u64)st.st_size > RUNFILE_MAX_BYTES)
		return at__fail(at, "larger than 1 GiB: not a run file");
	json_set_alloc_funcs(cut, not_yet);
	root = json_load_callback(next_chunk, &in, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		ret = explain(&in, &error, at);
	else if (!json_is_object(root))
		ret = at__fail(at, "not a run file: it does not start with '{'");
	else
		ret = read_run(root, at, run);
	json_set_alloc_funcs(malloc, free);
	give_up_blocks(); /* @root with them */
	return ret;
}

int run__load_zeroed(struct run *run, const char *path, char *err, size_t err_size)
{
	struct at root = { 0 };
	size_t n;
	FILE *f;
	int ret;

	n = snprintf(err, err_size, "%s: ", input__name(path));
	root.err = n < err_size ? err + n : err;
	root.err_size = n < err_size ? err_size - n : err_size;
	f = input__open(path);
	if (!f) {
		ret = -errno;
		at__fail(&root, "%s", strerror(errno));
		return ret;
	}
	ret = load(run, f, &root);
	fclose(f);
	if (ret)
		run__free(run);
	return ret;
}

int run__load(struct run *run, const char *path, char *err, size_t err_size)
{
	memset(run, 0, sizeof(*run));
	return run__load_zeroed(run, path, err, err_size);
}
