// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* layout IMAGE SIZE: what each block of so many bytes is, a line a block that is something. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "record/layout.h"

int main(int argc, char **argv)
{
	struct layout l = { 0 };
	int fd = argc == 3 ? open(argv[1], O_RDONLY) : -1, ret;
	__u64 size = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !size)
		return 2;
	ret = layout__read(&l, fd);
	if (ret) {
		printf("%s\n", strerror(-ret));
		return 1;
	}
	printf("%s%s\n", l.type, l.partial ? " partial" : "");
	for (__u64 at = 0; at < (__u64)st.st_size; at += size) {
		enum block_is is = layout__at(&l, at);

		/* ext4's first block of more than 1 KiB begins with room for a boot loader */
		if (is)
			printf("%llu %s\n", at / size, block_is__name(is));
	}
	layout__free(&l);
	return 0;
}
