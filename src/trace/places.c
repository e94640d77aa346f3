// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Places that share one program (places.h). Pure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/places.h"

#define SHARED "place"

/* clang-format off */
#define SECTION_OF(name, site)                                                                     \
	{ name "_call", PLACE_CALL, site }, { name "_acquire", PLACE_ACQUIRE, site },              \
	{ name "_release", PLACE_RELEASE, site },
#define SECTION_ROWS(id, its_name, ...) SECTION_OF(#its_name, SITE_##id)

/* What stands in the probe table for a place of the shared program. */
static const struct {
	const char *prog;
	enum place_op op;
	__u32 site;
} rows[] = {
	SITES(SITE_NONE, SECTION_ROWS)
	SECTION_OF("aio_migrate", SITE_AIO_MIGRATE)
	SECTION_OF("aio_completion", SITE_AIO_COMPLETION)
	{ "aio_tried", PLACE_AIO_TRIED, 0 },
	{ "aio_switch", PLACE_AIO_SWITCH, 0 },
	{ "aio_copy_start", PLACE_AIO_COPY_START, 0 },
	{ "aio_copy_end", PLACE_AIO_COPY_END, 0 },
	{ "aio_read_locked", PLACE_AIO_READ_LOCKED, 0 },
	{ "aio_read_unlock", PLACE_AIO_READ_UNLOCK, 0 },
	{ "aio_write_call", PLACE_AIO_WRITE_CALL, 0 },
	{ "aio_write_locked", PLACE_AIO_WRITE_LOCKED, 0 },
	{ "aio_write_unlock", PLACE_AIO_WRITE_UNLOCK, 0 },
	{ "move_orphaned", PLACE_MOVE_ORPHANED, 0 },
};
/* clang-format on */

#define ROWS	(sizeof(rows) / sizeof(*rows))
#define FACTORS 4096 /* that are tried; with 100 places in 128 groups nine of ten fit */

static size_t row_of(const char *prog)
{
	size_t i = 0;

	while (i < ROWS && strcmp(rows[i].prog, prog))
		i++;
	return i;
}

const char *places__program(const char *prog)
{
	return row_of(prog) < ROWS ? SHARED : prog;
}

static int insert(struct place_table *t, const struct place *p)
{
	struct place *way = t->group[place_group_of(p->at, t->factor)].way;

	for (int i = 0; i < SLOT_WAYS; i++) {
		if (way[i].at == p->at && (way[i].op != p->op || way[i].site != p->site))
			return -EBUSY; /* two things to do: no compiler was seen to make that */
		if (way[i].at && way[i].at != p->at)
			continue;
		way[i] = *p;
		return 0;
	}
	return -ENOSPC;
}

static int add_point(struct place_table *t, const struct facts *f, const struct attach_point *at)
{
	const struct fact_func *func = facts__func(f, at->func);
	size_t row = row_of(at->prog);

	if (row == ROWS)
		return 0;
	if (!func || !func->addr)
		return -ENOENT;
	return insert(t, &(struct place){ func->addr + at->offset, rows[row].op, rows[row].site });
}

int places__add(struct place_table *t, const struct facts *f, const struct choice *c)
{
	struct attach_point *at;
	int err = 0;
	size_t n;

	at = probes__all_points(f, c->variant, &n);
	if (!at)
		return -ENOMEM;
	for (size_t i = 0; i < n && !err; i++)
		err = add_point(t, f, &at[i]);
	free(at);
	return err;
}

int places__fill(struct place_table *t, const struct facts *f, const struct choice *choices,
		 bool (*wanted)(const void *ctx, size_t i), const void *ctx, size_t *failed)
{
	int err = -ENOSPC;

	for (__u32 k = 0; k < FACTORS && err == -ENOSPC; k++) {
		memset(t, 0, sizeof(*t));
		t->factor = (2 * k + 1) * 0x9e3779b1u;
		err = 0;
		for (size_t i = 0; i < probes_n && !err; i++) {
			*failed = i;
			if (wanted(ctx, i))
				err = places__add(t, f, &choices[i]);
		}
	}
	return err;
}
