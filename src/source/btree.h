/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A B+tree file of Berkeley DB 1.85, written in one go: what NetBSD's
 * dbopen(3) makes with DB_BTREE, no duplicates, pages of 4096 bytes, here
 * little-endian.
 *
 *	page 0	meta: magic 0x053162, version 3, page size, free page (none: 0),
 *		0, flags 0x20 (no duplicates)
 *	page 1	root
 *	page	number, the one before and behind it on its level (0: none), flags
 *		(1 inner, 2 leaf), lower and upper end of the gap (2 bytes each),
 *		then an offset for each item; items grow down from the end
 *	leaf item	key size, value size, flags (1 byte), key, value; to 4 bytes
 *	inner item	key size, page, flags (1 byte), key; the page has what is not
 *			below that key; the key of the very first is empty
 */
#ifndef SMOL_SOURCE_BTREE_H
#define SMOL_SOURCE_BTREE_H

#include <stddef.h>

#include "base/str.h"

#define BTREE_RECORD_MAX 2000 /* bytes of key and value with their NULs; longer ones are left out */

struct btree_record {
	const char *key, *value; /* their NULs are part of them */
};

/* Sorts the records; of those of one key only the first is taken. */
void btree_make(struct btree_record *, size_t n, struct str *out);

#endif
