/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories of ext2: entries of 8 bytes and the name, padded to 4, none
 * across the end of a block; the last one of a block reaches to its end.
 */
#include <string.h>

#include "base/defs.h"
#include "base/endian.h"
#include "fs/ext2_layout.h"

#define ENTRY_BYTES(namelen) (8 + roundup((uint32_t)(namelen), 4))

void
ext2_dir_begin(struct ext2_dir *d, const struct tree_node *dir)
{
	*d = (struct ext2_dir){ .dir = dir, .next = dir->child, .dots = 2 };
}

/* Without the feature "filetype" the length of a name has 16 bits. */
static void
put_entry(uint8_t *p, uint32_t ino, uint32_t reclen, const char *name, uint32_t namelen)
{
	put_le32(p, ino);
	put_le16(p + 4, (uint16_t)reclen);
	put_le16(p + 6, (uint16_t)namelen);
	memcpy(p + 8, name, namelen);
}

bool
ext2_dir_block(const struct ext2_layout *l, struct ext2_dir *d, uint8_t *buf)
{
	uint32_t at = 0, last = 0, namelen;
	const struct tree_node *n;
	const char *name;

	if (d->dots == 0 && d->next == NULL)
		return false;
	if (buf != NULL)
		memset(buf, 0, l->bsize);
	while (d->dots > 0 || d->next != NULL) {
		n = d->dots == 2 ? d->dir : d->dots == 1 ? d->dir->parent : d->next;
		name = d->dots == 2 ? "." : d->dots == 1 ? ".." : n->name;
		namelen = (uint32_t)strlen(name);
		if (at + ENTRY_BYTES(namelen) > l->bsize)
			break;
		if (buf != NULL)
			put_entry(buf + at, ext2_ino(n->inode->index), ENTRY_BYTES(namelen), name, namelen);
		last = at;
		at += ENTRY_BYTES(namelen);
		if (d->dots > 0)
			d->dots--;
		else
			d->next = d->next->next;
	}
	if (buf != NULL)
		put_le16(buf + last + 4, (uint16_t)(l->bsize - last));
	return true;
}

uint64_t
ext2_dir_blocks(const struct ext2_layout *l, const struct tree_node *dir)
{
	struct ext2_dir d;
	uint64_t n = 0;

	ext2_dir_begin(&d, dir);
	while (ext2_dir_block(l, &d, NULL))
		n++;
	return n;
}
