/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening an image for reading: the NetBSD FFS partition of its GPT (the
 * bootable one if there are several), that of its disklabel ('a', else the
 * first), or the whole file where there is neither.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/defs.h"
#include "image/disklabel.h"
#include "image/gpt.h"
#include "image/image.h"

static const struct gpt_entry *
find_ffs(const struct gpt *g)
{
	static const uint8_t *const types[] = { gpt_type_netbsd_ffs, gpt_type_freebsd_ufs };
	const struct gpt_entry *found = NULL;
	uint32_t i;
	size_t t;

	for (t = 0; t < nitems(types) && found == NULL; t++) {
		for (i = 0; i < g->nentries; i++) {
			if (memcmp(g->entries[i].type, types[t], 16) != 0)
				continue;
			if ((g->entries[i].attributes & GPT_ATTR_BOOTME) != 0)
				return &g->entries[i];
			if (found == NULL)
				found = &g->entries[i];
		}
	}
	return found;
}

static bool
has_linux(const struct gpt *g)
{
	uint32_t i;

	for (i = 0; i < g->nentries; i++)
		if (memcmp(g->entries[i].type, gpt_type_linux, 16) == 0)
			return true;
	return false;
}

static int
truncated(uint64_t end, uint64_t bytes, struct err *err)
{
	return err_set(
	    err, "it is truncated: its partition ends at byte %" PRIu64 ", the file has %" PRIu64, end, bytes);
}

static int
take_partition(struct image_partition *part, const struct gpt *g, uint64_t bytes, struct err *err)
{
	const struct gpt_entry *e = find_ffs(g);
	uint64_t end;

	if (e == NULL)
		return err_set(err, "its GPT has no NetBSD FFS partition%s",
		    has_linux(g) ? " (but one of Linux's: smol does not read ext2)" : "");
	end = (e->last_lba + 1) * GPT_SECTOR;
	if (end > bytes)
		return truncated(end, bytes, err);
	part->gpt = true;
	part->offset = e->first_lba * GPT_SECTOR;
	part->bytes = end - part->offset;
	(void)snprintf(part->label, sizeof(part->label), "%s", e->label);
	memcpy(part->type_guid, e->type, 16);
	memcpy(part->unique_guid, e->unique, 16);
	memcpy(part->disk_guid, g->disk_guid, 16);
	part->others = g->nentries - 1;
	part->attributes = e->attributes;
	if (g->from_backup)
		(void)snprintf(
		    part->note, sizeof(part->note), "the primary GPT is damaged (%s); its backup was used", g->damage);
	return 0;
}

/* A file system that begins at byte 0 of the file, whatever lies behind it. */
static bool
is_bare_ffs(int fd, uint64_t bytes)
{
	struct err ignored = { 0 };
	struct ffs_reader r;

	return ffs_open(&r, fd, 0, bytes, &ignored) == 0;
}

static int
take_label(struct image_partition *part, const struct disklabel *l, uint64_t bytes, struct err *err)
{
	const struct disklabel_partition *p = NULL;
	unsigned i;

	for (i = 0; i < l->npartitions; i++) {
		/* Also the whole disk, which is of no type. */
		if (l->partitions[i].bytes == 0 || l->partitions[i].fs == DISKLABEL_FS_UNUSED)
			continue;
		if (l->partitions[i].fs != DISKLABEL_FS_FFS || p != NULL) {
			part->others++;
			continue;
		}
		p = &l->partitions[i];
		part->letter = (char)('a' + i);
	}
	if (p == NULL)
		return err_set(err, "its disklabel has no FFS partition");
	part->offset = p->offset;
	part->bytes = p->bytes;
	return part->offset + part->bytes > bytes ? truncated(part->offset + part->bytes, bytes, err) : 0;
}

/* No GPT: a disklabel, a NetBSD partition without one, or nothing but a file system. */
static int
take_other(struct image_partition *part, int fd, uint64_t bytes, struct err *err)
{
	struct disklabel l;
	int found = disklabel_read(&l, fd, bytes, err);

	if (found < 0)
		return -1;
	part->bytes = bytes;
	/* The boot blocks of a bare file system may hold a label, too. */
	if (found == 0 || (!l.in_mbr && is_bare_ffs(fd, bytes)))
		return 0;
	part->mbr = l.in_mbr;
	if (l.npartitions > 0)
		return take_label(part, &l, bytes, err);
	part->offset = l.mbr_offset;
	part->bytes = u64_min(l.mbr_bytes, bytes - l.mbr_offset);
	return 0;
}

static int
locate(int fd, struct image_partition *part, struct err *err)
{
	struct stat st;
	struct gpt g;
	int found;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot be examined");
	if (!S_ISREG(st.st_mode))
		return err_set(err, "it is not a regular file");
	part->file_bytes = (uint64_t)st.st_size;
	found = gpt_read(&g, fd, (uint64_t)st.st_size, err);
	if (found < 0)
		return -1;
	/* The backup of an earlier GPT may outlive a file system made over the disk. */
	if (found == 0 || (g.from_backup && is_bare_ffs(fd, (uint64_t)st.st_size)))
		found = take_other(part, fd, (uint64_t)st.st_size, err);
	else
		found = take_partition(part, &g, (uint64_t)st.st_size, err);
	gpt_release(&g);
	return found < 0 ? -1 : 0;
}

int
image_open(const char *path, int *fd, struct image_partition *part, struct err *err)
{
	memset(part, 0, sizeof(*part));
	/* O_NONBLOCK: a FIFO is to be refused, not waited for. */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	if (locate(*fd, part, err) == 0)
		return 0;
	(void)close(*fd);
	*fd = -1;
	return err_wrap(err, "cannot read image '%s'", path);
}
