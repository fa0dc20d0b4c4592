/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fids, and the files behind them.  All functions here return 0 or an errno.
 */
#ifndef SMOL_VMM_P9_FID_H
#define SMOL_VMM_P9_FID_H

#include <sys/stat.h>

#include "vmm/p9/share.h"
#include "vmm/p9/wire.h"

/* A file that some fids stand for or lie in; the last reference closes it. */
struct p9_handle {
	int fd; /* O_PATH */
	unsigned refs;
	dev_t dev;
	ino_t ino;
	mode_t type; /* S_IFMT bits: these never change */
};

struct p9_fid {
	struct p9_fid *next; /* in its bucket */
	uint32_t number;
	struct p9_handle *self;
	/* Where it was found, for removing and renaming by fid; NULL: the root, or come to by "..". */
	struct p9_handle *parent;
	char *name;
	int io_fd; /* -1: not open */
	bool remove; /* when it is clunked */
	int64_t dir_cookie; /* where the directory's next entry is */
	uint64_t dir_bytes; /* 9P2000.u: handed out so far */
};

/* --- handles --- */

struct p9_handle *p9_handle_ref(struct p9_handle *);
void p9_handle_unref(struct p9_handle *); /* NULL: nothing */
/* Takes fd in any case. */
int p9_handle_new(int fd, struct p9_handle **);
/* name is one component; "." and "..", which never leads above the root, too. */
int p9_lookup(struct p9_share *, const struct p9_handle *dir, const char *name, struct p9_handle **);
/* A descriptor that was just opened: EMFILE, and it is closed, if others need it more. */
int p9_fd_claim(const struct p9_share *, int fd);
/* A regular file or a directory, for I/O. */
int p9_open(struct p9_share *, const struct p9_handle *, int flags, int *fd);
/* The name by which the system calls that take no O_PATH descriptor find it, in proc_fd. */
const char *p9_proc_name(const struct p9_handle *, char buf[16]);

/* --- fids --- */

struct p9_fid *p9_fid_find(struct p9_share *, uint32_t number);
/* EBADF where there is no such fid. */
int p9_fid_get(struct p9_share *, uint32_t number, struct p9_fid **);
/* Not yet of any file: the caller sets self. */
int p9_fid_new(struct p9_share *, uint32_t number, struct p9_fid **);
void p9_fid_free(struct p9_share *, struct p9_fid *);
/* Takes the references; parent may be NULL. */
void p9_fid_set(struct p9_fid *, struct p9_handle *self, struct p9_handle *parent, const char *name);
/* Is its name still that of its file? ENOENT if not; EOPNOTSUPP if it has none. */
int p9_fid_named(const struct p9_fid *);
int p9_fid_remove(struct p9_fid *);
/* All fids of the file that was moved learn its new name. */
void
p9_fid_moved(struct p9_share *, const struct p9_handle *from, const char *old, struct p9_handle *to, const char *name);

/* --- what they say of files --- */

void p9_qid(struct p9_share *, const struct stat *, struct p9_qid *);
int p9_handle_qid(struct p9_share *, const struct p9_handle *, struct p9_qid *);

/* 0, or the errno that a name of one component deserves. */
int p9_name_check(const char *);

#endif
