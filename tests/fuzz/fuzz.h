/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the fuzz targets share. A target is tests/fuzz/fuzz_NAME.c: bytes in, and whatever is wrong
 * ends in a trap, which libFuzzer reports like a finding of a sanitiser.
 */
#ifndef MIGTRACE_FUZZ_H
#define MIGTRACE_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim of ours that must hold for any input. */
void fuzz__claim(bool holds, const char *claim, const char *about);

/* The same for two texts; the report is of where they differ. */
void fuzz__claim_same(const char *a, size_t a_size, const char *b, size_t b_size,
		      const char *claim);

/* The bytes as a file: a path to open, good until the next call with the same @slot. */
#define FUZZ_SLOTS 16
const char *fuzz__file(unsigned int slot, const void *data, size_t size);

/* What follows is printed into memory instead of to standard output and standard error. */
void fuzz__capture(void);
struct captured {
	char *out, *err; /* good until the next fuzz__capture() */
	size_t out_size, err_size;
};
struct captured fuzz__captured(void);

/* Text for a terminal: printable ASCII and new lines; a run file's bytes must not steer one. */
void fuzz__claim_plain(const char *text, size_t size, const char *about);

/* No "(null)" where a text of the input is missing; the input may have one of its own. */
void fuzz__claim_no_null(const char *text, size_t size, const uint8_t *data, size_t data_size);

/* The same number for the same bytes: what else the input chooses. */
uint32_t fuzz__hash(const uint8_t *data, size_t size);

/* The part of @data that ends at the next NUL or at its end; NULL when there is none left. */
const uint8_t *fuzz__part(const uint8_t **data, size_t *size, size_t *part_size);

/* For mutate_json.c: whether the target's input is several files, with NUL between them. */
extern const bool fuzz__parts;

#endif /* MIGTRACE_FUZZ_H */
