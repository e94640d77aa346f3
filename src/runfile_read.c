// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Loading a run file that may be cut short, damaged or hostile: one line says what is wrong.
 * Stage: run file (reading). Parsing streams from the file and is bounded in depth (by jansson),
 * in bytes and in memory, so that a small file can't ask for all of it.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runfile.h"

struct input {
	FILE *f;
	__u64 bytes;
	char first; /* the first character that is not white space */
	bool too_long, failed;
};

/* jansson's allocator is global and takes no context; this is reset for every file. */
static size_t json_memory;
static bool json_memory_refused;

static void *bounded_malloc(size_t size)
{
	void *p;

	if (json_memory + size > RUNFILE_MAX_MEMORY) {
		json_memory_refused = true;
		return NULL;
	}
	p = malloc(size);
	if (p)
		json_memory += malloc_usable_size(p);
	return p;
}

static void counted_free(void *p)
{
	if (p)
		json_memory -= malloc_usable_size(p);
	free(p);
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
	ret = get__u64(root, "version", at, &version);
	if (!ret && version > RUN_VERSION)
		ret = at__fail(at,
			       "run file version %llu; this migtrace reads up to %d: use a "
			       "newer one",
			       (unsigned long long)version, RUN_VERSION);
	if (!ret && !version)
		ret = at__fail(AT_KEY(at, "version"), "0 is no version");
	return ret;
}

static int read_tool(const json_t *root, const struct at *at, struct run *run)
{
	const struct at here = { .up = at, .key = "tool" };
	__s64 status;
	json_t *o;
	int ret = get__object(root, "tool", at, &o);

	if (!ret)
		ret = get__string(o, "version", &here, &run->tool.version);
	if (!ret)
		ret = get__string(o, "tier", &here, &run->tool.tier);
	if (!ret && !json_is_null(json_object_get(o, "command")))
		ret = get__strings(o, "command", &here, &run->tool.command, &run->tool.command_n);
	if (!ret)
		ret = get__opt_u64(o, "load_ns", &here, &run->tool.load_ns);
	if (!ret)
		ret = get__opt_u64(o, "attach_ns", &here, &run->tool.attach_ns);
	if (!ret)
		ret = get__opt_u64(o, "detach_ns", &here, &run->tool.detach_ns);
	if (ret || json_is_null(json_object_get(o, "command_status")))
		return ret;
	ret = get__s64(o, "command_status", &here, &status);
	run->tool.has_status = !ret;
	run->tool.status = ret ? 0 : (int)status;
	return ret;
}

static int read_kernel(const json_t *root, const struct at *at, struct run *run)
{
	const struct at here = { .up = at, .key = "kernel" };
	const struct {
		const char *key;
		char **out;
	} texts[] = {
		{ "release", &run->kernel.release },
		{ "version", &run->kernel.version },
		{ "arch", &run->kernel.arch },
		{ "generation", &run->kernel.generation },
		{ "generation_evidence", &run->kernel.generation_evidence },
		{ "boot_id", &run->kernel.boot_id },
		{ "hypervisor", &run->kernel.hypervisor },
		{ "clocksource", &run->kernel.clocksource },
	};
	json_t *o;
	size_t i;
	int ret = get__object(root, "kernel", at, &o);

	for (i = 0; i < sizeof(texts) / sizeof(*texts) && !ret; i++)
		ret = get__string(o, texts[i].key, &here, texts[i].out);
	if (!ret)
		ret = get__u32(o, "cpus", &here, &run->kernel.cpus);
	if (!ret)
		ret = get__u32(o, "nodes", &here, &run->kernel.nodes);
	if (ret || !json_object_get(o, "instruments")) /* absent in older files */
		return ret;
	return get__strings(o, "instruments", &here, &run->kernel.instruments,
			    &run->kernel.instruments_n);
}

static int read_run(const json_t *root, const struct at *at, struct run *run)
{
	__u64 merged = 1;
	int ret = check_format(root, at);

	if (!ret)
		ret = read_tool(root, at, run);
	if (!ret)
		ret = read_kernel(root, at, run);
	if (!ret)
		ret = get__string(root, "start", at, &run->start);
	if (!ret)
		ret = get__u64(root, "duration_ns", at, &run->duration_ns);
	if (!ret)
		ret = get__opt_u64(root, "merged", at, &merged);
	if (!ret && json_object_get(root, "parts"))
		ret = get__strings(root, "parts", at, &run->parts, &run->parts_n);
	if (!ret)
		ret = get__opt_u64(root, "clamped", at, &run->clamped);
	if (!ret)
		ret = runfile__read_sites(root, at, run);
	if (!ret)
		ret = get__opt_hist(root, "norefs_window", at, &run->window, &run->has_window);
	if (!ret)
		ret = get__opt_hist(root, "flag_held", at, &run->flag_held, &run->has_flag_held);
	if (!ret)
		ret = get__opt_hist(root, "folio_lock_wait", at, &run->folio_wait,
				    &run->has_folio_wait);
	if (!ret)
		ret = runfile__read_lists(root, at, run);
	if (!ret)
		ret = runfile__read_times(root, at, run);
	run->merged = (size_t)merged;
	return ret;
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
	json_memory = 0;
	json_memory_refused = false;
	json_set_alloc_funcs(bounded_malloc, counted_free);
	root = json_load_callback(next_chunk, &in, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		ret = explain(&in, &error, at);
	else if (!json_is_object(root))
		ret = at__fail(at, "not a run file: it does not start with '{'");
	else
		ret = read_run(root, at, run);
	json_decref(root);
	json_set_alloc_funcs(malloc, free);
	return ret;
}

int run__load(struct run *run, const char *path, char *err, size_t err_size)
{
	struct at root = { 0 };
	size_t n;
	FILE *f;
	int ret;

	memset(run, 0, sizeof(*run));
	n = snprintf(err, err_size, "%s: ", strcmp(path, "-") ? path : "standard input");
	root.err = n < err_size ? err + n : err;
	root.err_size = n < err_size ? err_size - n : err_size;
	f = strcmp(path, "-") ? fopen(path, "re") : fdopen(dup(STDIN_FILENO), "r");
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
