/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole reads and writes, and files that appear only when they are complete.
 */
#ifndef SMOL_BASE_IO_H
#define SMOL_BASE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* All of len bytes, EINTR and short counts looked after.  0, or -1 with errno; end of file is EIO. */
int pread_full(int fd, void *buf, size_t len, uint64_t off);
int pwrite_full(int fd, const void *buf, size_t len, uint64_t off);
int write_full(int fd, const void *buf, size_t len);

/* Starts to write a range of a file to the disk, without waiting, so that a later fsync() finds little to do. */
void io_start_writeback(int fd, uint64_t off, uint64_t len);

/* Reads a whole file of at most max bytes; NUL-terminated, caller frees. NULL and err. */
char *file_read(const char *path, size_t max, size_t *len, struct err *);

/* mkdir -p; 0755 and the umask. */
int dir_make(const char *path, struct err *);
/* The directory that path is in. */
int dir_make_parent(const char *path, struct err *);

/*
 * A file in the making.  Nothing is visible under its path until
 * outfile_commit() has synced it and given it its name, replacing what was
 * there; outfile_abort() (safe after either, and on a zeroed struct with
 * fd = -1) leaves the old file as it was.  A process killed in between leaves
 * nothing where the system has O_TMPFILE, else a ".NAME.XXXXXX" beside it.
 */
struct outfile {
	int fd;
	char *path; /* the final name */
	char *temp; /* NULL: unnamed (O_TMPFILE) */
};

int outfile_open(struct outfile *, const char *path, struct err *);
int outfile_commit(struct outfile *, struct err *);
void outfile_abort(struct outfile *);

/* Writes a small file by the same rule. */
int file_write(const char *path, const void *data, size_t len, struct err *);

#endif
