// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The search for branches in a function's bytes, for both architectures on this one: text_other.c
 * is text.c compiled for arm64. The input is the address, then the code.
 */
#include <string.h>

#include "../../src/insn.h"
#include "../../src/kernel.h"
#include "fuzz.h"

#define TARGETS 4

typedef int callback(void *ctx, size_t target, __u32 offset, __u32 next);

int other__branches(const unsigned char *code, size_t size, __u64 addr,
		    const struct text_target *targets, size_t n, callback *cb, void *ctx);
int other__inline_unlocks(const unsigned char *code, size_t size, callback *cb, void *ctx);

struct scan {
	const uint8_t *code;
	size_t size, targets, stop_at;
	int hits;
};

/* The same bytes stand for the function and, from their middle on, for what was moved out of it. */
static void claim_places(const struct scan *s, __u32 offset, __u32 next)
{
	const struct text_func f = {
		.hot = { s->code, s->size, 0 },
		.cold = { s->code + s->size / 2, s->size - s->size / 2, -64 },
		.image_start = -0x2000000,
		.image_end = 0x2000000,
	};
	__u32 ahead = text__ahead(&f, offset), behind = text__behind(&f, next);

	fuzz__claim(ahead == offset || ahead + insn_jump_bytes <= offset,
		    "a jump has room ahead of the branch", "");
	fuzz__claim(behind == next || behind + insn_jump_bytes <= s->size,
		    "a jump has room behind the branch", "");
}

static int hit(void *ctx, size_t target, __u32 offset, __u32 next)
{
	struct scan *s = ctx;

	fuzz__claim(target < s->targets, "a hit is one of the targets", "");
	fuzz__claim(offset < s->size && (!next || (next > offset && next <= s->size)),
		    "a branch is within the code", "");
	claim_places(s, offset, next);
	s->hits++;
	return (size_t)s->hits == s->stop_at ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_target targets[TARGETS] = {
		{ "here", 0 }, { "near", 0 }, { "far", 0 }, { "low", 0 }
	};
	struct scan s = { .targets = TARGETS };
	__u64 addr;
	int ret;

	if (size < sizeof(addr) + 1)
		return -1;
	memcpy(&addr, data, sizeof(addr));
	s.stop_at = data[sizeof(addr)];
	data += sizeof(addr) + 1;
	s.size = size - sizeof(addr) - 1;
	s.code = data;
	targets[0].addr = addr;
	targets[1].addr = addr + 0x10000;
	targets[2].addr = addr - 0x1000000;
	targets[3].addr = 0x1000;
	for (int other = 0; other < 2; other++) {
		s.hits = 0;
		ret = (other ? other__branches : text__branches)(data, s.size, addr, targets,
								 TARGETS, hit, &s);
		fuzz__claim(ret == s.hits || (ret == -1 && (size_t)s.hits == s.stop_at),
			    "every hit is counted", "");
		s.hits = 0;
		s.targets = 1;
		(other ? other__inline_unlocks : text__inline_unlocks)(data, s.size, hit, &s);
		s.targets = TARGETS;
	}
	return 0;
}
