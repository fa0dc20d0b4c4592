/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacking: libarchive reads the tar from the decoder's ring, each member is
 * checked and goes to the pack.  Names are made plain here (no "./", no
 * absolute paths); what could leave the tree is refused.
 */
#include "source/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "source/decode.h"
#include "source/pack.h"
#include "tree/tree.h"

#define TAR_BLOCK 512

struct unpack {
	struct decode *decode;
	struct archive *tar;
	struct pack pack;
	bool ended; /* the decoder has no more */
	bool zero_tail; /* its last block was all zeros */
	uint64_t bytes;
	bool failed; /* err is the decoder's */
	struct err err;
};

static bool
is_zero(const unsigned char *p, size_t len)
{
	return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

static ssize_t
next_block(struct unpack *u, const void **buf)
{
	ssize_t n = decode_next(u->decode, buf, &u->err);

	if (n < 0)
		u->failed = true;
	if (n == 0)
		u->ended = true;
	if (n >= TAR_BLOCK)
		u->zero_tail = is_zero((const unsigned char *)*buf + n - TAR_BLOCK, TAR_BLOCK);
	if (n > 0)
		u->bytes += (uint64_t)n;
	return n;
}

static la_ssize_t
read_callback(struct archive *a, void *arg, const void **buf)
{
	struct unpack *u = arg;
	ssize_t n = next_block(u, buf);

	if (n < 0)
		archive_set_error(a, EIO, "%s", u->err.msg);
	return n < 0 ? ARCHIVE_FATAL : n;
}

/* libarchive failed: the decoder's reason if it had one, else its own. */
static int
tar_error(struct unpack *u, struct err *err)
{
	const char *text = archive_error_string(u->tar);

	if (u->failed)
		return err_set(err, "%s", u->err.msg);
	if (u->bytes == 0 && u->ended)
		return err_set(err, "it is empty");
	if (archive_format(u->tar) == 0)
		return err_set(err, "it is not a tar archive, plain or compressed with xz, gzip, zstd or bzip2");
	return err_set(err, "it cannot be unpacked: %s", text == NULL ? "reason unknown" : text);
}

/* Flags that NetBSD does not have (Linux's "extents") do not count. */
static uint32_t
flags_of(struct archive_entry *ae)
{
	const char *text = archive_entry_fflags_text(ae);

	return text == NULL ? 0 : tree_flags_known(text);
}

static int
owner_of(int64_t id, const char *what, uint32_t *out, struct err *err)
{
	if (id < 0 || id > UINT32_MAX)
		return err_set(err, "its %s %lld is out of range", what, (long long)id);
	*out = (uint32_t)id;
	return 0;
}

static int
device_of(struct archive_entry *ae, uint32_t *rdev, struct err *err)
{
	uint64_t major = (uint64_t)archive_entry_rdevmajor(ae), minor = (uint64_t)archive_entry_rdevminor(ae);

	if (major > 0xfff || minor > 0xfffff)
		return err_set(err, "its device number %llu,%llu is out of range", (unsigned long long)major,
		    (unsigned long long)minor);
	*rdev = tree_makedev((uint32_t)major, (uint32_t)minor);
	return 0;
}

static int
size_of(struct archive_entry *ae, uint64_t *size, struct err *err)
{
	int64_t bytes = archive_entry_size(ae);

	if (bytes < 0)
		return err_set(err, "its size is negative");
	*size = (uint64_t)bytes;
	return 0;
}

/* Attributes by type; *link is the symlink's target, if it is one. */
static int
attr_of(struct archive_entry *ae, struct blob_entry *e, const char **link, struct err *err)
{
	e->mode = (uint16_t)(archive_entry_filetype(ae) | (archive_entry_perm(ae) & 07777));
	e->flags = flags_of(ae);
	e->mtime = archive_entry_mtime(ae);
	e->mtime_nsec = (uint32_t)archive_entry_mtime_nsec(ae) % 1000000000;
	if (owner_of(archive_entry_uid(ae), "owner", &e->uid, err) < 0 ||
	    owner_of(archive_entry_gid(ae), "group", &e->gid, err) < 0)
		return -1;
	switch (archive_entry_filetype(ae)) {
	case AE_IFREG:
		return size_of(ae, &e->size, err);
	case AE_IFLNK:
		*link = archive_entry_symlink(ae);
		if (*link == NULL || **link == '\0')
			return err_set(err, "it is a symlink to an empty name");
		if (strlen(*link) > TREE_LINK_MAX)
			return err_set(err, "the symlink's target is longer than %d bytes", TREE_LINK_MAX);
		return 0;
	case AE_IFCHR:
	case AE_IFBLK:
		return device_of(ae, &e->rdev, err);
	case AE_IFDIR:
	case AE_IFIFO:
		return 0;
	default:
		return err_set(err, "its type %#o is not one an image can hold", (unsigned)archive_entry_filetype(ae));
	}
}

static int
copy_data(struct unpack *u, struct err *err)
{
	const void *data;
	size_t len;
	int64_t offset;
	int rv;

	while ((rv = archive_read_data_block(u->tar, &data, &len, &offset)) == ARCHIVE_OK)
		if (pack_data(&u->pack, data, len, (uint64_t)offset, err) < 0)
			return -1;
	return rv == ARCHIVE_EOF ? 0 : tar_error(u, err);
}

static int
member(struct unpack *u, struct archive_entry *ae, const char *name, struct err *err)
{
	char clean[TREE_LINK_MAX + 1], clean_link[TREE_LINK_MAX + 1];
	const char *link = NULL, *hard = archive_entry_hardlink(ae);
	struct blob_entry e = { 0 };
	int len = tree_path_clean(name, clean, err);

	if (len < 0)
		return -1;
	if (hard != NULL) {
		if (tree_path_clean(hard, clean_link, err) < 0)
			return -1;
		e.hardlink = true;
		link = clean_link;
	} else if (attr_of(ae, &e, &link, err) < 0) {
		return -1;
	}
	if (len == 0 && (e.mode & TREE_IFMT) != TREE_IFDIR)
		return err_set(err, "the root must be a directory");
	if (pack_begin(&u->pack, &e, clean, link, err) < 0)
		return -1;
	if (e.size > 0 && copy_data(u, err) < 0)
		return -1;
	pack_end(&u->pack);
	return 0;
}

/* What follows the tar is read too: a damaged or cut-off end must not pass. */
static int
finish(struct unpack *u, struct err *err)
{
	bool at_end = u->ended;
	const void *buf;

	while (!u->ended && !u->failed)
		(void)next_block(u, &buf);
	if (u->failed)
		return tar_error(u, err);
	if (at_end && !u->zero_tail)
		return err_set(err, "it is cut off: the tar has no end");
	return 0;
}

static int
members(struct unpack *u, struct err *err)
{
	struct archive_entry *ae;
	const char *name;
	int rv;

	while ((rv = archive_read_next_header(u->tar, &ae)) != ARCHIVE_EOF) {
		if (rv < ARCHIVE_WARN)
			return tar_error(u, err);
		name = archive_entry_pathname(ae);
		if (name == NULL)
			return err_set(err, "member %u has a name that cannot be read", u->pack.header.nentries + 1);
		if (member(u, ae, name, err) < 0)
			return u->failed ? -1 : err_wrap(err, "member '%.300s'", name);
	}
	return finish(u, err);
}

int
unpack(int fd, const char *path, struct err *err)
{
	struct unpack u = { .pack.out.fd = -1 };
	int rv = -1;

	u.decode = decode_open(fd, err);
	if (u.decode == NULL)
		return -1;
	u.tar = archive_read_new();
	if (u.tar == NULL || archive_read_support_format_tar(u.tar) != ARCHIVE_OK) {
		rv = err_set(err, "cannot start libarchive");
	} else if (pack_open(&u.pack, path, err) == 0) {
		if (archive_read_open(u.tar, &u, NULL, read_callback, NULL) != ARCHIVE_OK)
			rv = tar_error(&u, err);
		else if (members(&u, err) == 0)
			rv = pack_commit(&u.pack, err);
	}
	pack_abort(&u.pack);
	(void)archive_read_free(u.tar);
	decode_close(u.decode);
	return rv;
}
