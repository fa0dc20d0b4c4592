/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The archive of PUT and GET: ustar, and pax records for what it cannot say
 * (POSIX.1-2008, pax, "ustar Interchange Format" and "pax Extended Header").
 */
#ifndef AGENT_TAR_H
#define AGENT_TAR_H

#include "agent.h"

#define TAR_BLOCK 512

struct tar_head {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], check[8], type, link[100];
	char magic[6], version[2], owner[32], group[32], major[8], minor[8], prefix[155], pad[12];
};

_Static_assert(sizeof(struct tar_head) == TAR_BLOCK, "a block");

/* The sum of the block's bytes with blanks for check. */
uint32_t tar_sum(const struct tar_head *);

#endif
