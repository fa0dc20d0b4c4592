/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the checker.  It goes over the file system as fsck_ffs(8) does, and
 * builds from inodes and directories alone what the maps and counts must be:
 *
 *	super   fields against each other, copies against the primary
 *	inodes  every inode; its blocks claimed in the map "used"
 *	dirs    every entry: parents, names, links counted
 *	links   directories that no path leads to; link counts
 *	log     the journal
 *	groups  every map and count of every cylinder group against the above
 *
 * Problems are kept until the end, when directories are known and inodes can
 * be given their paths; of a wreck only the first PROBLEMS_KEPT wait so long.
 */
#ifndef SMOL_FS_FFS_CHECK_H
#define SMOL_FS_FFS_CHECK_H

#include "base/arena.h"
#include "fs/ffs.h"

#define CHECK_PROBLEMS_KEPT 10000

enum check_state {
	CHECK_FREE,
	CHECK_FILE,
	CHECK_DIR,
	CHECK_SPECIAL, /* journal or quota file: no name expected */
};

struct check_inode {
	uint8_t state;
	uint8_t type; /* mode >> 12 */
	int16_t nlink; /* on disk */
	uint32_t links; /* found */
};

/* A cylinder group's inodes up to the last one in use. */
struct check_group {
	struct check_inode *inodes;
	uint32_t ninodes;
	uint32_t ndirs, nused;
};

struct check_dir {
	uint32_t ino;
	uint32_t parent; /* whose entry was found first; 0: none */
	uint32_t dotdot; /* 0: no such entry */
	uint32_t mark;
	uint64_t size;
	uint64_t blocks; /* logical blocks that can be read before the first hole or bad one */
	const char *name;
};

/* Fragments that were in use already when an inode claimed them. */
struct check_dup {
	int64_t addr;
	uint32_t frags;
	uint32_t ino, first; /* first: who had them; 0: reserved */
};

struct check_problem {
	uint32_t ino, other; /* 0: none */
	char *text;
};

struct check {
	const struct ffs_reader *r;
	const struct ffs_super *s;
	void (*report)(void *, const char *);
	void *report_arg;
	struct ffs_check_result *result;
	struct arena arena;

	uint8_t *used; /* a bit a fragment */
	struct check_group *groups;
	struct check_dir *dirs; /* by inode number */
	uint32_t ndirs, dirs_cap;
	struct check_dup *dups;
	uint32_t ndups, dups_cap;
	bool replay; /* inodes are gone over again, to find the first owners of dups */
	uint64_t data_until; /* no hole between the last SEEK_DATA and here */
	uint32_t journal_ino, quota_ino[2];
	bool old_format; /* v1, from before FS_FLAGS_UPDATED */
	bool old_entries; /* from before 4.4BSD: entries have no type */

	struct check_problem *problems;
	uint32_t nproblems, problems_cap;
	bool flooded;
};

/* A problem of inode ino (0: of none), and of another one that the line is to name. */
void
check_problem(struct check *, uint64_t ino, uint64_t other, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

struct check_inode *check_inode_get(const struct check *, uint64_t ino); /* NULL: not in use */
struct check_dir *check_dir_get(const struct check *, uint64_t ino); /* NULL: not a directory */

/* Reads from the file system by byte offset. */
int check_read(const struct check *, void *buf, uint64_t len, uint64_t offset, const char *what, struct err *);

int check_super(struct check *, struct err *);
int check_inodes(struct check *, struct err *);
int check_dirs(struct check *, struct err *);
void check_links(struct check *);
int check_groups(struct check *, struct err *);
int check_log(struct check *, struct err *);

/* --- blocks (ffs_check_block.c) --- */

struct check_blocks {
	uint64_t ino;
	uint64_t nblocks; /* logical blocks that the size calls for */
	uint64_t frags; /* claimed */
	uint64_t readable; /* see check_dir.blocks */
	unsigned nbad; /* bad or duplicate ones */
	bool dir, snapshot, broken;
	bool hole; /* in a directory */
};

void check_reserve(struct check *); /* metadata and the summary area */
int check_file_blocks(struct check *, const struct ffs_dinode *, struct check_blocks *, struct err *);
bool check_claim(struct check *, struct check_blocks *, int64_t addr, uint32_t frags);
int check_report_dups(struct check *, struct err *);

/* --- directories (ffs_check_dir.c) --- */

/* Entries of a directory that are safe to use, "." and ".." not among them. */
int check_dir_names(struct check *, const struct check_dir *,
    void (*fn)(void *arg, const struct check_dir *, const char *name, uint32_t ino), void *arg, struct err *);

#endif
