// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Histograms without site and device (enum span_id). Stage 2. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "migtrace.skel.h"
#include "trace/tracer.h"

bool tracer__times_buffers(struct tracer *t)
{
	return tracer__skeleton(t)->rodata->cfg_buffer_locks;
}

int tracer__add_span(struct tracer *t, __u32 i, struct hist *sum)
{
	int cpus = tracer__cpus(t), err = 0;
	struct hist *v = calloc(cpus, sizeof(*v));

	if (!v)
		return -ENOMEM;
	err = tracer__read_each(t, tracer__skeleton(t)->maps.spans, SPAN_COUNT, i, v);
	for (int c = 0; c < cpus && !err; c++)
		if (v[c].count)
			hist__merge(sum, &v[c]);
	free(v);
	return err;
}
