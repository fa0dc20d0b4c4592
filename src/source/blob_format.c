/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The codec of blob files, and the check of an index before it is used.
 */
#include "source/blob_format.h"

#include <string.h>

#include "base/arena.h"
#include "base/endian.h"

static const char magic[8] = "SMOLBLOB";

void
blob_header_encode(const struct blob_header *h, uint8_t buf[BLOB_HEADER_BYTES])
{
	memcpy(buf, magic, sizeof(magic));
	put_le32(buf + 8, BLOB_VERSION);
	put_le32(buf + 12, h->nentries);
	put_le32(buf + 16, h->nextents);
	put_le32(buf + 20, h->names_bytes);
	put_le64(buf + 24, h->index_offset);
	memcpy(buf + 32, h->digest, SHA256_SIZE);
}

bool
blob_header_decode(struct blob_header *h, const uint8_t buf[BLOB_HEADER_BYTES])
{
	h->nentries = get_le32(buf + 12);
	h->nextents = get_le32(buf + 16);
	h->names_bytes = get_le32(buf + 20);
	h->index_offset = get_le64(buf + 24);
	memcpy(h->digest, buf + 32, SHA256_SIZE);
	return memcmp(buf, magic, sizeof(magic)) == 0 && get_le32(buf + 8) == BLOB_VERSION &&
	       h->nentries <= BLOB_ENTRIES_MAX && h->nextents <= BLOB_EXTENTS_MAX && h->names_bytes <= BLOB_NAMES_MAX &&
	       h->index_offset >= BLOB_ALIGN && h->index_offset % BLOB_ALIGN == 0 &&
	       h->index_offset <= INT64_MAX - blob_index_bytes(h);
}

uint64_t
blob_index_bytes(const struct blob_header *h)
{
	return (uint64_t)h->nentries * BLOB_ENTRY_BYTES + (uint64_t)h->nextents * BLOB_EXTENT_BYTES + h->names_bytes;
}

void
blob_entry_encode(const struct blob_entry *e, uint8_t buf[BLOB_ENTRY_BYTES])
{
	put_le32(buf, e->name);
	put_le16(buf + 4, e->namelen);
	put_le16(buf + 6, e->mode);
	put_le32(buf + 8, e->uid);
	put_le32(buf + 12, e->gid);
	put_le32(buf + 16, e->flags);
	put_le32(buf + 20, e->rdev);
	put_le64(buf + 24, (uint64_t)e->mtime);
	put_le32(buf + 32, e->mtime_nsec);
	put_le32(buf + 36, e->nextents);
	put_le64(buf + 40, e->size);
	put_le32(buf + 48, e->extent);
	put_le32(buf + 52, e->link);
	put_le16(buf + 56, e->linklen);
	memset(buf + 58, 0, BLOB_ENTRY_BYTES - 58);
	buf[58] = e->hardlink;
}

void
blob_entry_decode(struct blob_entry *e, const uint8_t buf[BLOB_ENTRY_BYTES])
{
	e->name = get_le32(buf);
	e->namelen = get_le16(buf + 4);
	e->mode = get_le16(buf + 6);
	e->uid = get_le32(buf + 8);
	e->gid = get_le32(buf + 12);
	e->flags = get_le32(buf + 16);
	e->rdev = get_le32(buf + 20);
	e->mtime = (int64_t)get_le64(buf + 24);
	e->mtime_nsec = get_le32(buf + 32);
	e->nextents = get_le32(buf + 36);
	e->size = get_le64(buf + 40);
	e->extent = get_le32(buf + 48);
	e->link = get_le32(buf + 52);
	e->linklen = get_le16(buf + 56);
	e->hardlink = buf[58] != 0;
}

void
blob_extent_encode(const struct tree_extent *x, uint8_t buf[BLOB_EXTENT_BYTES])
{
	put_le64(buf, x->offset);
	put_le64(buf + 8, x->bytes);
	put_le64(buf + 16, x->source_offset);
}

void
blob_extent_decode(struct tree_extent *x, const uint8_t buf[BLOB_EXTENT_BYTES])
{
	x->offset = get_le64(buf);
	x->bytes = get_le64(buf + 8);
	x->source_offset = get_le64(buf + 16);
}

static bool
name_ok(const struct blob_index *ix, uint32_t off, uint16_t len)
{
	return (uint64_t)off + len < ix->header.names_bytes && ix->names[off + len] == '\0';
}

static bool
extents_ok(const struct blob_index *ix, const struct blob_entry *e)
{
	const uint8_t *p = ix->extents + (size_t)e->extent * BLOB_EXTENT_BYTES;
	struct tree_extent x;
	uint64_t end = 0;
	uint32_t i;

	for (i = 0; i < e->nextents; i++, p += BLOB_EXTENT_BYTES) {
		blob_extent_decode(&x, p);
		if (x.offset < end || x.bytes == 0 || x.offset > e->size || x.bytes > e->size - x.offset)
			return false;
		if (x.source_offset < BLOB_ALIGN || x.source_offset > ix->header.index_offset ||
		    x.bytes > ix->header.index_offset - x.source_offset)
			return false;
		end = x.offset + x.bytes;
	}
	return true;
}

void
blob_index_open(struct blob_index *ix, const void *map)
{
	const struct blob_header *h = &ix->header;

	(void)blob_header_decode(&ix->header, map);
	ix->entries = (const uint8_t *)map + h->index_offset;
	ix->extents = ix->entries + (size_t)h->nentries * BLOB_ENTRY_BYTES;
	ix->names = (const char *)ix->extents + (size_t)h->nextents * BLOB_EXTENT_BYTES;
}

bool
blob_index_check(const struct blob_index *ix)
{
	struct blob_entry e;
	uint32_t i;

	for (i = 0; i < ix->header.nentries; i++) {
		blob_entry_decode(&e, ix->entries + (size_t)i * BLOB_ENTRY_BYTES);
		if (!name_ok(ix, e.name, e.namelen) || !name_ok(ix, e.link, e.linklen))
			return false;
		if ((uint64_t)e.extent + e.nextents > ix->header.nextents || !extents_ok(ix, &e))
			return false;
	}
	return true;
}

void
blob_entry_attr(
    const struct blob_index *ix, const struct blob_entry *e, struct blob_extents *extents, struct tree_attr *attr)
{
	uint32_t i;

	*attr = (struct tree_attr){ .mode = e->mode,
		.uid = e->uid,
		.gid = e->gid,
		.flags = e->flags,
		.mtime = e->mtime,
		.mtime_nsec = e->mtime_nsec,
		.size = e->size,
		.rdev = e->rdev,
		.target = ix->names + e->link };
	if (e->nextents > extents->cap) {
		extents->cap = e->nextents;
		extents->p = xrealloc(extents->p, extents->cap, sizeof(*extents->p));
	}
	for (i = 0; i < e->nextents; i++)
		blob_extent_decode(&extents->p[i], ix->extents + (size_t)(e->extent + i) * BLOB_EXTENT_BYTES);
	attr->content.extents = extents->p;
	attr->content.nextents = e->nextents;
}
