/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening an image for reading: the NetBSD FFS partition of its GPT (the
 * bootable one if there are several), or the whole file where there is no GPT.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/defs.h"
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

static int
take_partition(struct image_partition *part, const struct gpt *g, uint64_t bytes, struct err *err)
{
	const struct gpt_entry *e = find_ffs(g);
	uint64_t end;

	if (e == NULL)
		return err_set(err, "its GPT has no NetBSD FFS partition");
	end = (e->last_lba + 1) * GPT_SECTOR;
	if (end > bytes)
		return err_set(
		    err, "it is truncated: its partition ends at byte %" PRIu64 ", the file has %" PRIu64, end, bytes);
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
		part->bytes = (uint64_t)st.st_size;
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
