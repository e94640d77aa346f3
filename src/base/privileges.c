// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Dropping capabilities (privileges.h). */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/types.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/privileges.h"

#define BIT(cap) (1ULL << (cap))

static int get(__u64 *permitted, __u64 *effective)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { 0 };

	if (syscall(SYS_capget, &h, d))
		return -errno;
	*permitted = d[0].permitted | (__u64)d[1].permitted << 32;
	*effective = d[0].effective | (__u64)d[1].effective << 32;
	return 0;
}

bool privileges__has(int cap)
{
	__u64 permitted, effective = 0;

	return !get(&permitted, &effective) && effective & BIT(cap);
}

bool privileges__may_trace(void)
{
	return privileges__has(CAP_SYS_ADMIN) ||
	       (privileges__has(CAP_BPF) && privileges__has(CAP_PERFMON));
}

static int set(__u64 permitted, __u64 effective)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {
		{ .permitted = (__u32)permitted, .effective = (__u32)effective },
		{ .permitted = permitted >> 32, .effective = effective >> 32 },
	};

	return syscall(SYS_capset, &h, d) ? -errno : 0;
}

/* The permission is looked at before the descriptor. */
static bool maps_readable(void)
{
	union bpf_attr attr = { .map_fd = (__u32)-1 };

	return syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) >= 0 || errno != EPERM;
}

/* What an exec could bring back. */
static void close_the_ways_back(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int privileges__drop_all(void)
{
	close_the_ways_back();
	return set(0, 0);
}

int privileges__drop(unsigned long long keep, bool (*works)(void *ctx), void *ctx)
{
	__u64 permitted = 0, effective;
	int ret = get(&permitted, &effective);

	if (ret)
		return ret;
	close_the_ways_back();
	ret = set(permitted, 0);
	if (ret)
		return ret;
	keep &= permitted;
	/* Linux 5.8 split CAP_BPF off; without it in hand, the one that it was split off */
	if (!maps_readable())
		keep |= permitted & (permitted & BIT(CAP_BPF) ? BIT(CAP_BPF) : BIT(CAP_SYS_ADMIN));
	if (works && !works(ctx))
		keep |= permitted & BIT(CAP_DAC_OVERRIDE);
	return set(keep, keep);
}
