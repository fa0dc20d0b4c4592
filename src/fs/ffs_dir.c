/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directory contents (dir(5)): entries that never cross a 512-byte boundary;
 * the last of each 512 bytes takes what is left of them.
 */
#include <string.h>

#include "fs/ffs_layout.h"

struct packer {
	uint64_t at; /* where the next entry goes */
	uint64_t last; /* the entry before it */
	bool any;
};

/* Place for an entry of need bytes: at, or the next 512-byte block. */
static uint64_t
place(struct packer *p, uint32_t need)
{
	if (p->at / FFS_DIRBLK != (p->at + need - 1) / FFS_DIRBLK)
		p->at = (p->at / FFS_DIRBLK + 1) * FFS_DIRBLK;
	p->last = p->at;
	p->any = true;
	p->at += need;
	return p->last;
}

uint64_t
ffs_dir_bytes(const struct tree_node *dir)
{
	struct packer p = { .at = 2 * FFS_DIRENT_BYTES(2) };
	const struct tree_node *n;

	for (n = dir->child; n != NULL; n = n->next)
		(void)place(&p, FFS_DIRENT_BYTES(n->namelen));
	return (p.at + FFS_DIRBLK - 1) / FFS_DIRBLK * FFS_DIRBLK;
}

struct builder {
	const struct ffs_super *super;
	struct packer packer;
	struct ffs_dirent open; /* not written yet: its reclen is known when the next one has its place */
	uint8_t *buf;
};

static void
close_entry(struct builder *b, uint64_t end)
{
	if (!b->packer.any)
		return;
	b->open.reclen = (uint16_t)(end - b->packer.last);
	ffs_dirent_encode(&b->open, b->buf + b->packer.last, b->super->big);
}

static void
add_entry(struct builder *b, const char *name, uint8_t namelen, uint32_t ino, uint32_t mode)
{
	struct packer next = b->packer;
	uint64_t at = place(&next, FFS_DIRENT_BYTES(namelen));
	uint64_t block_end = (b->packer.last / FFS_DIRBLK + 1) * FFS_DIRBLK;

	close_entry(b, at < block_end ? at : block_end);
	b->packer = next;
	b->open = (struct ffs_dirent){ .ino = ino, .type = (uint8_t)(mode >> 12), .namelen = namelen, .name = name };
}

void
ffs_dir_build(const struct ffs_super *s, const struct tree_node *dir, uint8_t *buf, uint64_t bytes)
{
	struct builder b = { .super = s, .buf = buf };
	const struct tree_node *n;

	memset(buf, 0, bytes);
	add_entry(&b, ".", 1, ffs_file_ino(dir), TREE_IFDIR);
	add_entry(&b, "..", 2, ffs_file_ino(dir->parent), TREE_IFDIR);
	for (n = dir->child; n != NULL; n = n->next)
		add_entry(&b, n->name, (uint8_t)n->namelen, ffs_file_ino(n), n->inode->attr.mode);
	close_entry(&b, bytes);
}
