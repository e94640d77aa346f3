// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Where the programs of the chosen variants go, one place after the other. Stage 2. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "cmd.h"
#include "tracer.h"

void attach__open(struct attaching *a, struct migtrace_bpf *skel)
{
	a->skel = skel;
	kprobe_events__open(&a->events);
	if (log_level && a->events.busy)
		log_info("%u kprobe events of a migtrace that has ended are still being detached",
			 a->events.busy);
}

/* A preemptible kernel waits seconds for every single one. */
static bool interrupted(const struct attaching *a, char *err, size_t err_size)
{
	if (!a->stop || !*a->stop)
		return false;
	snprintf(err, err_size, "interrupted before anything was recorded");
	return true;
}

/* The place @at of probe @i can't be attached, by -errno. */
static int refused(struct attaching *a, size_t i, const struct attach_point *at, int ret, char *err,
		   size_t err_size)
{
	const struct choice *c = &a->choices[i];

	snprintf(err, err_size, "probe '%s', variant '%s': can't attach '%s' to %s+0x%x: %s",
		 c->probe->name, c->variant->name, at->prog, at->func, at->offset, strerror(-ret));
	if (tracer__is_of_place(ret))
		a->failed = i;
	return ret;
}

static struct link_target target(struct attaching *a)
{
	return (struct link_target){ a->skel, a->facts, &a->events };
}

static int attach_points(struct attaching *a, size_t i, const struct attach_point *at, size_t n,
			 char *err, size_t err_size)
{
	struct link_target where = target(a);

	for (size_t j = 0; j < n; j++) {
		int ret;

		if (interrupted(a, err, err_size))
			return -EINTR;
		log_progress("attaching: %s (%zu places so far)", a->choices[i].probe->name,
			     a->links.n + a->links.places_n);
		ret = links__attach(&a->links, &where, &at[j], i);
		if (ret)
			return refused(a, i, &at[j], ret, err, err_size);
		a->places[i]++;
	}
	return 0;
}

int attach__choice(struct attaching *a, size_t i, char *err, size_t err_size)
{
	struct attach_point *at;
	size_t n;
	int ret;

	at = probes__all_points(a->facts, a->choices[i].variant, &n);
	ret = at ? attach_points(a, i, at, n, err, err_size) : -ENOMEM;
	free(at);
	return ret;
}

int attach__enable(struct attaching *a, char *err, size_t err_size)
{
	struct link_target where = target(a);
	const struct event_place *p;
	int ret;

	do {
		if (interrupted(a, err, err_size))
			return -EINTR;
		log_progress("attaching: %zu places (%zu events so far)", a->links.places_n,
			     a->links.n);
		ret = links__enable(&a->links, &where, &p);
	} while (ret > 0);
	return ret ? refused(a, p->tag, &p->at, ret, err, err_size) : 0;
}
