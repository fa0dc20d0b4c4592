/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree into an image file: sizes, GPT around the file system, one pass.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "base/str.h"
#include "base/stream.h"
#include "image/bootblock.h"
#include "image/gpt.h"
#include "image/image.h"

#define ALIGNMENT (512 * 1024)
#define BOOT_CODE_BYTES 447 /* of sector 0: up to the partition's "active" byte and that */

static uint64_t
partition_offset(const struct image_options *o)
{
	return !o->gpt ? 0 : o->old != NULL ? o->old->part->offset : ALIGNMENT;
}

/* Bytes for the file system in an image of that size; 0: there is no room at all. */
static uint64_t
partition_bytes(const struct image_options *o)
{
	uint64_t offset = partition_offset(o);

	if (!o->gpt)
		return o->bytes;
	if (o->old != NULL && o->bytes == rounddown(o->old->part->file_bytes, GPT_SECTOR))
		return o->old->part->bytes;
	if (o->bytes < offset + ALIGNMENT + GPT_TAIL_BYTES)
		return 0;
	return rounddown(o->bytes - offset - GPT_TAIL_BYTES, ALIGNMENT);
}

static uint64_t
image_bytes(const struct image_options *o, uint64_t partition)
{
	return o->gpt ? partition_offset(o) + partition + GPT_TAIL_BYTES : partition;
}

int
image_bytes_needed(struct tree *tree, const struct image_options *o, uint64_t *bytes, struct err *err)
{
	struct fs_options fs = o->fs;
	uint64_t need;

	fs.bytes = o->bytes;
	if (image_type(o->type)->ops->needed(tree, &fs, &need, err) < 0)
		return -1;
	*bytes = image_bytes(o, o->gpt ? roundup(need, ALIGNMENT) : need);
	return 0;
}

/* The layout failed: if for want of room, say how much would do. */
static int
explain(struct tree *tree, const struct image_options *o, struct err *err)
{
	struct err ignored = { 0 };
	char have_text[SIZE_TEXT_MAX], need_text[SIZE_TEXT_MAX];
	uint64_t need;

	if (o->bytes == IMAGE_SIZE_AUTO || err->usage || image_bytes_needed(tree, o, &need, &ignored) < 0 ||
	    need <= o->bytes)
		return -1;
	need = roundup(need, 1024);
	return err_set(err, "the files do not fit into %s: %s are needed (%" PRIu64 "K)",
	    size_text(o->bytes, have_text), size_text(need, need_text), need >> 10);
}

/* The same tree and label give the same GUIDs. */
static void
derive_guid(const uint8_t identity[SHA256_SIZE], const char *label, const char *purpose, uint8_t guid[16])
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 sha;

	sha256_init(&sha);
	sha256_add(&sha, identity, SHA256_SIZE);
	sha256_add(&sha, label, strlen(label));
	sha256_add(&sha, purpose, strlen(purpose));
	sha256_final(&sha, digest);
	gpt_guid_derive(guid, digest);
}

/* The partition's entry, and the disk's GUID, of an image of these bytes. */
static void
describe_disk(const struct image_options *o, const uint8_t identity[SHA256_SIZE], struct gpt_disk *disk)
{
	uint64_t partition = rounddown(disk->bytes - partition_offset(o) - GPT_TAIL_BYTES, GPT_SECTOR);
	const struct image_partition *old;

	if (o->bytes != IMAGE_SIZE_AUTO)
		partition = partition_bytes(o);
	disk->part.first_lba = partition_offset(o) / GPT_SECTOR;
	disk->part.last_lba = disk->part.first_lba + partition / GPT_SECTOR - 1;
	(void)strncpy(disk->part.label, o->label, sizeof(disk->part.label) - 1);
	if (o->old != NULL) {
		old = o->old->part;
		memcpy(disk->guid, old->disk_guid, sizeof(disk->guid));
		memcpy(disk->part.unique, old->unique_guid, sizeof(disk->part.unique));
		memcpy(disk->part.type, old->type_guid, sizeof(disk->part.type));
		disk->part.attributes = old->attributes;
		return;
	}
	derive_guid(identity, o->label, "disk", disk->guid);
	derive_guid(identity, o->label, "partition", disk->part.unique);
	memcpy(disk->part.type, image_type(o->type)->gpt_type, sizeof(disk->part.type));
	disk->part.attributes = GPT_ATTR_BOOTME | (o->mbr_code != NULL ? GPT_ATTR_BIOS_BOOT : 0);
}

static void *
make_layout(struct tree *tree, const struct image_options *o, const uint8_t identity[SHA256_SIZE], struct err *err)
{
	struct fs_options fs = o->fs;
	void *layout;

	fs.bytes = o->bytes == IMAGE_SIZE_AUTO ? FS_BYTES_AUTO : partition_bytes(o);
	fs.volname = o->label;
	fs.id = get_le32(identity);
	derive_guid(identity, o->label, "file system", fs.uuid);
	if (o->bytes != IMAGE_SIZE_AUTO && fs.bytes == 0)
		fs.bytes = GPT_SECTOR;
	layout = image_type(o->type)->ops->layout(tree, &fs, err);
	if (layout == NULL)
		(void)explain(tree, o, err);
	return layout;
}

static int
write_with_gpt(const struct image_options *o, const uint8_t identity[SHA256_SIZE], const void *l, uint64_t bytes,
    struct stream *out, struct err *err)
{
	struct gpt_disk disk = { .bytes = bytes };
	uint8_t head[GPT_HEAD_BYTES], tail[GPT_TAIL_BYTES];
	uint64_t gap = partition_offset(o) - sizeof(head);

	describe_disk(o, identity, &disk);
	if (gpt_encode_head(&disk, head, err) < 0 || gpt_encode_tail(&disk, tail, err) < 0)
		return stream_fail(out, err);
	if (o->old != NULL && pread_full(o->old->fd, head, BOOT_CODE_BYTES, 0) < 0) {
		(void)err_sys(err, "cannot read '%s'", o->old->lock.path);
		return stream_fail(out, err);
	}
	if (o->mbr_code != NULL)
		memcpy(head, o->mbr_code, BOOTBLOCK_MBR_BYTES);
	(void)stream_write(out, head, sizeof(head));
	if (o->old != NULL)
		(void)stream_copy(out, o->old->fd, sizeof(head), gap, o->old->lock.path);
	else
		(void)stream_zero(out, gap);
	(void)image_type(o->type)->ops->write(l, out);
	(void)stream_zero(out, bytes - GPT_TAIL_BYTES - stream_tell(out));
	return stream_write(out, tail, sizeof(tail));
}

struct progress {
	const struct image_options *o;
	uint64_t total;
};

static void
report_progress(void *arg, uint64_t done)
{
	struct progress *p = arg;

	if (p->o->progress != NULL)
		p->o->progress(p->o->progress_arg, done, p->total);
}

static int
write_file(struct outfile *f, const struct image_options *o, const uint8_t identity[SHA256_SIZE], const void *l,
    struct image_result *r, struct err *err)
{
	struct progress p = { .o = o, .total = r->bytes };
	struct stream *out = stream_open(f->fd, f->path, o->digest);

	stream_progress(out, report_progress, &p);
	if (o->gpt)
		(void)write_with_gpt(o, identity, l, r->bytes, out, err);
	else {
		(void)image_type(o->type)->ops->write(l, out);
		(void)stream_zero(out, r->bytes - stream_tell(out));
	}
	if (stream_close(out, r->digest, err) < 0)
		return -1;
	return outfile_commit(f, err);
}

/* The new file is whose the old one is, as far as we may, and as open to others. */
static void
keep_mode(const struct outfile *f, const struct image_old *old)
{
	struct stat st;

	if (fstat(old->fd, &st) < 0)
		return;
	if (fchown(f->fd, st.st_uid, st.st_gid) == 0 || fchown(f->fd, (uid_t)-1, st.st_gid) == 0)
		(void)fchmod(f->fd, st.st_mode & 0777);
}

int
image_write(const char *path, struct tree *tree, const struct image_options *o, struct image_result *r, struct err *err)
{
	uint8_t identity[SHA256_SIZE];
	uint64_t start = clock_now_ns();
	const struct fs_ops *ops = image_type(o->type)->ops;
	struct outfile f;
	void *l;
	int rv;

	*r = (struct image_result){ 0 };
	if (o->bytes % GPT_SECTOR != 0)
		return err_usage(err, "bad image size %" PRIu64 ": a multiple of %d bytes", o->bytes, GPT_SECTOR);
	if (outfile_open(&f, path, err) < 0)
		return -1;
	if (o->old != NULL)
		keep_mode(&f, o->old);
	tree_digest(tree, identity); /* sorts, too */
	l = make_layout(tree, o, identity, err);
	if (l == NULL) {
		outfile_abort(&f);
		return -1;
	}
	ops->usage(l, &r->fs);
	r->bytes = o->bytes == IMAGE_SIZE_AUTO ? image_bytes(o, r->fs.bytes) : o->bytes;
	r->layout_ns = clock_now_ns() - start;
	rv = write_file(&f, o, identity, l, r, err);
	r->write_ns = clock_now_ns() - start - r->layout_ns;
	ops->free(l);
	outfile_abort(&f);
	return rv;
}
