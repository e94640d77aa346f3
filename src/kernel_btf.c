// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the kernel's BTF says, for the fact sheet. Stage 0. */
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"

static bool has_constant(const struct btf *btf, const char *name, const char *constant)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_ENUM);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_enum(t)[i].name_off), constant))
			return true;
	return false;
}

/* Of a member of a struct, in bytes; 0: it has none such, or at its begin. */
static __u32 member_offset(const struct btf *btf, const char *name, const char *member)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), member))
			return btf_member_bit_offset(t, i) / 8;
	return 0;
}

bool facts__has_member(const struct btf *btf, const char *name, const char *member)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), member))
			return true;
	return false;
}

/* The kernel's own. NULL with *@err 0: there is none. */
static struct btf *open_own(struct facts *f, int *err)
{
	struct btf *btf = btf__parse(KERNEL_BTF, NULL);
	char why[90];

	*err = btf || !facts__broken(errno) ? 0 : -errno;
	if (!btf && facts__newer_btf(KERNEL_BTF, why, sizeof(why))) {
		/* a fact: there may be a file that this libbpf can read */
		snprintf(f->btf_reason, sizeof(f->btf_reason), "%s %s", KERNEL_BTF, why);
		*err = 0;
		return NULL;
	}
	if (*err)
		f->unreadable = KERNEL_BTF;
	else if (!btf) /* also looks in /boot, and has one errno for all */
		btf = btf__load_vmlinux_btf();
	return btf;
}

static struct btf *open_file(struct facts *f, const char *kallsyms, int *err)
{
	int fd = open(f->btf, O_RDONLY | O_CLOEXEC);
	struct btf *btf = NULL;

	f->unreadable = f->btf;
	*err = fd < 0 ? -errno : 0;
	if (*err)
		return NULL;
	close(fd);
	btf = btf__parse(f->btf, NULL); /* has one errno for all */
	*err = btf ? facts__check_btf(f, btf, kallsyms) : -ENOEXEC;
	if (!btf && !facts__newer_btf(f->btf, f->unfit, sizeof(f->unfit)))
		snprintf(f->unfit, sizeof(f->unfit), "is no BTF, nor an ELF file that has any");
	if (!*err) {
		f->unreadable = NULL;
		return btf;
	}
	btf__free(btf);
	return NULL;
}

int facts__read_btf(struct facts *f, const char *kallsyms)
{
	int err;
	struct btf *btf = f->btf ? open_file(f, kallsyms, &err) : open_own(f, &err);

	if (!btf)
		return err;
	f->feature[FEAT_BTF] = true;
	f->feature[FEAT_BTF_ELSEWHERE] = access(KERNEL_BTF, F_OK);
	for (size_t i = 0; i < f->funcs_n; i++)
		f->funcs[i].in_btf =
			btf__find_by_name_kind(btf, f->funcs[i].name, BTF_KIND_FUNC) > 0;
	f->feature[FEAT_BH_MIGRATE] = has_constant(btf, "bh_state_bits", "BH_Migrate");
	f->feature[FEAT_COOKIES] = has_constant(btf, "bpf_func_id", "BPF_FUNC_get_attach_cookie");
	f->feature[FEAT_MMB] =
		btf__find_by_name_kind(btf, "mapping_metadata_bhs", BTF_KIND_STRUCT) > 0;
	f->feature[FEAT_SLEEPING_LOOKUP] =
		btf__find_by_name_kind(btf, "find_get_block_common", BTF_KIND_FUNC) > 0;
	f->lock_offset = member_offset(btf, "address_space", "i_private_lock") ?:
				 member_offset(btf, "address_space", "private_lock");
	f->kasan = btf__find_by_name_kind(btf, "kasan_report", BTF_KIND_FUNC) > 0;
	f->kcsan = btf__find_by_name_kind(btf, "__kcsan_check_access", BTF_KIND_FUNC) > 0;
	f->feature[FEAT_RT] = btf__find_by_name_kind(btf, "rt_spin_lock", BTF_KIND_FUNC) > 0;
	f->feature[FEAT_TRAMPOLINE_GUARD] = facts__has_member(btf, "bpf_prog", "active");
	btf__free(btf);
	return 0;
}
