/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories (entries never cross 512 bytes; sys/ufs/ufs/dir.h), and paths.
 */
#include "ffs.h"

#include "bytes.h"
#include "string.h"

enum { DIRBLK = 512, ENTRY_HEADER = 8, LINKS_MAX = 16, DIR_MAX = 1 << 26 };

/* The 512 bytes of the directory which hold off. */
static const uint8_t *
dir_piece(struct ffs *fs, const struct ffs_node *dir, uint64_t off)
{
	uint64_t lbn = off >> fs->bshift, frag, left;
	uint32_t within = (uint32_t)off & (fs->bsize - 1) & ~(uint32_t)(DIRBLK - 1);
	const uint8_t *block;

	left = dir->size - (lbn << fs->bshift);
	if (!ffs_map(fs, dir, lbn, &frag))
		return NULL;
	block = ffs_cached(
	    fs, frag, left < fs->bsize ? (uint32_t)(left + DIRBLK - 1) & ~(uint32_t)(DIRBLK - 1) : fs->bsize);
	return block == NULL ? NULL : block + within;
}

bool
ffs_readdir(struct ffs *fs, const struct ffs_node *dir, uint64_t *off, struct ffs_dirent *entry)
{
	uint32_t within, reclen, namelen;
	const uint8_t *piece, *e;

	while (*off < dir->size && *off < DIR_MAX) {
		within = (uint32_t)*off % DIRBLK;
		piece = dir_piece(fs, dir, *off);
		if (piece == NULL)
			return false;
		e = piece + within;
		reclen = get_le16(e + 4);
		namelen = e[7];
		if (within + ENTRY_HEADER > DIRBLK || reclen < ENTRY_HEADER || reclen % 4 != 0 ||
		    reclen > DIRBLK - within || ENTRY_HEADER + namelen > reclen)
			return false;
		*off += reclen;
		entry->ino = get_le32(e);
		if (entry->ino == 0 || namelen == 0)
			continue;
		copy_string(entry->name, sizeof(entry->name), (const char *)e + ENTRY_HEADER, namelen);
		return true;
	}
	return false;
}

static bool
dir_find(struct ffs *fs, const struct ffs_node *dir, const char *name, size_t len, struct ffs_node *found)
{
	struct ffs_dirent entry;
	uint64_t off = 0;

	if (ffs_kind(dir) != FFS_DIR)
		return false;
	while (ffs_readdir(fs, dir, &off, &entry))
		if (strncmp(entry.name, name, len) == 0 && entry.name[len] == '\0')
			return ffs_inode(fs, entry.ino, found);
	return false;
}

/* Puts the link's target before what is left of the path. */
static bool
link_expand(struct ffs *fs, const struct ffs_node *link, const char *rest, char *path)
{
	char next[FFS_PATH_MAX];
	size_t n = (size_t)link->size, tail = strlen(rest);

	if (link->size == 0 || link->size + tail >= FFS_PATH_MAX)
		return false;
	if (link->size < fs->inline_link_max)
		memcpy(next, link->link, n);
	else if (ffs_read(fs, link, 0, next, (uint32_t)n) != (int32_t)n)
		return false;
	memcpy(next + n, rest, tail + 1);
	memcpy(path, next, n + tail + 1);
	return true;
}

bool
ffs_lookup(struct ffs *fs, const char *path, struct ffs_node *node)
{
	char buf[FFS_PATH_MAX], *p = buf, *name;
	struct ffs_node dir;
	int links = 0;

	if (!copy_string(buf, sizeof(buf), path, strlen(path)) || !ffs_inode(fs, FFS_ROOT, node))
		return false;
	for (;;) {
		while (*p == '/')
			p++;
		if (*p == '\0')
			return true;
		for (name = p; *p != '\0' && *p != '/'; p++)
			continue;
		dir = *node;
		if (!dir_find(fs, &dir, name, (size_t)(p - name), node))
			return false;
		if (ffs_kind(node) != FFS_LINK)
			continue;
		if (++links > LINKS_MAX || !link_expand(fs, node, p, buf))
			return false;
		p = buf;
		if (*p == '/')
			dir.ino = FFS_ROOT;
		if (!ffs_inode(fs, dir.ino, node))
			return false;
	}
}
