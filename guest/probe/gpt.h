/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GUID partition table (UEFI 2.10 section 5.3), as far as NetBSD reads it:
 *
 *	LBA 1 header -> entries (LBA 2), a wedge each; names are labels
 */
#ifndef PROBE_GPT_H
#define PROBE_GPT_H

#include "blk.h"

/* A piece of a disk. */
struct wedge {
	struct blk *disk;
	uint64_t start, sectors;
	char label[37]; /* other than ASCII becomes '?' */
};

/* Finds what root= names: NAME=label, dkN, ldN[a], or "" for the first. */
bool wedge_find(const char *root, struct wedge *);
/* The nth wedge of a disk; false if it has no more, or no GPT. */
bool gpt_wedge(struct blk *, uint32_t nth, struct wedge *);
/* For tests: checksum of the entries; true also where there is no GPT. */
bool gpt_entries_sum_ok(struct blk *, bool *present);

#endif
