/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must be so before an image is written anew from a tree of it, and what
 * of it stays: see struct image_old.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "fs/ffs_tree.h"
#include "image/gpt.h"
#include "image/image.h"

#define FLAG_QUOTA2 0x200
#define OFFSET_MAX (64u << 20) /* what lies before the partition is copied */
#define MBR_PARTITIONS 446
#define MBR_ENTRY 16

int
image_check_state(const struct ffs_super *s, struct err *err)
{
	uint32_t flags = s->ver == 1 && (s->old_flags & FFS_FLAGS_UPDATED) == 0 ? 0 : s->flags;

	if ((flags & FFS_FLAG_WAPBL) != 0)
		return err_set(
		    err, "its journal was not flushed: start it once with --rw and shut it down, or run fsck_ffs");
	if (s->clean != FFS_CLEAN)
		return err_set(err, "it was not unmounted: start it once with --rw and shut it down, or run fsck_ffs");
	if ((flags & FLAG_QUOTA2) != 0)
		return err_set(err, "it has quotas, which smol does not write");
	return 0;
}

/* A GPT around it that we can make again: of this partition alone. */
static int
check_disk(const struct image_partition *p, int fd, struct err *err)
{
	uint8_t mbr[GPT_SECTOR];
	unsigned i;

	if (p->mbr || p->letter != 0)
		return err_set(err, "it has %s, which smol does not write: build from it with FROMIMG",
		    p->letter != 0 ? "a disklabel" : "an MBR");
	if (!p->gpt)
		return 0;
	if (p->others > 0)
		return err_set(err,
		    "it has %" PRIu32 " other partition%s: only 'smol image resize --append' can change it", p->others,
		    p->others == 1 ? "" : "s");
	if (p->offset < GPT_HEAD_BYTES || p->offset > OFFSET_MAX)
		return err_set(err, "its partition begins at byte %" PRIu64, p->offset);
	if (pread_full(fd, mbr, sizeof(mbr), 0) < 0)
		return err_sys(err, "cannot read the MBR");
	for (i = 1; i < 4; i++)
		if (mbr[MBR_PARTITIONS + i * MBR_ENTRY + 4] != 0)
			return err_set(err, "its MBR has partitions beside the GPT's");
	return 0;
}

/* The bytes before the superblock: the boot blocks, if it has any. */
static int
read_boot(struct image_old *old, const struct ffs_reader *r, struct err *err)
{
	size_t want = r->super.ver == 2 ? FFS_SB_UFS2 : FFS_SB_UFS1;

	old->boot = xcalloc(1, want);
	if (pread_full(r->fd, old->boot, u64_min(want, (uint64_t)r->super.sblockloc), r->offset) < 0)
		return err_sys(err, "cannot read the boot blocks");
	return 0;
}

static int
check(struct image_old *old, const struct ffs_reader *r, struct err *err)
{
	struct ffs_log log;

	if (image_check_state(&r->super, err) < 0 || check_disk(old->part, r->fd, err) < 0)
		return -1;
	if (ffs_log_read(r, &log, err) < 0)
		return -1;
	old->log_bytes = log.bytes;
	return read_boot(old, r, err);
}

int
image_rewrite_open(struct image_old *old, struct image_options *o, const char *path, const struct image_partition *part,
    const struct ffs_reader *r, struct err *err)
{
	*old = (struct image_old){ .fd = r->fd, .part = part };
	if (image_lock(&old->lock, path, r->fd, err) < 0)
		return -1;
	if (check(old, r, err) < 0)
		return err_wrap(err, "image '%s' cannot be changed", path);
	*o = (struct image_options){
		.fs = { .version = r->super.ver,
		    .bsize = (uint32_t)r->super.bsize,
		    .fsize = (uint32_t)r->super.fsize,
		    .spare_inodes = true,
		    .log_bytes = old->log_bytes,
		    .like = &r->super,
		    .boot = old->boot },
		.bytes = rounddown(part->file_bytes, GPT_SECTOR),
		.type = IMAGE_FFS,
		.label = part->label,
		.gpt = part->gpt,
		.old = old,
	};
	return 0;
}

int
image_rewrite_lost(const struct ffs_tree_lost *lost, struct err *err)
{
	if (lost->attributes > 0)
		return err_set(
		    err, "%" PRIu64 " files have extended attributes, which smol does not write", lost->attributes);
	if (lost->snapshots > 0)
		return err_set(err, "it has a snapshot of itself, which smol does not write");
	return 0;
}

void
image_rewrite_close(struct image_old *old)
{
	image_unlock(&old->lock);
	free(old->boot);
	old->boot = NULL;
}
