/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FROMIMG: the files of an image, ours or any with NetBSD's FFS, are the first
 * of the tree.  They are read, not patched in place: the new image is laid out
 * as the service asks.  An image that NetBSD would want to repair first is
 * refused.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defs.h"
#include "build/step.h"
#include "fs/ffs_tree.h"

struct problems {
	uint64_t n;
	char first[200];
};

static void
report(void *arg, const char *line)
{
	struct problems *p = arg;

	if (p->n++ == 0)
		(void)snprintf(p->first, sizeof(p->first), "%s", line);
}

static int
check(const struct build_image *im, const char *path, struct err *err)
{
	struct ffs_check_result result;
	struct problems p = { 0 };

	if (image_check_state(&im->reader.super, err) < 0 || ffs_check(&im->reader, report, &p, &result, err) < 0)
		return -1;
	if (p.n == 0)
		return 0;
	return err_set(err, "%s%s: run fsck_ffs on it; 'smol image check %.300s' tells all", p.first,
	    p.n > 1 ? ", and more" : "", path);
}

static int
open_image(struct build_image *im, const char *path, struct err *err)
{
	if (base_image_find(&im->file, path, err) < 0)
		return -1;
	if (image_open(im->file.path, &im->fd, &im->part, err) < 0)
		return -1;
	if (ffs_open(&im->reader, im->fd, im->part.offset, im->part.bytes, err) < 0 || check(im, path, err) < 0)
		return err_wrap(err, "cannot start from image '%s'", path);
	return 0;
}

/* What is not in the new image; a snapshot is of no use outside of its own. */
static int
tell_lost(struct build *b, const struct ffs_tree_lost *lost, const char *path)
{
	if (lost->snapshots > 0)
		return err_set(b->err,
		    "cannot start from image '%s': it has a snapshot of itself, which smol does not read", path);
	if (lost->attributes > 0 || lost->whiteouts > 0)
		build_note(b, "'%s': extended attributes (of %" PRIu64 " files) and %" PRIu64 " whiteouts are left out",
		    path, lost->attributes, lost->whiteouts);
	else if (b->image.part.others > 0)
		build_note(b, "'%s': its %" PRIu32 " other partition%s left out", path, b->image.part.others,
		    b->image.part.others == 1 ? " is" : "s are");
	else if (b->image.part.note[0] != '\0')
		build_note(b, "'%s': %s", path, b->image.part.note);
	return 0;
}

static void
find_newest(struct build *b)
{
	struct tree_node *n;

	for (n = b->tree.root; n != NULL; n = tree_next(b->tree.root, n))
		if (n->inode->attr.mtime > b->newest)
			b->newest = n->inode->attr.mtime;
}

int
build_step_image(struct build *b, const struct plan_step *s)
{
	struct build_image *im = &b->image;
	uint64_t start = clock_now_ns();
	struct ffs_tree_lost lost;

	if (open_image(im, s->source, b->err) < 0)
		return -1;
	memcpy(b->result->from_digest, im->file.digest, sizeof(b->result->from_digest));
	if (ffs_tree_read(&im->reader, im->file.path, FFS_ROOTINO, &b->tree, "", &lost, b->err) < 0)
		return err_wrap(b->err, "cannot start from image '%s'", s->source);
	find_newest(b);
	b->result->sets_ns += clock_now_ns() - start;
	return tell_lost(b, &lost, s->source);
}

void
build_image_close(struct build *b)
{
	/* A zeroed struct holds no descriptor 0. */
	if (b->image.fd > 0)
		(void)close(b->image.fd);
	base_image_release(&b->image.file);
}
