/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request under way, and the functions that answer each kind: they read
 * their fields from in, put the reply's into out, and return 0 or an errno,
 * upon which what they put is not sent.
 */
#ifndef SMOL_VMM_P9_CALL_H
#define SMOL_VMM_P9_CALL_H

#include "vmm/p9/fid.h"

/* Bytes of a reply or request that are not the data of a read or write, at most (P9_IOHDRSZ). */
#define P9_IO_HEADER 24u

struct p9_call {
	struct p9_share *share;
	const struct p9_buffers *buffers;
	uint32_t size; /* the message's own length */
	uint32_t room; /* for the whole reply */
	struct p9_in in;
	struct p9_out out;
	uint32_t data; /* bytes of the reply that lie in the buffers already, behind out */
};

typedef int p9_handler(struct p9_call *);

/* Reads fid[4] and finds it. */
int p9_call_fid(struct p9_call *, struct p9_fid **);
/* Reads the name of something to be made, moved or removed: never "." nor "..". */
int p9_call_name(struct p9_call *, char name[P9_NAME_MAX + 1]);
/* Reads fid[4] name[s], a directory and a name in it. */
int p9_call_entry(struct p9_call *, struct p9_fid **, char name[P9_NAME_MAX + 1]);
/* Puts a file's qid. */
int p9_call_qid(struct p9_call *, const struct p9_handle *);
/* The permission bits that a guest may give. */
mode_t p9_mode(mode_t type, uint32_t mode);

/* session.c: both dialects */
p9_handler p9_version, p9_auth, p9_attach, p9_flush, p9_walk, p9_clunk, p9_remove;
/* io.c */
p9_handler p9_lopen, p9_lcreate, p9_read, p9_write, p9_fsync, p9_lock, p9_getlock;
int p9_fid_open(struct p9_share *, struct p9_fid *, int flags);
int p9_fid_create(struct p9_share *, struct p9_fid *, const char *name, int flags, mode_t);
/* names.c: 9P2000.L */
p9_handler p9_symlink, p9_mknod, p9_rename, p9_readlink, p9_link, p9_mkdir, p9_renameat, p9_unlinkat;
int p9_link_at(struct p9_share *, const struct p9_handle *, const struct p9_handle *dir, const char *name);
int p9_move(struct p9_share *, const struct p9_handle *from, const char *old, struct p9_handle *to, const char *name);
/* attr.c: 9P2000.L */
p9_handler p9_statfs, p9_getattr, p9_setattr, p9_no_xattr;
int p9_truncate(struct p9_share *, const struct p9_fid *, uint64_t size);
int p9_chmod(struct p9_share *, const struct p9_handle *, uint32_t mode);
/* readdir.c */
p9_handler p9_readdir;
int p9_read_stats(struct p9_call *, struct p9_fid *, uint64_t offset, uint32_t count);
/* stat.c: 9P2000.u */
p9_handler p9_topen, p9_tcreate, p9_tstat, p9_twstat;
int p9_put_stat(struct p9_share *, struct p9_out *, int dir_fd, const char *name, const char *shown);

#endif
