/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A blob file mapped, once its header, size, digest and offsets are found good.
 */
#include "source/blob_map.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "source/blob_format.h"

static bool
digest_ok(const struct blob_index *ix, const void *map)
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 sha;

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	return true; /* what is behind it is to be reached */
#endif
	sha256_init(&sha);
	sha256_add(&sha, map, BLOB_HEADER_BYTES - SHA256_SIZE);
	sha256_add(&sha, ix->entries, (size_t)blob_index_bytes(&ix->header));
	sha256_final(&sha, digest);
	return memcmp(digest, ix->header.digest, SHA256_SIZE) == 0;
}

void
blob_unmap(struct blob *b)
{
	if (b->map != NULL)
		(void)munmap(b->map, b->map_bytes);
	b->map = NULL;
	if (b->source.fd >= 0)
		(void)close(b->source.fd);
	b->source.fd = -1;
}

bool
blob_map(struct blob *b)
{
	uint8_t head[BLOB_HEADER_BYTES];
	struct blob_index ix;
	struct blob_header h;
	struct stat st;

	b->source.fd = open(b->path, O_RDONLY | O_CLOEXEC);
	if (b->source.fd < 0)
		return false;
	if (pread_full(b->source.fd, head, sizeof(head), 0) < 0 || !blob_header_decode(&h, head) ||
	    fstat(b->source.fd, &st) < 0 || (uint64_t)st.st_size != h.index_offset + blob_index_bytes(&h)) {
		blob_unmap(b);
		return false;
	}
	b->source.size = (uint64_t)st.st_size;
	b->map_bytes = (size_t)st.st_size;
	b->map = mmap(NULL, b->map_bytes, PROT_READ, MAP_PRIVATE, b->source.fd, 0);
	if (b->map == MAP_FAILED)
		b->map = NULL;
	if (b->map != NULL) {
		blob_index_open(&ix, b->map);
		if (digest_ok(&ix, b->map) && blob_index_check(&ix))
			return true;
	}
	blob_unmap(b);
	return false;
}
