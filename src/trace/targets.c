// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Trampolines by the numbers of their functions' types (targets.h). Stage 2. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/btf_slim.h"
#include "trace/targets.h"
#include "trace/tracer.h"

#define TARGETS_MAX 64

/* Of the object that this thread is about to load: libbpf has no place for it in a program. */
static __thread struct target {
	const struct bpf_program *prog;
	__u32 id;
} targets[TARGETS_MAX];

static struct target *target_of(const struct bpf_program *p)
{
	for (size_t i = 0; i < TARGETS_MAX; i++)
		if (targets[i].prog == p)
			return &targets[i];
	return NULL;
}

/* Until now it was none that libbpf would want the kernel's types for. */
static int prepare(struct bpf_program *p, struct bpf_prog_load_opts *opts, long cookie)
{
	const struct target *t = target_of(p);

	(void)cookie;
	tracer__order_memory(p);
	if (t)
		opts->attach_btf_id = t->id;
	return bpf_program__set_type(p, BPF_PROG_TYPE_TRACING);
}

/* Of all others. */
static int prepare_plain(struct bpf_program *p, struct bpf_prog_load_opts *opts, long cookie)
{
	(void)opts;
	(void)cookie;
	tracer__order_memory(p);
	return 0;
}

void targets__listen(void)
{
	static bool done;
	LIBBPF_OPTS(libbpf_prog_handler_opts, o, .prog_prepare_load_fn = prepare);
	LIBBPF_OPTS(libbpf_prog_handler_opts, plain, .prog_prepare_load_fn = prepare_plain);

	memset(targets, 0, sizeof(targets));
	if (done)
		return;
	done = true;
	libbpf_register_prog_handler("fentry", BPF_PROG_TYPE_KPROBE, BPF_TRACE_FENTRY, &o);
	libbpf_register_prog_handler("fexit", BPF_PROG_TYPE_KPROBE, BPF_TRACE_FEXIT, &o);
	libbpf_register_prog_handler("iter/task", BPF_PROG_TYPE_KPROBE, BPF_TRACE_ITER, &o);
	libbpf_register_prog_handler("kprobe", BPF_PROG_TYPE_KPROBE, 0, &plain);
	libbpf_register_prog_handler("raw_tp", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, &plain);
}

int targets__set(struct bpf_program *p, const struct facts *f, const char *name)
{
	const struct fact_func *v = facts__func(f, name);
	struct target *t = v && v->btf_id ? (target_of(p) ?: target_of(NULL)) : NULL;

	if (!t)
		return bpf_program__set_attach_target(p, 0, name);
	*t = (struct target){ p, v->btf_id };
	return 0;
}

/* Of our programs. NULL with errno. */
static struct btf *own_types(void)
{
	size_t size;
	const char *elf = tracer__object(&size);
	const Elf64_Ehdr *eh = (const void *)elf;
	const Elf64_Shdr *sh = (const void *)(elf + eh->e_shoff);
	const char *names = elf + sh[eh->e_shstrndx].sh_offset;

	for (int i = 0; i < eh->e_shnum; i++)
		if (!strcmp(names + sh[i].sh_name, ".BTF"))
			return btf__new(elf + sh[i].sh_offset, sh[i].sh_size);
	errno = ENOENT;
	return NULL;
}

static int write_types(const struct btf *btf)
{
	int fd = memfd_create("migtrace-types", MFD_CLOEXEC);
	const void *data;
	__u32 size;

	data = fd < 0 ? NULL : btf__raw_data(btf, &size);
	if (data && write(fd, data, size) == (ssize_t)size)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void targets__slim_types(struct facts *f)
{
	struct btf *own = f->types ? own_types() : NULL, *slim = NULL;
	int fd;

	if (own)
		slim = btf__slim(f->types, own);
	fd = slim ? write_types(slim) : -1;
	if (fd >= 0)
		snprintf(f->types_path, sizeof(f->types_path), "/proc/self/fd/%d", fd);
	btf__free(slim);
	btf__free(own);
	facts__forget_types(f);
}
