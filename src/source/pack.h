/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a blob file, member by member, in large sequential writes; only the
 * index stays in memory.
 *
 *	pack_open ─► ( pack_begin ─► pack_data* ─► pack_end )* ─► pack_commit
 */
#ifndef SMOL_SOURCE_PACK_H
#define SMOL_SOURCE_PACK_H

#include "base/io.h"
#include "base/str.h"
#include "source/blob_format.h"

struct pack {
	struct outfile out;
	uint8_t *buf; /* what comes next in the file, from pos on */
	size_t fill;
	uint64_t pos;
	uint64_t flushed; /* up to here write-back was asked for */
	/* Files under BLOB_ALIGN share a chunk, whose place is taken when it is begun. */
	uint8_t *small;
	size_t small_fill;
	uint64_t small_pos; /* 0: none begun */
	/* The index. */
	struct blob_header header;
	uint8_t *entries;
	size_t entries_cap;
	struct tree_extent *extents;
	size_t extents_cap;
	struct str names;
	uint64_t content_bytes;
	struct blob_entry entry; /* between begin and end */
};

int pack_open(struct pack *, const char *path, struct err *);

/*
 * Begins a member with these attributes (name, link, extents of the entry are
 * filled in by the pack).  link may be NULL.
 */
int pack_begin(struct pack *, const struct blob_entry *, const char *name, const char *link, struct err *);

/* Bytes of the member; offsets must ascend.  What is left out is a hole. */
int pack_data(struct pack *, const void *data, size_t len, uint64_t offset, struct err *);
void pack_end(struct pack *);

/* Writes the index and header, gives the file its name. */
int pack_commit(struct pack *, struct err *);

/* Frees all, safe after pack_commit(); without it nothing is left. */
void pack_abort(struct pack *);

#endif
