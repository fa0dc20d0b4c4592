/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zeroes a range of a disk, for linux-init.sh, whose busybox cannot:
 *
 *	zero_range keep|free DISK OFFSET BYTES
 *
 * keep asks as 'blkdiscard -z' does (BLKZEROOUT, in virtio-blk write zeroes
 * without unmap); free lets the disk punch a hole (with unmap), and fails
 * where it does not take write zeroes (fallocate(2) on a block device).
 */
#include <sys/ioctl.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
	uint64_t range[2];
	int fd, rv;

	if (argc != 5)
		return 2;
	range[0] = strtoull(argv[3], NULL, 10);
	range[1] = strtoull(argv[4], NULL, 10);
	fd = open(argv[2], O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror(argv[2]);
		return 1;
	}
	if (strcmp(argv[1], "keep") == 0)
		rv = ioctl(fd, BLKZEROOUT, range);
	else
		rv = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)range[0], (off_t)range[1]);
	if (rv < 0)
		perror(argv[1]);
	return rv < 0;
}
