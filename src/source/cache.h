/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache directory:
 *
 *	CACHE/blobs/SHA256.blob	 an archive, unpacked (blob_format.h)
 *	CACHE/blobs/SHA256.blob.checked	 a package that is what its packing list says
 *	CACHE/blobs/SHA256.img	 a compressed image, plain and sparse
 *	CACHE/blobs/SHA256.lock	 held while either is made
 *	CACHE/packages/KEY	 a pkg_summary, parsed (repo.h); KEY of its path
 *	CACHE/stat/KEY		 the digest of a file whose device, inode, size,
 *				 mtime and ctime have the digest KEY
 */
#ifndef SMOL_SOURCE_CACHE_H
#define SMOL_SOURCE_CACHE_H

#include "base/digest.h"
#include "base/err.h"

/* CACHE/sub/HEX.suffix; caller frees. */
char *cache_path(const char *cache, const char *sub, const uint8_t digest[SHA256_SIZE], const char *suffix);

/*
 * SHA-256 of the file open at fd, from the cache if it is known there, else
 * read (and remembered, unless the file was changed only just now).
 */
int cache_digest(const char *cache, int fd, uint8_t digest[SHA256_SIZE], struct err *);

/*
 * Takes the lock on a blob in the making, waiting for whoever has it.  Removes
 * what a killed predecessor left.  Returns a descriptor for cache_unlock().
 */
int cache_lock(const char *cache, const uint8_t digest[SHA256_SIZE], struct err *);
void cache_unlock(const char *cache, const uint8_t digest[SHA256_SIZE], int fd);

#endif
