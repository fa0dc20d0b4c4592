/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets and other tars: unpacked once into the blob cache, then only mapped.
 *
 *	base.tar.xz ──(stat → digest)──► CACHE/blobs/SHA256.blob ──► struct blob ──► struct tree
 *
 * A blob file holds the contents of the members, each of 4 KiB or more at a
 * 4 KiB boundary, then an index that is used as it lies there:
 *
 *	0           header (64 bytes): magic, version, counts, digest of the index
 *	4096        contents
 *	index       entry[nentries] (fixed size), extent[nextents], names
 *
 * (byte for byte: blob_format.h).  The index is verified (digest, every offset
 * within bounds) when it is mapped; a blob that fails is made anew.  CACHE is
 * $SMOL_CACHE, else $XDG_CACHE_HOME/smol, else ~/.cache/smol.
 */
#ifndef SMOL_SOURCE_SOURCE_H
#define SMOL_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "tree/tree.h"

struct blob {
	uint8_t digest[SHA256_SIZE]; /* of the archive as it came (compressed) */
	bool unpacked_now; /* the cache did not have it */
	char *archive; /* as it was given, for messages */
	char *path; /* of the blob file */
	struct tree_source source; /* contents; the descriptor is the blob's */
	void *map; /* the whole file, of which the index is used */
	size_t map_bytes;
};

/*
 * Opens the archive's blob, unpacking the archive first if the cache has none.
 * A signed package (package_file.h) is checked then, and its tar unpacked.
 * Several processes may do so at once: one unpacks, the others wait.  The blob
 * must not move in memory while a tree refers to it.
 */
int blob_open(struct blob *, const char *archive, struct err *);
void blob_close(struct blob *); /* safe on a zeroed struct, and after a failed blob_open() */

/*
 * Lays the blob's files over the tree.  glob, if not NULL, takes only the
 * members whose path ("/usr/bin/strip", leading slash) it matches, what is
 * below a directory that it matches, and the directories that lead there;
 * nothing matched is an error.  As in tar's patterns "*" matches slashes too.
 * A hard link whose target does not match is taken as a file of its own.  A
 * tree that fails half way is left as it is then.  The tree's contents refer to
 * the blob, which must stay open as long as the tree.  *newest, if not NULL, is
 * raised to the newest mtime seen.
 */
int blob_overlay(const struct blob *, struct tree *, const char *glob, int64_t *newest, struct err *);

/* The cache directory, made if missing (mode 0700); caller frees. NULL and err. */
char *cache_dir(struct err *);

#endif
