// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The files of a kernel's image: kallsyms, the list of traceable functions and the core file, the
 * input's parts up to the second NUL and after it; then the choice of variants on what they say.
 */
#include <string.h>

#include "choose.h"

static void claim_calls(const struct facts *f)
{
	for (size_t i = 0; i < f->calls_n; i++) {
		const struct fact_func *host = facts__func(f, f->calls[i].func);

		fuzz__claim(host && f->calls[i].offset < host->size &&
				    f->calls[i].next <= host->size,
			    "a call is within its function", f->calls[i].func);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_files files = { .filter_list = { "/nowhere" } };
	struct facts f = { 0 };
	const uint8_t *part;
	size_t part_size;
	char symbol[64];

	part = fuzz__part(&data, &size, &part_size);
	files.kallsyms = fuzz__file(0, part, part_size);
	part = fuzz__part(&data, &size, &part_size);
	files.filter_list[1] = part && part_size ? fuzz__file(1, part, part_size) : "/nowhere";
	files.kcore = fuzz__file(2, data, data ? size : 0);
	fuzz__claim(!probes__want(&f), "there is memory", "");
	for (size_t i = 0; i < f.funcs_n; i++)
		f.funcs[i].in_btf = true;
	memset(f.feature, true, sizeof(f.feature));
	f.feature[FEAT_TEXT] = false;
	fuzz__claim(!facts__read_image(&f, &files), "what is missing is a fact", "");
	fuzz__claim(f.feature[FEAT_TEXT] || *f.text_reason, "no text without a reason", "");
	claim_calls(&f);
	choose(&f, false, NULL);
	for (size_t i = 0; i < f.funcs_n && f.feature[FEAT_SYMBOLS]; i++)
		kernel__symbol(f.funcs[i].addr + 3, symbol, sizeof(symbol));
	kernel__forget_symbols();
	facts__free(&f);
	return 0;
}
