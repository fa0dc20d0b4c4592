/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The blob file (drawn in source.h), byte for byte; integers little-endian.
 *
 *	header	 0 magic "SMOLBLOB"	 8 version	12 nentries
 *		16 nextents		20 names_bytes	24 index offset (8)
 *		32 SHA-256 of bytes 0..31 and the index
 *	entry	 0 name (offset in names)  4 its length (2)  6 mode (2)
 *		 8 uid	12 gid	16 flags  20 rdev  24 mtime (8)
 *		32 mtime_nsec	36 nextents	40 size (8)	48 first extent
 *		52 link (offset in names)	56 its length (2)  58 hard link? (1)
 *	extent	 0 offset in file (8)	 8 bytes (8)	16 offset in blob (8)
 *	names	each ends in a NUL that its length does not count
 *
 * Entries are in the archive's order and all of them are there, so that laying
 * them over a tree one by one does what unpacking would: the last of a name
 * wins, links lead to what was there before them.
 */
#ifndef SMOL_SOURCE_BLOB_FORMAT_H
#define SMOL_SOURCE_BLOB_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "tree/tree.h"

#define BLOB_VERSION 1
#define BLOB_HEADER_BYTES 64
#define BLOB_ENTRY_BYTES 64
#define BLOB_EXTENT_BYTES 24
#define BLOB_ALIGN 4096 /* of contents of that size or more */
#define BLOB_SMALL_ALIGN 8

#define BLOB_ENTRIES_MAX 10000000u
#define BLOB_EXTENTS_MAX 100000000u
#define BLOB_NAMES_MAX (1u << 30)
#define BLOB_CONTENT_MAX (UINT64_C(1) << 40)

struct blob_header {
	uint32_t nentries, nextents, names_bytes;
	uint64_t index_offset;
	uint8_t digest[SHA256_SIZE];
};

struct blob_entry {
	uint32_t name, link; /* offsets in names */
	uint16_t namelen, linklen;
	uint16_t mode;
	bool hardlink; /* link is the other name; else the target, if mode says symlink */
	uint32_t uid, gid, flags, rdev, mtime_nsec, nextents, extent;
	int64_t mtime;
	uint64_t size;
};

/* The parts of a mapped index. */
struct blob_index {
	struct blob_header header;
	const uint8_t *entries, *extents;
	const char *names;
};

void blob_header_encode(const struct blob_header *, uint8_t buf[BLOB_HEADER_BYTES]);
/* False: not a blob of this version. */
bool blob_header_decode(struct blob_header *, const uint8_t buf[BLOB_HEADER_BYTES]);
uint64_t blob_index_bytes(const struct blob_header *);

void blob_entry_encode(const struct blob_entry *, uint8_t buf[BLOB_ENTRY_BYTES]);
void blob_entry_decode(struct blob_entry *, const uint8_t buf[BLOB_ENTRY_BYTES]);
void blob_extent_encode(const struct tree_extent *, uint8_t buf[BLOB_EXTENT_BYTES]);
void blob_extent_decode(struct tree_extent *, const uint8_t buf[BLOB_EXTENT_BYTES]);

/* The parts of the index of a mapped blob, whose size and header were found good. */
void blob_index_open(struct blob_index *, const void *map);

/* Are all offsets of an index in range? */
bool blob_index_check(const struct blob_index *);

/*
 * Fills the tree attributes of an entry that is no hard link.  Its target and
 * extents point into the index and *extents, an array the caller frees, which
 * is used again from call to call.
 */
struct blob_extents {
	struct tree_extent *p;
	uint32_t cap;
};
void blob_entry_attr(const struct blob_index *, const struct blob_entry *, struct blob_extents *, struct tree_attr *);

#endif
