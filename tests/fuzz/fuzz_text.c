// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The search for branches and inlined locks in a function's bytes, for both architectures on this one
 * (text_arm64.c). The input is the address, then the code.
 */
#include <string.h>

#include "../unit/text_arm64.h"
#include "fuzz.h"
#include "kernel/facts.h"
#include "kernel/insn.h"

#define TARGETS 4

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

static int place(void *ctx, const struct text_place *p)
{
	struct scan *s = ctx;

	fuzz__claim(p->offset < s->size && p->next <= s->size && p->what,
		    "what was inlined is within the code", "");
	return 0;
}

/* What is asked of the code where a lock's slow path is called at @slow. */
static void inlined(struct scan *s, const unsigned char *data, size_t slow, bool arm)
{
	struct text_func f = { .hot = { data, s->size, 0 } };

	(arm ? arm__inline_unlocks : text__inline_unlocks)(data, s->size, place, s);
	(arm ? arm__exits : text__exits)(&f, place, s);
	(arm ? arm__blockers : text__blockers)(data, s->size, place, s);
	(arm ? arm__inline_lock : text__inline_lock)(data, s->size, slow, place, s);
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
	for (int arm = 0; arm < 2; arm++) {
		s.hits = 0;
		ret = (arm ? arm__branches : text__branches)(data, s.size, addr, targets, TARGETS,
							     hit, &s);
		fuzz__claim(ret == s.hits || (ret == -1 && (size_t)s.hits == s.stop_at),
			    "every hit is counted", "");
		for (size_t slow = 0; slow < s.size && slow < 256; slow += 4)
			inlined(&s, data, slow, arm);
	}
	return 0;
}
