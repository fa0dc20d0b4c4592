/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading inodes and the bytes of files.  Addresses from the disk are bounded
 * before they are used; a run of blocks that lie together is one read.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "fs/ffs.h"

/* The first inodes of 4.3BSD had 16-bit owners at another place. */
static void
old_owner(const struct ffs_super *s, struct ffs_dinode *d, const uint8_t *buf)
{
	if (s->ver == 2 || s->old_inodefmt >= FFS_INODEFMT_44)
		return;
	d->uid = get_u16(buf + 4, s->big);
	d->gid = get_u16(buf + 6, s->big);
}

int
ffs_read_inode(const struct ffs_reader *r, uint64_t ino, struct ffs_dinode *d, struct err *err)
{
	const struct ffs_super *s = &r->super;
	uint8_t buf[FFS_DINODE2_BYTES];

	if (ino < FFS_ROOTINO || ino >= (uint64_t)s->ncg * s->ipg)
		return err_set(err, "there is no inode %" PRIu64, ino);
	if (pread_full(r->fd, buf, ffs_dinode_bytes(s), r->offset + ffs_inode_offset(s, ino)) < 0)
		return err_sys(err, "cannot read inode %" PRIu64, ino);
	ffs_dinode_decode(s, d, buf);
	old_owner(s, d, buf);
	return 0;
}

static int
check_address(const struct ffs_super *s, int64_t addr, uint32_t frags, struct err *err)
{
	if (addr < 0 || addr > s->size - (int64_t)frags)
		return err_set(err, "block address %" PRId64 " is outside of the file system", addr);
	return 0;
}

static int
read_pointer(const struct ffs_reader *r, int64_t block, uint64_t i, int64_t *addr, struct err *err)
{
	const struct ffs_super *s = &r->super;
	uint64_t width = (uint64_t)ffs_ptr_bytes(s);
	uint8_t buf[8];

	if (check_address(s, block, (uint32_t)s->frag, err) < 0)
		return -1;
	if (pread_full(r->fd, buf, width, r->offset + ((uint64_t)block << s->fshift) + i * width) < 0)
		return err_sys(err, "cannot read the indirect block at fragment %" PRId64, block);
	*addr = ffs_ptr_get(s, buf, 0);
	return 0;
}

int
ffs_block_address(const struct ffs_reader *r, const struct ffs_dinode *d, uint64_t lbn, int64_t *addr, struct err *err)
{
	const struct ffs_super *s = &r->super;
	/* Not s->nindir: that number is not trusted. */
	uint64_t nindir = (uint64_t)s->bsize / (uint64_t)ffs_ptr_bytes(s), span = 1, left;
	unsigned level, i;

	if (lbn < FFS_NDADDR) {
		*addr = d->db[lbn];
		return 0;
	}
	left = lbn - FFS_NDADDR;
	for (level = 0; level < FFS_NIADDR; level++) {
		span *= nindir;
		if (left < span)
			break;
		left -= span;
	}
	if (level == FFS_NIADDR)
		return err_set(err, "block %" PRIu64 " is beyond what a file can have", lbn);
	*addr = d->ib[level];
	for (i = 0; i <= level && *addr != 0; i++) {
		span /= nindir;
		if (read_pointer(r, *addr, left / span, addr, err) < 0)
			return -1;
		left %= span;
	}
	return 0;
}

/* The bytes from offset on that lie in one piece on disk (or in one hole), at most len. */
static int
find_run(const struct ffs_reader *r, const struct ffs_dinode *d, uint64_t offset, uint64_t len, int64_t *addr,
    uint64_t *run, struct err *err)
{
	const struct ffs_super *s = &r->super;
	uint64_t lbn = offset >> s->bshift, n;
	int64_t next, want;

	if (ffs_block_address(r, d, lbn, addr, err) < 0)
		return -1;
	n = ((lbn + 1) << s->bshift) - offset;
	want = *addr;
	while (n < len) {
		want += *addr == 0 ? 0 : s->frag;
		if (ffs_block_address(r, d, ++lbn, &next, err) < 0)
			return -1;
		if (next != want)
			break;
		n += (uint64_t)s->bsize;
	}
	*run = u64_min(n, len);
	return 0;
}

static int
read_run(const struct ffs_reader *r, void *buf, int64_t addr, uint64_t skip, uint64_t len, struct err *err)
{
	const struct ffs_super *s = &r->super;

	if (addr == 0) {
		memset(buf, 0, len);
		return 0;
	}
	if (addr < 0 || addr > s->size || ((uint64_t)(s->size - addr) << s->fshift) < skip + len)
		return err_set(err, "block address %" PRId64 " is outside of the file system", addr);
	if (pread_full(r->fd, buf, len, r->offset + ((uint64_t)addr << s->fshift) + skip) < 0)
		return err_sys(err, "cannot read %" PRIu64 " bytes at fragment %" PRId64, len, addr);
	return 0;
}

int
ffs_read(
    const struct ffs_reader *r, const struct ffs_dinode *d, void *buf, uint64_t len, uint64_t offset, struct err *err)
{
	uint8_t *p = buf;
	uint64_t run;
	int64_t addr;

	if (offset > d->size || len > d->size - offset)
		return err_set(err, "bytes %" PRIu64 " to %" PRIu64 " are not in a file of %" PRIu64, offset,
		    offset + len, d->size);
	while (len > 0) {
		if (find_run(r, d, offset, len, &addr, &run, err) < 0 ||
		    read_run(r, p, addr, offset & ((uint64_t)r->super.bsize - 1), run, err) < 0)
			return -1;
		p += run;
		offset += run;
		len -= run;
	}
	return 0;
}

char *
ffs_readlink(const struct ffs_reader *r, const struct ffs_dinode *d, struct err *err)
{
	char *text;

	if (d->size > TREE_LINK_MAX + 1) {
		(void)err_set(err, "a symlink of %" PRIu64 " bytes", d->size);
		return NULL;
	}
	if (ffs_link_is_inline(&r->super, d))
		return xstrdup(d->link);
	text = xcalloc(d->size + 1, 1);
	if (ffs_read(r, d, text, d->size, 0, err) < 0) {
		free(text);
		return NULL;
	}
	return text;
}
