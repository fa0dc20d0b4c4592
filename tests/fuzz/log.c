/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile journals: headers and records of WAPBL behind a file system of one
 * block, whatever their bytes are.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "fs/ffs.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define BSIZE 4096

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[BSIZE];
	struct ffs_reader r = { .fd = memfd_create("journal", MFD_CLOEXEC), .bytes = BSIZE + size };
	struct ffs_super *s = &r.super;
	struct err err = { 0 };
	struct ffs_log log;

	if (r.fd < 0 || write_full(r.fd, zeros, BSIZE) < 0 || write_full(r.fd, data, size) < 0)
		abort();
	s->size = 1;
	s->fshift = s->bshift = 12;
	s->flags = FFS_FLAG_WAPBL;
	s->journal_version = FFS_JOURNAL_VERSION;
	s->journal_location = FFS_JOURNAL_END;
	s->journal[FFS_JOURNAL_ADDR] = BSIZE / 512;
	s->journal[FFS_JOURNAL_COUNT] = size / 512;
	s->journal[FFS_JOURNAL_BLKSZ] = 512;
	if (ffs_log_read(&r, &log, &err) == 0 && log.used_bytes > size)
		abort();
	(void)close(r.fd);
	return 0;
}
