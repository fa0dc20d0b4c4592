/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 9P2000.L client over the virtio 9p device: what a guest needs to list a
 * directory and read a file.
 */
#ifndef PROBE_P9_H
#define PROBE_P9_H

#include "virtio.h"

enum { P9_MSIZE = 16384, P9_ROOT_FID = 1, P9_NAME_MAX = 255 };

struct p9_entry {
	uint64_t next; /* offset of the entry behind it */
	uint8_t type; /* as in dirent: 4 directory, 8 file */
	char name[P9_NAME_MAX + 1];
};

/* Starts the device; false if there is none. */
bool p9_init(void);
struct virtio_device *p9_device(void);
/* The mount tag of the configuration space. */
void p9_tag(char *buf, uint32_t size);
/* Version and attach; the root is P9_ROOT_FID. */
bool p9_attach(void);
/* name NULL: clones fid. */
bool p9_walk(uint32_t fid, uint32_t newfid, const char *name);
bool p9_open(uint32_t fid, uint32_t flags);
/* -1 on error. */
int32_t p9_read(uint32_t fid, uint64_t off, void *buf, uint32_t len);
/* One entry at off; false at the end or on error (then *error). */
bool p9_readdir(uint32_t fid, uint64_t off, struct p9_entry *, bool *error);
bool p9_getattr(uint32_t fid, uint32_t *mode, uint64_t *size);
bool p9_clunk(uint32_t fid);
/* The errno of the last Rlerror, 0 if something else went wrong. */
uint32_t p9_errno(void);

#endif
