/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's files, in memory: names in directories (nodes) that refer to
 * objects (inodes), as a Unix file system has them; a hard link is a second
 * node of the same inode.
 *
 *	tree.root ── node ""  ──────────────► inode (directory)
 *	              ├─ node "bin" ────────► inode (directory)
 *	              │   ├─ node "[" ────┐
 *	              │   └─ node "test" ─┴► inode (regular, nlink 2) ─► content
 *	              └─ node "tmp" ────────► inode (directory, 1777)
 *
 * Nothing here touches the host: content says only where the bytes lie.
 * Children are in the order they were added until tree_sort().
 */
#ifndef SMOL_TREE_TREE_H
#define SMOL_TREE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define TREE_NAME_MAX 255 /* NetBSD's FFS_MAXNAMLEN */
#define TREE_LINK_MAX 1023 /* NetBSD's MAXPATHLEN - 1 */
#define TREE_NLINK_MAX 32767

/* File types and mode bits as NetBSD's <sys/stat.h> has them (the host's are the same on every system we know). */
#define TREE_IFMT 0170000
#define TREE_IFIFO 0010000
#define TREE_IFCHR 0020000
#define TREE_IFDIR 0040000
#define TREE_IFBLK 0060000
#define TREE_IFREG 0100000
#define TREE_IFLNK 0120000
#define TREE_IFSOCK 0140000

/*
 * Where the bytes of a regular file come from.  A source is a host file, kept
 * open (fd >= 0, owned by whoever made the source) or opened when it is needed
 * (fd < 0); data at MEM is in memory, as long as the tree.  A range of the
 * file that no extent covers is a hole.
 */
struct tree_source {
	int fd;
	const char *path; /* for messages, and to open */
	uint64_t size; /* checked when fd < 0: a file that changed is an error */
	int64_t mtime_ns;
};

struct tree_extent {
	uint64_t offset; /* in the file */
	uint64_t bytes;
	uint64_t source_offset;
};

struct tree_content {
	const struct tree_source *source; /* NULL: mem */
	const void *mem; /* all size bytes, if source is NULL */
	const struct tree_extent *extents; /* ascending, not overlapping */
	uint32_t nextents;
};

/* Times beside that of the last modification, for those who keep them. */
struct tree_times {
	int64_t atime, ctime, birthtime;
	uint32_t atime_nsec, ctime_nsec, birth_nsec;
};

/* What a file is, apart from its names. */
struct tree_attr {
	uint32_t mode; /* type and permission bits */
	uint32_t uid, gid;
	uint32_t flags; /* NetBSD chflags(2) bits */
	int64_t mtime; /* seconds since 1970 */
	uint32_t mtime_nsec;
	const struct tree_times *times; /* as long as the tree; NULL: all are mtime */
	uint64_t size; /* regular files, and the length of a symlink */
	uint32_t rdev; /* devices: NetBSD's dev_t, tree_makedev() */
	const char *target; /* symlinks */
	struct tree_content content; /* regular files */
};

struct tree_inode {
	struct tree_attr attr;
	uint32_t nlink; /* names; for a directory 2 + its subdirectories */
	uint32_t index; /* free for the consumer: the file system's inode table */
};

struct tree_node {
	struct tree_node *parent; /* the root's is itself */
	struct tree_node *child, *last_child, *next;
	struct tree_node *hash_next;
	struct tree_inode *inode;
	uint32_t nchildren;
	uint32_t hash;
	uint32_t mark; /* free for the consumer */
	uint16_t namelen;
	uint8_t origin; /* the tree's, when the name was given; what it means is the consumer's */
	char name[];
};

struct tree {
	struct arena arena;
	struct tree_node *root;
	struct tree_node **buckets;
	uint32_t nbuckets, nnodes;
	uint8_t origin; /* of what is added from here on */
	int64_t epoch; /* mtime of what no input dates: SOURCE_DATE_EPOCH, else the newest of the sets */
};

/* An empty tree: "/" with mode 0755, root:wheel. */
void tree_init(struct tree *);
void tree_release(struct tree *);

static inline bool
tree_is(const struct tree_node *n, uint32_t type)
{
	return (n->inode->attr.mode & TREE_IFMT) == type;
}

uint32_t tree_makedev(uint32_t major, uint32_t minor);

static inline uint32_t
tree_major(uint32_t rdev)
{
	return (rdev & 0x000fff00u) >> 8;
}

static inline uint32_t
tree_minor(uint32_t rdev)
{
	return (rdev & 0xfff00000u) >> 12 | (rdev & 0xffu);
}

/*
 * Paths are relative to the root; leading "/" and "./" are ignored, "." and
 * empty components too.  A ".." component, a name over TREE_NAME_MAX or a
 * symlink used as a directory is an error: nothing leaves the tree.
 */

/* The path's normal form ("etc/rc", "" for the root) into out; its length, or -1 and err. */
int tree_path_clean(const char *path, char out[TREE_LINK_MAX + 1], struct err *);

/* The node, symlinks not followed; NULL if there is none (or the path is bad). */
struct tree_node *tree_lookup(const struct tree *, const char *path);
struct tree_node *tree_child(const struct tree *, const struct tree_node *dir, const char *name, size_t len);

/* Where a path leads: a name in a directory. */
struct tree_place {
	struct tree_node *dir;
	struct tree_node *node; /* what bears the name; NULL if nothing does */
	char name[TREE_NAME_MAX + 1]; /* "" for the root */
};

/*
 * Follows symlinks inside the tree, at most 32 (the last component too if
 * follow); ".." goes up, from the root to itself.  Fails if what is before the
 * last component is not a directory that is there.
 */
int tree_resolve(const struct tree *, const char *path, bool follow, struct tree_place *, struct err *);

/*
 * Adds a file or replaces what bears its name; missing parents are made 0755
 * root:wheel.  A directory over a directory keeps its children and takes the
 * new attributes; a directory over another file replaces it; another file over
 * a directory that has children is an error.  attr is copied (its target and
 * extents into the arena; content.mem must live as long as the tree).
 */
struct tree_node *tree_add(struct tree *, const char *path, const struct tree_attr *, struct err *);

/* A second name for the file at target, which must exist and not be a directory. */
struct tree_node *tree_link(struct tree *, const char *path, const char *target, struct err *);

/* Directory if missing, with these attributes (an existing one is left as it is). */
struct tree_node *tree_mkdir(struct tree *, const char *path, uint32_t mode, struct err *);
/* A regular file of these bytes (copied), root:wheel, dated epoch. */
struct tree_node *
tree_write(struct tree *, const char *path, uint32_t mode, const void *data, size_t len, struct err *);
struct tree_node *tree_symlink(struct tree *, const char *path, const char *target, struct err *);

/*
 * While tree->epoch is TREE_UNDATED, files that no input dates are so marked;
 * tree_date() then gives them SOURCE_DATE_EPOCH, or newest (of the sets) where
 * that is not set; with SOURCE_DATE_EPOCH nothing stays younger than it.
 */
#define TREE_UNDATED INT64_MIN
int tree_date(struct tree *, int64_t newest, struct err *);

/* Removes a name, and what is below it; of the root only the latter. */
void tree_remove(struct tree *, struct tree_node *);

/* Children by name (bytes, as strcmp orders) in every directory. */
void tree_sort(struct tree *);

/*
 * Pre-order walk: tree_next(root, NULL) is root, then each, NULL at the end.
 * A node that was just removed still leads to its successor.
 */
struct tree_node *tree_next(const struct tree_node *root, struct tree_node *);

/* "/etc/rc" in buf; returns buf.  Paths over the buffer end in "...". */
char *tree_path(const struct tree_node *, char *buf, size_t size);

/*
 * Reads the bytes of a regular file: whole (caller frees; max bounds it; a NUL
 * follows), or a range.  Holes are zeros.
 */
void *tree_read(const struct tree_node *, size_t max, size_t *len, struct err *);
int tree_pread(const struct tree_inode *, void *buf, size_t len, uint64_t offset, struct err *);

/*
 * The same range into a stream, which keeps what goes wrong.
 */
struct stream;
int tree_copy(const struct tree_inode *, uint64_t offset, uint64_t len, struct stream *);

/* A descriptor: the source's own, or one opened now (the file is as it was seen), which only then is closed. */
int tree_source_open(const struct tree_source *, struct err *);
void tree_source_close(const struct tree_source *, int fd);

/* A host file's mtime as tree_source keeps it. */
struct stat;
int64_t tree_stat_mtime(const struct stat *);

/*
 * Adds everything below the host directory dir at path "at" of the tree:
 * root:wheel, the files' modes (setuid kept), mtime = tree->epoch.  Hard links
 * inside it stay links.  A directory that the tree has already is left as it
 * is (a checkout says nothing about who owns /var/mail), dir's own mode is not
 * taken.  Sockets are refused, so is what cannot be read.  Contents are read
 * when they are needed; a file that changed by then is an error.
 */
int tree_add_dir(struct tree *, const char *at, const char *dir, struct err *);

/*
 * Adds everything below the root of another tree at path "at", each as by
 * tree_add(); hard links inside it stay links.  Contents are not copied: what
 * they refer to must live as long as "to".  Uses from's inode->index.
 */
int tree_graft(struct tree *to, const char *at, struct tree *from, struct err *);

/*
 * Adds a host file, or a directory and all that is below it, at path "at" (""
 * only for a directory) as it is there: owner, mode, time, and sockets too; a
 * symlink's mode is 0755, and it is not followed.
 */
int tree_add_host(struct tree *, const char *at, const char *path, struct err *);

/*
 * Applies an mtree(5) specification (full-path or hierarchical): type, mode,
 * uid, gid, uname, gname, flags, link, device, time, nlink/size/digests
 * ignored, optional.  An entry that the tree lacks is made if it is a
 * directory, symlink or device, else it is an error unless "optional".
 */
int tree_mtree_apply(struct tree *, const char *specfile, struct err *);

/*
 * The tree as an mtree specification, one line a file, sorted (it sorts), for
 * golden tests and for people.  Names of one inode share an "inode=" number.
 */
struct str;
void tree_mtree_print(struct tree *, struct str *out);

/* NetBSD's stock users and groups (src/etc/master.passwd, group): number of a name, or -1. */
int32_t tree_user_id(const char *name);
int32_t tree_group_id(const char *name);
/* Them all, as passwd(5) and group(5) have them. */
void tree_ids_print(struct str *passwd, struct str *group);

/* "uchg,nodump" → chflags(2) bits; -1 and err on an unknown word. */
int tree_flags_parse(const char *text, uint32_t *flags, struct err *);
/* The same without complaint: words that NetBSD does not have (other systems' tars) count nothing. */
uint32_t tree_flags_known(const char *text);
/* "none" if there are none. */
void tree_flags_print(uint32_t flags, struct str *out);

/*
 * SHA-256 of what the tree is, whatever order it was made in: of every file
 * the name, type, mode, owner, flags, mtime, size, device number, symlink
 * target, which names are one inode, and of the contents the layout (offset
 * and length of each extent), but neither the bytes nor where they come from:
 * a recipe's identity needs the digests of its inputs beside this.  Sorts.
 */
void tree_digest(struct tree *, uint8_t digest[32]);

#endif
