/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripts of a build (postinst, CURLSH): the tree as files of the host, what
 * they do to it in the sandbox (host/sandbox.h), and the tree again.
 *
 *	tree ── script_put ──► ROOM/root ── script_run ──► script_take ──► tree
 *
 *	the room                  in memory, seen by nobody else; where the tree is larger than a quarter
 *	                          of that: CACHE/scripts-XXXXXX/, removed at the end, or by the next build
 *	    root/                 /build/root, where scripts begin
 *	    service/              the workspace's, mounted there, so that they have it as ../service
 *	    tmp/                  ../tmp, for what shall not be in the image
 *	    bin/                  smol under the names of tools (tool.h); first in PATH
 *	    etc/                  passwd and group of the tree, so that names mean the guest's ids
 *	    fetched/              what FETCH and CURLSH brought
 *
 * Owners and device numbers are recorded beside (struct sandbox_owner).  What
 * did not change keeps its place in the tree, its content in the blobs and its
 * date; what did refers to the room, and is undated (tree_date()).
 */
#ifndef SMOL_BUILD_SCRIPT_H
#define SMOL_BUILD_SCRIPT_H

#include <sys/stat.h>

#include "base/digest.h"
#include "base/str.h"
#include "build/step.h"
#include "host/sandbox.h"
#include "source/fetch.h"

/* A file that was put, as it was then. */
struct script_file {
	uint64_t ino;
	int64_t ctime_ns;
	struct tree_inode *inode;
	char *path; /* where its first name is: ROOM/root's when it was put, later the tree's; "": not seen */
};

/* For the manifest. */
struct script_fetched {
	char *url;
	uint8_t digest[SHA256_SIZE];
};

struct script_room {
	struct script_room *next;
	char *dir; /* a path to it: in memory /proc/self/fd/N */
	bool on_disk;
	int fd; /* it; on the disk locked */
	int root, fetch; /* the directories root/ and fetched/, as they are without what is mounted */
	int owners; /* struct sandbox_view.owners */
	struct script_file *files; /* by ino once all are there */
	size_t nfiles, cap_files;
	struct script_fetched *fetched;
	size_t nfetched, cap_fetched;
	char *unfetched; /* why the last did not come that did not; NULL */
};

/* That scripts can be run here: before minutes of work. */
int script_check(struct err *);

struct script_room *script_room_new(bool on_disk, struct err *);
void script_room_free(struct script_room *);

int script_put(struct script_room *, struct build *);
/* These steps' scripts, paths or URLs, one after the other. */
int script_run(struct script_room *, struct build *, const struct plan_step *, size_t n);
int script_take(struct script_room *, struct build *);

/* --- between these --- */

/* The files of etc/ and the names of bin/, from the tree as it is. */
int script_etc_fill(struct script_room *, struct build *);

/* By a URL into fetched/: the name there, the caller's.  Only smol's own may be file:. */
char *script_fetch(struct script_room *, const struct fetch_options *, const char *url, bool local, struct err *);

/* The one name that matches, of those to which a listing in HTML has links without a path. */
int script_listing_find(const char *text, const char *pattern, struct str *found, struct err *);

/* Requests of the tool fetch by its socket, as long as there are any. */
void script_fetch_serve(struct script_room *, const struct fetch_options *, int sock);

static inline int64_t
script_ctime(const struct stat *st)
{
#ifdef __APPLE__
	return (int64_t)st->st_ctimespec.tv_sec * 1000000000 + st->st_ctimespec.tv_nsec;
#else
	return (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
#endif
}

#endif
