/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both ways of changing the mounts need.  All leave errno.
 */
#ifndef SMOL_HOST_SANDBOX_MOUNTS_LINUX_H
#define SMOL_HOST_SANDBOX_MOUNTS_LINUX_H

#include <limits.h>

#include "host/sandbox_linux.h"

/* mount_setattr(2)'s attributes. */
#define MOUNT_RDONLY 1u
#define MOUNT_NOSUID 2u
#define MOUNT_NODEV 4u

int mount_attributes(const char *path, bool recursive, uint64_t set, uint64_t clear);

/* user_namespaces(7): without privileges outside, one id, and no more changes of groups. */
int map_ids(unsigned uid, unsigned uid_outside, unsigned gid, unsigned gid_outside);

#endif
