// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Files out of bytes, captured output, claims: what the fuzz targets share. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

void fuzz__claim(bool holds, const char *claim, const char *about)
{
	if (holds)
		return;
	/* stderr may be captured; the descriptor is not */
	dprintf(STDERR_FILENO, "fuzz: does not hold: %s: %.2000s\n", claim, about);
	__builtin_trap();
}

const char *fuzz__file(unsigned int slot, const void *data, size_t size)
{
	static struct {
		int fd;
		char path[32];
	} files[FUZZ_SLOTS];
	const char *from = data;

	if (!*files[slot].path) {
		files[slot].fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(files[slot].path, sizeof(files[slot].path), "/proc/self/fd/%d",
			 files[slot].fd);
	}
	fuzz__claim(!ftruncate(files[slot].fd, 0) &&
			    pwrite(files[slot].fd, from, size, 0) == (ssize_t)size,
		    "a file in memory can be written", files[slot].path);
	return files[slot].path;
}

static struct {
	char *text;
	size_t size;
	FILE *f, *real;
} sink[2];

void fuzz__capture(void)
{
	for (int i = 0; i < 2; i++) {
		free(sink[i].text);
		sink[i].text = NULL;
		sink[i].real = i ? stderr : stdout;
		sink[i].f = open_memstream(&sink[i].text, &sink[i].size);
		fuzz__claim(sink[i].f, "there is memory for what is printed", "");
	}
	stdout = sink[0].f;
	stderr = sink[1].f;
}

struct captured fuzz__captured(void)
{
	stdout = sink[0].real;
	stderr = sink[1].real;
	fclose(sink[0].f);
	fclose(sink[1].f);
	return (struct captured){ sink[0].text, sink[1].text, sink[0].size, sink[1].size };
}

void fuzz__claim_plain(const char *text, size_t size, const char *about)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = text[i];

		if ((c >= ' ' && c < 0x7f) || c == '\n')
			continue;
		dprintf(STDERR_FILENO, "fuzz: byte %zu is 0x%02x\n", i, c);
		fuzz__claim(false, about, text);
	}
}

void fuzz__claim_no_null(const char *text, size_t size, const uint8_t *data, size_t data_size)
{
	static const char null[] = "(null)";

	fuzz__claim(!memmem(text, size, null, strlen(null)) ||
			    memmem(data, data_size, null, strlen(null)),
		    "nothing is printed as (null)", text);
}

void fuzz__claim_same(const char *a, size_t a_size, const char *b, size_t b_size, const char *claim)
{
	char about[512];
	size_t i = 0;

	if (a_size == b_size && !memcmp(a, b, a_size))
		return;
	while (i < a_size && i < b_size && a[i] == b[i])
		i++;
	i = i > 100 ? i - 100 : 0;
	snprintf(about, sizeof(about), "...%.200s... and ...%.200s...", a + i, b + i);
	fuzz__claim(false, claim, about);
}

uint32_t fuzz__hash(const uint8_t *data, size_t size)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < size; i++)
		h = (h ^ data[i]) * 16777619u;
	return h ^ h >> 15;
}

const uint8_t *fuzz__part(const uint8_t **data, size_t *size, size_t *part_size)
{
	const uint8_t *part = *data, *end;

	if (!part)
		return NULL;
	end = *size ? memchr(part, 0, *size) : NULL;
	*part_size = end ? (size_t)(end - part) : *size;
	*data = end ? end + 1 : NULL;
	*size -= end ? *part_size + 1 : *part_size;
	return part;
}
