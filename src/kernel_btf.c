// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the kernel's BTF says, for the fact sheet. Stage 0. */
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

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

static bool has_member(const struct btf *btf, const char *name, const char *member)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), member))
			return true;
	return false;
}

int facts__read_btf(struct facts *f)
{
	struct btf *btf = btf__parse(KERNEL_BTF, NULL);

	if (!btf && facts__broken(errno)) {
		f->unreadable = KERNEL_BTF;
		return -errno;
	}
	if (!btf) /* also looks in /boot, and has one errno for all */
		btf = btf__load_vmlinux_btf();
	if (!btf)
		return 0;
	f->feature[FEAT_BTF] = true;
	for (size_t i = 0; i < f->funcs_n; i++)
		f->funcs[i].in_btf =
			btf__find_by_name_kind(btf, f->funcs[i].name, BTF_KIND_FUNC) > 0;
	f->feature[FEAT_BH_MIGRATE] = has_constant(btf, "bh_state_bits", "BH_Migrate");
	f->feature[FEAT_COOKIES] = has_constant(btf, "bpf_func_id", "BPF_FUNC_get_attach_cookie");
	f->feature[FEAT_MMB] =
		btf__find_by_name_kind(btf, "mapping_metadata_bhs", BTF_KIND_STRUCT) > 0;
	f->feature[FEAT_SLEEPING_LOOKUP] =
		btf__find_by_name_kind(btf, "find_get_block_common", BTF_KIND_FUNC) > 0;
	f->kasan = btf__find_by_name_kind(btf, "kasan_report", BTF_KIND_FUNC) > 0;
	f->kcsan = btf__find_by_name_kind(btf, "__kcsan_check_access", BTF_KIND_FUNC) > 0;
	f->feature[FEAT_RT] = btf__find_by_name_kind(btf, "rt_spin_lock", BTF_KIND_FUNC) > 0;
	f->feature[FEAT_TRAMPOLINE_GUARD] = has_member(btf, "bpf_prog", "active");
	btf__free(btf);
	return 0;
}
