/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 9P server for one directory of the host: 9P2000.L (Linux) and 9P2000.u
 * (NetBSD's mount_9p), one request at a time.
 *
 *	request buffers ─► p9_serve() ─► reply buffers
 *
 * The guest is not trusted, and is kept below the share's root:
 *	- a fid holds an O_PATH descriptor, got by openat2(2) of one component
 *	  with RESOLVE_BENEATH, NO_SYMLINKS and NO_MAGICLINKS from a directory
 *	  that was got so, back to the root; ".." is checked by climbing to it;
 *	- symbolic links are read, never followed;
 *	- only regular files and directories are opened, and never made anything
 *	  but those, links and FIFOs;
 *	- set-user-ID bits are not set: a guest's file must not lend the rights
 *	  of the user who runs the monitor.
 * Files belong to that user (QEMU's security model "none"); what he may not
 * do, the guest may not.
 *
 * Guests keep a fid for each file they have seen (NetBSD a vnode, Linux with
 * cache=loose a dentry).  A fid takes one descriptor, an open one two.  There
 * are at most P9_FIDS_MAX, then ENFILE; and P9_DESCRIPTORS_LEFT descriptors of
 * the process are left to others, then EMFILE.
 *
 * #syscalls p9: openat2 openat fstat newfstatat fstatfs readlinkat getdents64 lseek preadv pwritev
 * #syscalls p9: ftruncate fsync fdatasync fchmodat fchownat utimensat mkdirat mknodat
 * #syscalls p9: symlinkat linkat unlinkat renameat renameat2
 *
 * Sources: the 9P manual (Plan 9, section 5), 9P2000.u (RFC draft), Linux
 * Documentation/filesystems/9p.rst and diod's protocol.md for 9P2000.L.
 */
#ifndef SMOL_VMM_P9_SHARE_H
#define SMOL_VMM_P9_SHARE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/err.h"

#define P9_MSIZE_MAX (1u << 20)
#define P9_MSIZE_MIN 4096u
#define P9_FIDS_MAX 65536
#define P9_DESCRIPTORS_LEFT 64
#define P9_BUCKETS 8192 /* power of two */
#define P9_DEVICES_MAX 32
/* All of a request but the data of a write, and all of a reply but the data of a read. */
#define P9_REQUEST_BYTES 16384u
#define P9_REPLY_BYTES 65536u

enum p9_dialect { P9_NONE = 0, P9_U = 1, P9_L = 2 };

struct p9_fid;
struct p9_handle;

struct p9_share {
	struct p9_handle *root;
	int fd_end; /* the first descriptor that is too many */
	int proc_fd; /* /proc/self/fd: how an O_PATH descriptor is opened */
	bool read_only;
	enum p9_dialect dialect; /* agreed on by Tversion */
	uint32_t msize;
	struct p9_fid *fids[P9_BUCKETS];
	unsigned nfids;
	dev_t devices[P9_DEVICES_MAX]; /* file systems seen, for qids */
	unsigned ndevices;
	uint64_t requests, errors;
	uint8_t request[P9_REQUEST_BYTES], reply[P9_REPLY_BYTES];
};

/* A message's place: out is the request to read, in the room for the reply. */
struct p9_buffers {
	const struct iovec *out, *in;
	unsigned nout, nin;
	uint64_t out_bytes, in_bytes;
};

/* Takes root_fd, a directory's descriptor (O_PATH will do), in any case. Caller frees with p9_share_free(). */
struct p9_share *p9_share_new(int root_fd, bool read_only, struct err *);
void p9_share_free(struct p9_share *);

/* Forgets all fids and the version, as after a reset. */
void p9_share_reset(struct p9_share *);

/* Answers one request; how many bytes the reply has, 0: it was none, or there is no room to say so. */
uint32_t p9_serve(struct p9_share *, const struct p9_buffers *);

#endif
