/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every inode: type, size, blocks and their number; what a symlink or a device
 * keeps where others keep block addresses.  Inode tables are read in large
 * pieces, and what is a hole in the image file is not read at all.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "fs/ffs_check.h"

#define CHUNK_BYTES (1024 * 1024)
#define FLAG_SNAPSHOT 0x00200000 /* SF_SNAPSHOT */
#define DIR_SIZE_MAX INT32_MAX /* UFS_MAXDIRSIZE */

#define DINODE1_DB 40
#define DINODE2_EXTB 96
#define DINODE2_DB 112

struct inode {
	uint64_t ino;
	const uint8_t *raw;
	struct ffs_dinode d;
	uint32_t type;
};

static const uint8_t *
raw_pointers(const struct check *c, const struct inode *in)
{
	return in->raw + (c->s->ver == 2 ? DINODE2_DB : DINODE1_DB);
}

static uint64_t
pointer_bytes(const struct check *c)
{
	return (uint64_t)(FFS_NDADDR + FFS_NIADDR) * (uint64_t)ffs_ptr_bytes(c->s);
}

static bool
is_zero(const uint8_t *p, uint64_t len)
{
	return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

static void
check_free_inode(struct check *c, const struct inode *in)
{
	if (in->d.size != 0 || !is_zero(raw_pointers(c, in), pointer_bytes(c)))
		check_problem(c, in->ino, 0,
		    "not allocated (mode 0), but it has a size of %" PRIu64 " or block addresses", in->d.size);
}

/* --- what holds no blocks --- */

static void
check_no_blocks(struct check *c, const struct inode *in, const char *what, uint64_t used_bytes)
{
	if (in->d.blocks != 0)
		check_problem(c, in->ino, 0, "block count of %s is %" PRIu64 ", should be 0", what, in->d.blocks);
	if (!is_zero(raw_pointers(c, in) + used_bytes, pointer_bytes(c) - used_bytes))
		check_problem(c, in->ino, 0, "%s has block addresses", what);
}

static void
check_device(struct check *c, const struct inode *in)
{
	int64_t rdev = in->d.db[0];

	check_no_blocks(c, in, "a device", (uint64_t)ffs_ptr_bytes(c->s));
	if (in->d.size != 0)
		check_problem(c, in->ino, 0, "size of a device is %" PRIu64 ", should be 0", in->d.size);
	if (rdev > UINT32_MAX || rdev < INT32_MIN)
		check_problem(c, in->ino, 0, "device number 0x%" PRIx64 " has more than 32 bits", (uint64_t)rdev);
}

static void
check_pipe(struct check *c, const struct inode *in)
{
	const char *what = in->type == TREE_IFIFO ? "a FIFO" : "a socket";

	check_no_blocks(c, in, what, 0);
	if (in->d.size != 0)
		check_problem(c, in->ino, 0, "size of %s is %" PRIu64 ", should be 0", what, in->d.size);
}

static void
check_link_text(struct check *c, const struct inode *in, const char *text)
{
	if (strlen(text) != in->d.size)
		check_problem(c, in->ino, 0, "symlink of %" PRIu64 " bytes has a NUL at %zu", in->d.size, strlen(text));
}

static void
check_inline_link(struct check *c, const struct inode *in)
{
	uint64_t width = (uint64_t)ffs_ptr_bytes(c->s);

	check_link_text(c, in, in->d.link);
	check_no_blocks(c, in, "a symlink kept in its inode", roundup(in->d.size, width));
}

/* --- what holds blocks --- */

static void
check_ext_blocks(struct check *c, const struct inode *in, struct check_blocks *b)
{
	const struct ffs_super *s = c->s;
	uint32_t left, bytes, i;
	int64_t addr;

	if (s->ver != 2 || in->d.extsize == 0)
		return;
	if (in->d.extsize < 0 || in->d.extsize > 2 * s->bsize) {
		check_problem(c, in->ino, 0, "extended attributes of %" PRId32 " bytes", in->d.extsize);
		b->broken = true;
		return;
	}
	for (i = 0, left = (uint32_t)in->d.extsize; left > 0; i++, left -= bytes) {
		bytes = left < (uint32_t)s->bsize ? left : (uint32_t)s->bsize;
		addr = ffs_ptr_get(s, in->raw + DINODE2_EXTB, i);
		if (addr != 0)
			(void)check_claim(c, b, addr, howmany(bytes, (uint32_t)s->fsize));
	}
}

static int
check_blocks(struct check *c, const struct inode *in, struct check_blocks *b, struct err *err)
{
	uint64_t sectors;

	b->ino = in->ino;
	b->dir = in->type == TREE_IFDIR;
	b->snapshot = (in->d.flags & FLAG_SNAPSHOT) != 0;
	if (check_file_blocks(c, &in->d, b, err) < 0)
		return -1;
	check_ext_blocks(c, in, b);
	sectors = b->frags << (c->s->fshift - 9);
	if (in->d.blocks != sectors && !b->broken)
		check_problem(
		    c, in->ino, 0, "block count is %" PRIu64 " sectors, should be %" PRIu64, in->d.blocks, sectors);
	return 0;
}

static int
check_block_link(struct check *c, const struct inode *in, struct check_blocks *b, struct err *err)
{
	struct err why = { 0 };
	char *text;

	if (check_blocks(c, in, b, err) < 0)
		return -1;
	if (b->broken || c->replay)
		return 0;
	text = ffs_readlink(c->r, &in->d, &why);
	if (text == NULL)
		check_problem(c, in->ino, 0, "symlink cannot be read: %s", why.msg);
	else
		check_link_text(c, in, text);
	free(text);
	return 0;
}

static void
add_dir(struct check *c, const struct inode *in, const struct check_blocks *b)
{
	if (c->replay)
		return;
	if (in->d.size == 0)
		check_problem(c, in->ino, 0, "size of a directory is 0");
	else if (in->d.size % FFS_DIRBLK != 0)
		check_problem(c, in->ino, 0, "size of a directory is %" PRIu64 ", should be a multiple of %d",
		    in->d.size, FFS_DIRBLK);
	*vec_push(c->dirs, c->ndirs, c->dirs_cap) = (struct check_dir){ .ino = (uint32_t)in->ino,
		.size = in->d.size,
		.blocks = b->readable,
		.parent = in->ino == FFS_ROOTINO ? FFS_ROOTINO : 0 };
}

static int
check_contents(struct check *c, const struct inode *in, struct err *err)
{
	struct check_blocks b = { 0 };

	switch (in->type) {
	case TREE_IFCHR:
	case TREE_IFBLK:
		check_device(c, in);
		return 0;
	case TREE_IFIFO:
	case TREE_IFSOCK:
		check_pipe(c, in);
		return 0;
	case TREE_IFLNK:
		if (in->d.size == 0 || in->d.size > TREE_LINK_MAX + 1)
			check_problem(c, in->ino, 0, "symlink of %" PRIu64 " bytes, should be 1 to %d", in->d.size,
			    TREE_LINK_MAX + 1);
		if (!ffs_link_is_inline(c->s, &in->d))
			return check_block_link(c, in, &b, err);
		check_inline_link(c, in);
		return 0;
	case TREE_IFDIR:
		if (check_blocks(c, in, &b, err) < 0)
			return -1;
		add_dir(c, in, &b);
		return 0;
	default:
		return check_blocks(c, in, &b, err);
	}
}

static bool
type_known(uint32_t type)
{
	return type == TREE_IFREG || type == TREE_IFDIR || type == TREE_IFLNK || type == TREE_IFCHR ||
	       type == TREE_IFBLK || type == TREE_IFIFO || type == TREE_IFSOCK;
}

static uint64_t
size_max(const struct check *c, uint32_t type)
{
	if (type == TREE_IFDIR)
		return DIR_SIZE_MAX;
	/* As fsck_ffs: what a 32-bit block number reaches for v1. */
	return c->s->ver == 2 ? c->s->maxfilesize : (UINT64_C(0x80000000) << c->s->bshift) - 1;
}

/* Sees to one inode; *inode is its state, filled in unless this is the replay. */
static int
check_inode(struct check *c, struct check_inode *state, const struct inode *in, struct err *err)
{
	bool special = in->ino == c->journal_ino ? (in->d.flags & FFS_IFLAG_LOG) != 0
						 : in->ino == c->quota_ino[0] || in->ino == c->quota_ino[1];

	if (!c->replay) {
		state->state = in->type == TREE_IFDIR ? CHECK_DIR : special ? CHECK_SPECIAL : CHECK_FILE;
		state->type = (uint8_t)(in->type >> 12);
		state->nlink = in->d.nlink;
	}
	if (!type_known(in->type)) {
		check_problem(c, in->ino, 0, "unknown file type: mode 0%o", (unsigned)in->d.mode);
		return 0;
	}
	if (in->d.size > size_max(c, in->type)) {
		check_problem(
		    c, in->ino, 0, "size is %" PRIu64 ", more than %" PRIu64, in->d.size, size_max(c, in->type));
		if (!c->replay)
			state->state = CHECK_FILE;
		return 0;
	}
	return check_contents(c, in, err);
}

/* --- the tables --- */

/* Inodes of a v2 group that were ever initialized; all if the group block is no help. */
static int
initialized(struct check *c, uint32_t g, uint32_t *n, struct err *err)
{
	uint64_t at = (uint64_t)(ffs_cgstart(c->s, g) + c->s->cblkno) << c->s->fshift;
	uint8_t buf[FFS_CG_BYTES];
	struct ffs_cg cg;

	*n = c->s->ipg;
	if (c->s->ver != 2)
		return 0;
	if (check_read(c, buf, sizeof(buf), at, "cylinder group block", err) < 0)
		return -1;
	ffs_cg_decode(&cg, buf, c->s->big);
	if (cg.magic == FFS_CG_MAGIC && cg.initediblk <= c->s->ipg)
		*n = cg.initediblk;
	return 0;
}

/* The first byte from offset on that is not known to be in a hole; end if all is. */
static uint64_t
skip_hole(struct check *c, uint64_t offset, uint64_t end)
{
#ifdef SEEK_DATA
	off_t data, next;

	if (offset < c->data_until)
		return offset;
	data = lseek(c->r->fd, (off_t)(c->r->offset + offset), SEEK_DATA);
	if (data < 0)
		return errno == ENXIO ? end : offset;
	if ((uint64_t)data >= c->r->offset + end)
		return end;
	next = lseek(c->r->fd, data, SEEK_HOLE);
	if (next > data)
		c->data_until = (uint64_t)next - c->r->offset;
	return (uint64_t)data - c->r->offset;
#else
	(void)c;
	(void)end;
	return offset;
#endif
}

static struct check_inode *
group_inode(struct check_group *group, uint32_t i, uint32_t ipg)
{
	uint32_t n = group->ninodes;

	if (i >= n) {
		/* Room doubles, so that a full group is not copied for each inode. */
		n = (uint32_t)u64_min(u64_max((uint64_t)i + 1, (uint64_t)n * 2), ipg);
		group->inodes = xrealloc(group->inodes, n, sizeof(*group->inodes));
		memset(group->inodes + group->ninodes, 0, (n - group->ninodes) * sizeof(*group->inodes));
		group->ninodes = n;
	}
	return &group->inodes[i];
}

static int
check_chunk(struct check *c, uint32_t g, uint32_t first, uint32_t n, const uint8_t *buf, struct err *err)
{
	struct check_group *group = &c->groups[g];
	uint32_t size = ffs_dinode_bytes(c->s), i;
	struct inode in;

	for (i = 0; i < n; i++) {
		in.ino = (uint64_t)g * c->s->ipg + first + i;
		in.raw = buf + (size_t)i * size;
		/* Inode 0 is none, 1 stands for whiteouts. */
		if (in.ino < FFS_ROOTINO || is_zero(in.raw, size))
			continue;
		ffs_dinode_decode(c->s, &in.d, in.raw);
		in.type = in.d.mode & TREE_IFMT;
		if (in.type == 0) {
			check_free_inode(c, &in);
			continue;
		}
		if (check_inode(c, c->replay ? NULL : group_inode(group, first + i, c->s->ipg), &in, err) < 0)
			return -1;
	}
	return 0;
}

static int
check_group_inodes(struct check *c, uint32_t g, uint8_t *buf, struct err *err)
{
	uint32_t size = ffs_dinode_bytes(c->s), count, first;
	uint64_t base = ffs_inode_offset(c->s, (uint64_t)g * c->s->ipg), at, end, n;

	if (initialized(c, g, &count, err) < 0)
		return -1;
	end = base + (uint64_t)count * size;
	for (at = base; at < end; at += n) {
		at = skip_hole(c, at, end);
		if (at >= end)
			break;
		first = (uint32_t)((at - base) / size);
		at = base + (uint64_t)first * size;
		n = u64_min(CHUNK_BYTES, end - at);
		if (check_read(c, buf, n, at, "inodes", err) < 0 ||
		    check_chunk(c, g, first, (uint32_t)(n / size), buf, err) < 0)
			return -1;
	}
	return 0;
}

static void
count_inodes(struct check *c)
{
	struct check_group *group;
	uint32_t g, i;

	for (g = 0; g < c->s->ncg; g++) {
		group = &c->groups[g];
		for (i = 0; i < group->ninodes; i++) {
			if (group->inodes[i].state == CHECK_FREE)
				continue;
			group->nused++;
			if (group->inodes[i].state == CHECK_DIR)
				group->ndirs++;
			else
				c->result->files++;
		}
		c->result->directories += group->ndirs;
	}
}

int
check_inodes(struct check *c, struct err *err)
{
	cleanup_free uint8_t *buf = xmalloc(CHUNK_BYTES);
	uint32_t g;

	c->data_until = 0;
	check_reserve(c);
	for (g = 0; g < c->s->ncg; g++)
		if (check_group_inodes(c, g, buf, err) < 0)
			return -1;
	if (c->replay)
		return 0;
	count_inodes(c);
	return check_report_dups(c, err);
}
