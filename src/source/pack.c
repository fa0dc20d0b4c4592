/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The blob writer.  Contents lie where a file system could share their blocks
 * (offset in blob = offset in file, modulo 4 KiB), apart from small files,
 * which are packed.
 */
#include "source/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"

#define BUF_BYTES (1024 * 1024)
#define SMALL_BYTES (256 * 1024)
#define WRITEBACK_BYTES (8 * 1024 * 1024)

int
pack_open(struct pack *p, const char *path, struct err *err)
{
	*p = (struct pack){ .pos = BLOB_ALIGN, .flushed = BLOB_ALIGN };
	if (outfile_open(&p->out, path, err) < 0)
		return -1;
	p->buf = xmalloc(BUF_BYTES);
	p->small = xmalloc(SMALL_BYTES);
	return 0;
}

static int
write_error(const struct pack *p, struct err *err)
{
	return err_sys(err, "cannot write '%s'", p->out.path);
}

static int
flush(struct pack *p, struct err *err)
{
	if (pwrite_full(p->out.fd, p->buf, p->fill, p->pos) < 0)
		return write_error(p, err);
	p->pos += p->fill;
	p->fill = 0;
#ifdef SYNC_FILE_RANGE_WRITE
	/* The disk works while the next blocks are decompressed, so that the fsync at the end is short. */
	if (p->pos - p->flushed >= WRITEBACK_BYTES) {
		(void)sync_file_range(
		    p->out.fd, (off_t)p->flushed, (off_t)(p->pos - p->flushed), SYNC_FILE_RANGE_WRITE);
		p->flushed = p->pos;
	}
#endif
	return 0;
}

/* Appends; data may be NULL for zeros. */
static int
append(struct pack *p, const void *data, size_t len, struct err *err)
{
	const uint8_t *from = data;
	size_t n;

	while (len > 0) {
		n = (size_t)u64_min(len, BUF_BYTES - p->fill);
		if (from != NULL) {
			memcpy(p->buf + p->fill, from, n);
			from += n;
		} else {
			memset(p->buf + p->fill, 0, n);
		}
		p->fill += n;
		len -= n;
		if (p->fill == BUF_BYTES && flush(p, err) < 0)
			return -1;
	}
	return 0;
}

/* Zeros until the next byte's place is at this remainder of BLOB_ALIGN. */
static int
align(struct pack *p, uint64_t remainder, struct err *err)
{
	return append(p, NULL, (size_t)((remainder - (p->pos + p->fill)) % BLOB_ALIGN), err);
}

static int
small_flush(struct pack *p, struct err *err)
{
	if (p->small_pos != 0 && pwrite_full(p->out.fd, p->small, p->small_fill, p->small_pos) < 0)
		return write_error(p, err);
	p->small_pos = 0;
	p->small_fill = 0;
	return 0;
}

/* Makes room for one more small file. */
static int
small_begin(struct pack *p, uint64_t size, struct err *err)
{
	size_t aligned = roundup(p->small_fill, BLOB_SMALL_ALIGN);

	if (p->small_pos != 0 && aligned + size <= SMALL_BYTES) {
		memset(p->small + p->small_fill, 0, aligned - p->small_fill);
		p->small_fill = aligned;
		return 0;
	}
	if (small_flush(p, err) < 0 || align(p, 0, err) < 0 || flush(p, err) < 0)
		return -1;
	p->small_pos = p->pos;
	p->pos += SMALL_BYTES;
	return 0;
}

static int
add_name(struct pack *p, const char *name, uint32_t *off, uint16_t *len, struct err *err)
{
	size_t n = strlen(name);

	if (p->names.len + n + 1 > BLOB_NAMES_MAX)
		return err_set(err, "the names in it need more than %u MiB", BLOB_NAMES_MAX >> 20);
	*off = (uint32_t)p->names.len;
	*len = (uint16_t)n;
	str_addn(&p->names, name, n + 1);
	return 0;
}

int
pack_begin(struct pack *p, const struct blob_entry *attr, const char *name, const char *link, struct err *err)
{
	struct blob_entry *e = &p->entry;

	if (p->header.nentries == BLOB_ENTRIES_MAX)
		return err_set(err, "it has more than %u members", BLOB_ENTRIES_MAX);
	*e = *attr;
	e->extent = p->header.nextents;
	e->nextents = 0;
	if (add_name(p, name, &e->name, &e->namelen, err) < 0)
		return -1;
	if (add_name(p, link == NULL ? "" : link, &e->link, &e->linklen, err) < 0)
		return -1;
	if (e->size > 0 && e->size < BLOB_ALIGN)
		return small_begin(p, e->size, err);
	return 0;
}

/* Where the next byte of the member goes in the blob. */
static int
place(struct pack *p, uint64_t offset, uint64_t *at, struct err *err)
{
	if (p->entry.size < BLOB_ALIGN) {
		*at = p->small_pos + p->small_fill;
		return 0;
	}
	if (align(p, offset % BLOB_ALIGN, err) < 0)
		return -1;
	*at = p->pos + p->fill;
	return 0;
}

static int
add_extent(struct pack *p, uint64_t offset, size_t len, struct err *err)
{
	struct tree_extent *last = NULL, *x;
	uint64_t at;

	if (p->entry.nextents > 0)
		last = &p->extents[p->header.nextents - 1];
	if (last != NULL && offset < last->offset + last->bytes)
		return err_set(err, "its data is not in order");
	if (place(p, offset, &at, err) < 0)
		return -1;
	if (last != NULL && offset == last->offset + last->bytes && at == last->source_offset + last->bytes) {
		last->bytes += len;
		return 0;
	}
	if (p->header.nextents == BLOB_EXTENTS_MAX)
		return err_set(err, "its sparse files have too many pieces");
	x = vec_push(p->extents, p->header.nextents, p->extents_cap);
	*x = (struct tree_extent){ .offset = offset, .bytes = len, .source_offset = at };
	p->entry.nextents++;
	return 0;
}

int
pack_data(struct pack *p, const void *data, size_t len, uint64_t offset, struct err *err)
{
	if (len == 0)
		return 0;
	if (offset > p->entry.size || len > p->entry.size - offset)
		return err_set(err, "there is more data than its size says");
	p->content_bytes += len;
	if (p->content_bytes > BLOB_CONTENT_MAX)
		return err_set(err, "it unpacks to more than 1 TiB");
	if (add_extent(p, offset, len, err) < 0)
		return -1;
	if (p->entry.size >= BLOB_ALIGN)
		return append(p, data, len, err);
	memcpy(p->small + p->small_fill, data, len);
	p->small_fill += len;
	return 0;
}

void
pack_end(struct pack *p)
{
	if (p->header.nentries * (size_t)BLOB_ENTRY_BYTES == p->entries_cap) {
		p->entries_cap = p->entries_cap == 0 ? BLOB_ENTRY_BYTES * 1024 : p->entries_cap * 2;
		p->entries = xrealloc(p->entries, p->entries_cap, 1);
	}
	blob_entry_encode(&p->entry, p->entries + p->header.nentries++ * (size_t)BLOB_ENTRY_BYTES);
}

static int
append_index(struct pack *p, struct sha256 *sha, const void *data, size_t len, struct err *err)
{
	sha256_add(sha, data, len);
	return append(p, data, len, err);
}

static int
write_index(struct pack *p, struct sha256 *sha, struct err *err)
{
	uint8_t block[BLOB_EXTENT_BYTES * 256];
	uint32_t i, n;

	if (append_index(p, sha, p->entries, (size_t)p->header.nentries * BLOB_ENTRY_BYTES, err) < 0)
		return -1;
	for (i = 0; i < p->header.nextents; i += n) {
		for (n = 0; n < 256 && i + n < p->header.nextents; n++)
			blob_extent_encode(&p->extents[i + n], block + (size_t)n * BLOB_EXTENT_BYTES);
		if (append_index(p, sha, block, (size_t)n * BLOB_EXTENT_BYTES, err) < 0)
			return -1;
	}
	return append_index(p, sha, p->names.p, p->names.len, err);
}

int
pack_commit(struct pack *p, struct err *err)
{
	uint8_t head[BLOB_HEADER_BYTES];
	struct sha256 sha;
	int rv;

	if (small_flush(p, err) < 0 || align(p, 0, err) < 0)
		return -1;
	p->header.index_offset = p->pos + p->fill;
	p->header.names_bytes = (uint32_t)p->names.len;
	blob_header_encode(&p->header, head);
	sha256_init(&sha);
	sha256_add(&sha, head, BLOB_HEADER_BYTES - SHA256_SIZE);
	rv = write_index(p, &sha, err);
	sha256_final(&sha, p->header.digest);
	if (rv < 0 || flush(p, err) < 0)
		return -1;
	blob_header_encode(&p->header, head);
	/* The length too: a blob without members has nothing behind its header. */
	if (ftruncate(p->out.fd, (off_t)p->pos) < 0 || pwrite_full(p->out.fd, head, sizeof(head), 0) < 0)
		return write_error(p, err);
	return outfile_commit(&p->out, err);
}

void
pack_abort(struct pack *p)
{
	outfile_abort(&p->out);
	free(p->buf);
	free(p->small);
	free(p->entries);
	free(p->extents);
	str_release(&p->names);
	*p = (struct pack){ .out.fd = -1 };
}
