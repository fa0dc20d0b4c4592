/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal: where the superblock says it lies against what holds it, and
 * records that were not replayed.
 */
#include <inttypes.h>

#include "fs/ffs_check.h"

/* The blocks of the journal's inode, one after another, are what the superblock names. */
static int
check_inode_blocks(struct check *c, const struct ffs_log *log, struct err *err)
{
	const struct ffs_super *s = c->s;
	int64_t want = (int64_t)(log->offset >> s->fshift), addr;
	uint64_t nblocks = log->bytes >> s->bshift, lbn;
	struct err why = { 0 };
	struct ffs_dinode d;

	if (check_inode_get(c, log->ino) == NULL) {
		check_problem(c, 0, 0, "superblock: the journal's inode %" PRIu64 " is not in use", log->ino);
		return 0;
	}
	if (ffs_read_inode(c->r, log->ino, &d, err) < 0)
		return -1;
	if ((d.flags & FFS_IFLAG_LOG) == 0)
		check_problem(c, log->ino, 0, "holds the journal, but is not marked so (flag SF_LOG)");
	if (d.size < log->bytes)
		check_problem(
		    c, log->ino, 0, "holds a journal of %" PRIu64 " bytes, but has only %" PRIu64, log->bytes, d.size);
	if (d.size < log->bytes || log->offset % (uint64_t)s->bsize != 0)
		return 0;
	for (lbn = 0; lbn < nblocks; lbn++, want += s->frag) {
		if (ffs_block_address(c->r, &d, lbn, &addr, &why) < 0)
			return 0; /* told elsewhere */
		if (addr != want) {
			check_problem(c, log->ino, 0,
			    "block %" PRIu64 " of the journal is at fragment %" PRId64 ", the superblock has %" PRId64,
			    lbn, addr, want);
			return 0;
		}
	}
	return 0;
}

int
check_log(struct check *c, struct err *err)
{
	struct err why = { 0 };
	struct ffs_log log;

	if (ffs_log_read(c->r, &log, &why) < 0)
		check_problem(c, 0, 0, "superblock: %.300s", why.msg);
	if (log.live)
		check_problem(c, 0, 0,
		    "the journal (WAPBL) was not flushed: %" PRIu64 " bytes of records, %" PRIu64
		    " blocks of 512 bytes and "
		    "%" PRIu64 " inodes; NetBSD will replay it, what is checked here is the state without it",
		    log.used_bytes, log.blocks, log.inodes);
	return log.present && log.inside ? check_inode_blocks(c, &log, err) : 0;
}
