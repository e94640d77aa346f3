// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a stack says its task is doing, for the programs: functions by address (enum code). Pure. */
#include "trace/code.h"

/*
 * A buffer's I/O: end_bio_bh_io_sync() until 7.2, then functions of its own kind ("bh_end_*"). Whatever
 * a compiler makes of tail calls, one of those that lead there stays on the stack.
 */
static const struct {
	const char *func;
	enum code code;
} codes[] = {
	{ "end_bio_bh_io_sync", CODE_IO_END },
	{ "bh_end_read", CODE_IO_END },
	{ "bh_end_write", CODE_IO_END },
	{ "bh_end_async_read", CODE_IO_END },
	{ "bh_end_async_write", CODE_IO_END },
	{ "bio_endio", CODE_IO_END },
	{ "blk_update_request", CODE_IO_END },
	/* who looks buffers up, or makes those that were not there, may sleep for a folio on the way */
	{ "find_get_block_common", CODE_LOOKUP },
	{ "__find_get_block", CODE_LOOKUP },
	{ "__find_get_block_nonatomic", CODE_LOOKUP },
	{ "__find_get_block_slow", CODE_LOOKUP },
	{ "bdev_getblk", CODE_LOOKUP },
	{ "__getblk_slow", CODE_LOOKUP },
	{ "__getblk_gfp", CODE_LOOKUP },
	{ "grow_dev_folio", CODE_LOOKUP },
	{ "migrate_pages", CODE_MIGRATION },
	{ "migrate_pages_batch", CODE_MIGRATION },
	{ "migrate_pages_sync", CODE_MIGRATION },
};

#define CODES (sizeof(codes) / sizeof(*codes))
_Static_assert(CODES < CODE_RANGES, "an empty one is the last");

int code__want(int (*cb)(void *ctx, const char *name, unsigned int wants), void *ctx)
{
	int err = 0;

	for (size_t i = 0; i < CODES && !err; i++)
		err = cb(ctx, codes[i].func, 0);
	return err;
}

/* A name stands for all its copies: a compiler's .isra.0, .llvm.N and .cold are on the stack as well. */
void code__ranges(const struct facts *f, __u64 out[CODE_WORDS])
{
	size_t n = 0;

	for (size_t i = 0; i < CODES; i++)
		for (size_t j = 0; j < f->funcs_n && n < CODE_RANGES - 1; j++) {
			const struct fact_func *v = &f->funcs[j];

			if (!v->addr || !v->size || !copy__kind(v->name, codes[i].func))
				continue;
			out[CODE_START + n] = v->addr;
			out[CODE_END + n] = v->addr + v->size;
			out[CODE_WHAT + n++] = codes[i].code;
		}
}
