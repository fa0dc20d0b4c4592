/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the record of owners: owners_linux.c has the table and the loop,
 * owners_call_linux.c answers a call.
 */
#ifndef SMOL_HOST_OWNERS_LINUX_H
#define SMOL_HOST_OWNERS_LINUX_H

#include "host/sandbox_linux.h"

struct owner_entry {
	bool used;
	struct sandbox_owner owner;
};

struct owners {
	int fd; /* struct sandbox_view.owners */
	uint64_t mount; /* in which files are recorded */
	struct owner_entry *entries; /* open addressing; nslots is a power of two */
	size_t n, nslots;
};

/* Which file it is. */
struct owner_file {
	uint64_t mount, ino;
	bool roots; /* as the program sees it */
};

/* By statx(2); errno. */
int owner_file(int dirfd, const char *path, int flags, struct owner_file *);

/* NULL: it is as it is on the host. */
struct sandbox_owner *owners_find(struct owners *, const struct owner_file *);
/* One of root's until it is changed; fd is it, and stays the caller's.  NULL: too many. */
struct sandbox_owner *owners_add(struct owners *, const struct owner_file *, int fd);

/* One notification. */
void owners_answer(struct owners *, int listener);

#endif
