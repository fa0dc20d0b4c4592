/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signed packages: the tar is checked block by block against +PKG_HASH.  Whose
 * signature that is under is not checked; damage and a swapped tar are found.
 *
 *	pkgsrc signature\n\nversion: 1\npkgname: NAME\nalgorithm: SHA512\n
 *	block size: N\nfile size: N\n\n	a line of 128 digits for each block	end pkgsrc signature\n
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/str.h"
#include "source/package_file.h"

#define AR_MAGIC "!<arch>\n"
#define HASH_MAX (64 * 1024 * 1024)
#define BLOCK_MIN 1024
#define BLOCK_MAX (16 * 1024 * 1024)
#define FILE_MAX (INT64_C(1) << 34)
#define HEX (2 * (DIGEST_SIZE_MAX))

struct hashes {
	char *text; /* the whole +PKG_HASH */
	const char *next; /* the digits of the next block */
	uint64_t block, bytes;
};

/* "WORDNUMBER\n" at *p, and *p behind it. */
static bool
numbered(const char **p, const char *word, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	if (!str_starts(*p, word) || (*p)[strlen(word)] < '0' || (*p)[strlen(word)] > '9')
		return false;
	errno = 0;
	*out = strtoull(*p + strlen(word), &end, 10);
	*p = end + 1;
	return errno == 0 && *end == '\n' && *out >= min && *out <= max;
}

static int
parse_hash(struct hashes *h, struct err *err)
{
	static const char begin[] = "pkgsrc signature\n\nversion: 1\npkgname: ";
	static const char algorithm[] = "algorithm: SHA512\n";
	const char *p = h->text;
	uint64_t n;

	if (!str_starts(p, begin))
		return err_set(err, "its +PKG_HASH is of a kind that is not known");
	p += strlen(begin);
	p += strcspn(p, "\n");
	p += *p == '\n';
	if (!str_starts(p, algorithm))
		return err_set(err, "its +PKG_HASH is not of SHA512");
	p += strlen(algorithm);
	if (!numbered(&p, "block size: ", BLOCK_MIN, BLOCK_MAX, &h->block) ||
	    !numbered(&p, "file size: ", 1, FILE_MAX, &h->bytes) || *p++ != '\n')
		return err_set(err, "its +PKG_HASH is damaged");
	n = howmany(h->bytes, h->block);
	if (strlen(p) < n * (HEX + 1) || strcmp(p + n * (HEX + 1), "end pkgsrc signature\n") != 0)
		return err_set(err, "its +PKG_HASH is damaged");
	h->next = p;
	return 0;
}

static int
read_hash(struct archive *ar, struct archive_entry *ae, struct hashes *h, struct err *err)
{
	int64_t bytes = archive_entry_size(ae);

	if (bytes <= 0 || bytes > HASH_MAX)
		return err_set(err, "its +PKG_HASH is damaged");
	free(h->text);
	h->text = xcalloc((size_t)bytes + 1, 1);
	if (archive_read_data(ar, h->text, (size_t)bytes) != bytes)
		return err_set(err, "its +PKG_HASH is cut off");
	return parse_hash(h, err);
}

/* A block to the file, once it is found good. */
static int
copy_block(struct hashes *h, const char *buf, size_t len, int fd, struct err *err)
{
	struct digest want, got;

	if (!digest_read(&want, DIGEST_SHA512, h->next, HEX) || h->next[HEX] != '\n')
		return err_set(err, "its +PKG_HASH is damaged");
	h->next += HEX + 1;
	digest_data(DIGEST_SHA512, buf, len, &got);
	if (!digest_equal(&want, &got))
		return err_set(err, "it is not what its +PKG_HASH says: damaged, or not the package that was signed");
	return write_full(fd, buf, len) < 0 ? err_sys(err, "cannot write a temporary file") : 0;
}

static int
copy_tar(struct archive *ar, struct archive_entry *ae, struct hashes *h, int fd, struct err *err)
{
	cleanup_free char *buf = NULL;
	uint64_t left = h->bytes;
	la_ssize_t n;
	size_t want;

	if (archive_entry_size(ae) < 0 || (uint64_t)archive_entry_size(ae) != h->bytes)
		return err_set(err, "the package in it is not as long as its +PKG_HASH says");
	buf = xmalloc((size_t)h->block);
	for (; left > 0; left -= want) {
		want = (size_t)u64_min(left, h->block);
		n = archive_read_data(ar, buf, want);
		if (n < 0 || (size_t)n != want)
			return err_set(err, "the package in it is cut off");
		if (copy_block(h, buf, want, fd, err) < 0)
			return -1;
	}
	return 0;
}

static int
members(struct archive *ar, int fd, struct hashes *h, struct err *err)
{
	struct archive_entry *ae;
	const char *name;
	int rv;

	while ((rv = archive_read_next_header(ar, &ae)) == ARCHIVE_OK) {
		name = archive_entry_pathname(ae);
		if (name == NULL || strcmp(name, "/") == 0 || strcmp(name, "//") == 0)
			continue;
		if (strcmp(name, "+PKG_HASH") == 0) {
			if (read_hash(ar, ae, h, err) < 0)
				return -1;
		} else if (name[0] != '+') {
			if (h->text == NULL)
				return err_set(err, "it is an ar archive without +PKG_HASH");
			return copy_tar(ar, ae, h, fd, err);
		}
	}
	if (rv != ARCHIVE_EOF)
		return err_set(err, "it cannot be unpacked: %s", archive_error_string(ar));
	return err_set(err, "there is no package in it");
}

/* An unnamed file. */
static int
temporary(struct err *err)
{
	FILE *f = tmpfile();
	int fd = f == NULL ? -1 : dup(fileno(f));

	if (fd < 0)
		(void)err_sys(err, "cannot make a temporary file");
	if (f != NULL)
		(void)fclose(f);
	return fd;
}

int
package_payload(int fd, struct err *err)
{
	char magic[sizeof(AR_MAGIC) - 1];
	struct hashes h = { 0 };
	struct archive *ar;
	int out, rv = -1;

	if (pread_full(fd, magic, sizeof(magic), 0) < 0 || memcmp(magic, AR_MAGIC, sizeof(magic)) != 0)
		return fd;
	out = temporary(err);
	if (out < 0)
		return -1;
	ar = archive_read_new();
	if (ar == NULL || archive_read_support_format_ar(ar) != ARCHIVE_OK || lseek(fd, 0, SEEK_SET) < 0 ||
	    archive_read_open_fd(ar, fd, 65536) != ARCHIVE_OK)
		(void)err_set(err, "cannot read it as an ar archive");
	else
		rv = members(ar, out, &h, err);
	(void)archive_read_free(ar);
	free(h.text);
	if (rv == 0 && lseek(out, 0, SEEK_SET) == 0)
		return out;
	(void)close(out);
	return -1;
}
