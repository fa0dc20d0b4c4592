/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NetBSD's disklabel (disklabel(5), <sys/disklabel.h>), the partition table of
 * disks without a GPT: read, of either byte order, its checksum held against
 * it.  It lies in the first 8 KiB of the MBR's NetBSD partition, or of the
 * disk where there is none; where exactly, differs by port.
 *
 *	sector 0         MBR: partition of type 169 at sector S
 *	S + 1 (x86, arm) label: up to 22 partitions, counted from sector 0 of the disk
 */
#ifndef SMOL_IMAGE_DISKLABEL_H
#define SMOL_IMAGE_DISKLABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DISKLABEL_PARTITIONS_MAX 22 /* the most that any port has */
#define DISKLABEL_AREA_BYTES 8192
#define DISKLABEL_FS_UNUSED 0
#define DISKLABEL_FS_FFS 7 /* FS_BSDFFS */

struct disklabel_partition {
	uint64_t offset, bytes; /* in the file; at most 2^48 each */
	uint8_t fs; /* FS_* */
};

struct disklabel {
	bool in_mbr; /* found by the MBR's partition */
	unsigned npartitions; /* 'a' is the first; 0: the MBR's partition has no label */
	struct disklabel_partition partitions[DISKLABEL_PARTITIONS_MAX];
	uint64_t mbr_offset, mbr_bytes; /* with in_mbr: that partition */
};

/*
 * 1: read.  0: there is neither a NetBSD partition in an MBR nor a label.  -1:
 * there is one that cannot be used.  bytes is the size of the file; partitions
 * are not held against it.
 */
int disklabel_read(struct disklabel *, int fd, uint64_t bytes, struct err *);

#endif
