/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writer against the reader and the checker: random trees (names, links,
 * devices, sparse files up to triple indirection) in random geometries are
 * written, checked, and read back equal.  SMOL_TREES sets how many, SMOL_SEED
 * the first seed, which is printed with every failure.
 */
#include "test.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/stream.h"
#include "fs/ffs.h"
#include "tree/tree.h"

#define SOURCE_BYTES (1024 * 1024)
#define FILES_MAX 120

struct random {
	uint64_t state;
};

struct world {
	struct random rnd;
	uint64_t seed;
	struct tree tree;
	struct tree_source source; /* SOURCE_BYTES of noise */
	const uint8_t *noise;
	char dirs[FILES_MAX][TREE_LINK_MAX + 1];
	unsigned ndirs;
};

static uint64_t
below(struct random *r, uint64_t n)
{
	r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (r->state >> 33) % n;
}

static void
random_name(struct random *r, char *name, unsigned serial)
{
	unsigned len = (unsigned)below(r, below(r, 12) == 0 ? 240 : 24), i;

	for (i = 0; i < len; i++)
		name[i] = (char)(below(r, 40) == 0 ? 0x80 + below(r, 127) : 'a' + below(r, 26));
	(void)snprintf(name + len, 16, "%u", serial);
}

/* Bytes in the file: all of it, or some stretches between holes. */
static void
random_content(struct world *w, struct tree_attr *a, struct tree_extent extents[8])
{
	bool sparse = below(&w->rnd, 6) == 0;
	uint64_t at = 0;
	uint32_t i;

	a->size = below(&w->rnd, below(&w->rnd, 3) == 0 ? 400000 : 9000);
	if (below(&w->rnd, 2) == 0 && !sparse) {
		a->content.mem = w->noise;
		return;
	}
	a->content.source = &w->source;
	a->content.extents = extents;
	if (!sparse) {
		extents[0] = (struct tree_extent){ .bytes = a->size };
		a->content.nextents = a->size > 0;
		return;
	}
	/* Up to 6 GB: beyond double indirection for blocks of 4 KiB. */
	a->size = below(&w->rnd, 2) == 0 ? below(&w->rnd, 400000) : below(&w->rnd, UINT64_C(6) << 30);
	for (i = 0; i < 8; i++) {
		at += below(&w->rnd, a->size / 4 + 1);
		extents[i].offset = at;
		extents[i].source_offset = below(&w->rnd, SOURCE_BYTES / 2);
		extents[i].bytes = 1 + below(&w->rnd, 60000);
		at += extents[i].bytes;
		if (at > a->size)
			break;
	}
	a->content.nextents = i;
}

static void
random_file(struct world *w, unsigned serial)
{
	struct err err = { 0 };
	struct tree_attr a = { .uid = (uint32_t)below(&w->rnd, 70000), .gid = (uint32_t)below(&w->rnd, 70000) };
	struct tree_extent extents[8];
	char path[2 * TREE_LINK_MAX], name[300], target[300];
	uint64_t kind = below(&w->rnd, 12);

	random_name(&w->rnd, name, serial);
	(void)snprintf(path, sizeof(path), "%s/%s", w->dirs[below(&w->rnd, w->ndirs)], name);
	if (strlen(path) > TREE_LINK_MAX)
		return;
	a.mode = (uint32_t)below(&w->rnd, 010000);
	a.mtime = (int64_t)below(&w->rnd, UINT64_C(1) << 31);
	a.mtime_nsec = (uint32_t)below(&w->rnd, 1000000000);
	if (kind < 2) {
		a.mode |= TREE_IFDIR;
		memcpy(w->dirs[w->ndirs++], path, strlen(path) + 1);
	} else if (kind == 2) {
		a.mode |= TREE_IFLNK;
		a.size = 1 + below(&w->rnd, 250);
		memset(target, 't', a.size);
		target[a.size] = '\0';
		a.target = target;
	} else if (kind == 3) {
		a.mode |= below(&w->rnd, 2) == 0 ? TREE_IFCHR : TREE_IFBLK;
		a.rdev = tree_makedev((uint32_t)below(&w->rnd, 300), (uint32_t)below(&w->rnd, 3000));
	} else if (kind == 4)
		a.mode |= TREE_IFIFO;
	else {
		a.mode |= TREE_IFREG;
		a.flags = below(&w->rnd, 8) == 0 ? 2 : 0;
		random_content(w, &a, extents);
	}
	CHECK(tree_add(&w->tree, path, &a, &err) != NULL);
	if (kind > 3 && below(&w->rnd, 5) == 0) {
		(void)snprintf(name, sizeof(name), "link%u", serial);
		CHECK(tree_link(&w->tree, name, path, &err) != NULL);
	}
}

static void
random_tree(struct world *w, uint64_t seed)
{
	unsigned n, i;

	w->rnd.state = w->seed = seed;
	(void)below(&w->rnd, 2);
	tree_init(&w->tree);
	w->tree.epoch = 1700000000;
	w->dirs[0][0] = '\0';
	w->ndirs = 1;
	n = (unsigned)below(&w->rnd, FILES_MAX - 1);
	for (i = 0; i < n; i++)
		random_file(w, i);
	tree_sort(&w->tree);
}

static void
random_options(struct world *w, struct fs_options *o)
{
	*o = (struct fs_options){ .version = 1 + (unsigned)below(&w->rnd, 2) };
	o->spare_inodes = below(&w->rnd, 2) == 0;
	if (below(&w->rnd, 2) == 0) {
		o->bsize = 4096U << below(&w->rnd, 5);
		o->fsize = o->bsize >> below(&w->rnd, 4);
		if (o->fsize < 512)
			o->fsize = 512;
	}
	if (below(&w->rnd, 3) == 0)
		o->free_bytes = below(&w->rnd, 5000000);
	if (below(&w->rnd, 4) == 0)
		o->free_percent = (unsigned)below(&w->rnd, 150);
	if (below(&w->rnd, 3) == 0)
		o->log_bytes = below(&w->rnd, 3) > 0 ? FS_LOG_AUTO : 300000 + below(&w->rnd, 2000000);
}

/* --- reading back --- */

static bool
same_bytes(
    const struct ffs_reader *r, const struct ffs_dinode *d, const struct tree_inode *inode, uint64_t at, uint64_t len)
{
	static uint8_t a[65536], b[65536];
	struct err err = { 0 };

	return ffs_read(r, d, a, len, at, &err) == 0 && tree_pread(inode, b, len, at, &err) == 0 &&
	       memcmp(a, b, len) == 0;
}

/* Whole files up to 1 MB; of larger ones both ends, and around every extent. */
static bool
same_content(const struct ffs_reader *r, const struct ffs_dinode *d, const struct tree_inode *inode)
{
	const struct tree_content *c = &inode->attr.content;
	uint64_t size = inode->attr.size, at, end;
	uint32_t i;

	for (at = 0; at < size && at < SOURCE_BYTES; at += 65536)
		if (!same_bytes(r, d, inode, at, u64_min(65536, size - at)))
			return false;
	for (i = 0; i < c->nextents; i++) {
		at = c->extents[i].offset - u64_min(c->extents[i].offset, 5000);
		end = u64_min(c->extents[i].offset + c->extents[i].bytes + 5000, size);
		for (; at < end; at += 65536)
			if (!same_bytes(r, d, inode, at, u64_min(65536, end - at)))
				return false;
	}
	return size < 65536 || same_bytes(r, d, inode, size - 65536, 65536);
}

static bool
same_attributes(const struct ffs_dinode *d, const struct tree_inode *inode)
{
	const struct tree_attr *a = &inode->attr;
	bool device = (a->mode & TREE_IFMT) == TREE_IFCHR || (a->mode & TREE_IFMT) == TREE_IFBLK;

	return d->mode == a->mode && d->uid == a->uid && d->gid == a->gid && d->mtime == a->mtime &&
	       d->mtimensec == (int32_t)a->mtime_nsec && d->flags == a->flags && d->nlink == (int16_t)inode->nlink &&
	       (!device || (uint32_t)d->db[0] == a->rdev) &&
	       ((a->mode & TREE_IFMT) != TREE_IFREG || d->size == a->size);
}

static bool
same_link(const struct ffs_reader *r, const struct ffs_dinode *d, const char *want)
{
	struct err err = { 0 };
	cleanup_free char *got = ffs_readlink(r, d, &err);

	return got != NULL && strcmp(got, want) == 0;
}

static int
count_entry(void *arg, const char *name, uint64_t ino, uint8_t type, struct err *err)
{
	(void)name, (void)ino, (void)type, (void)err;
	++*(uint32_t *)arg;
	return 0;
}

static bool
same_file(const struct ffs_reader *r, const struct tree_node *n)
{
	struct err err = { 0 };
	struct ffs_dinode d;
	char path[2 * TREE_LINK_MAX];
	uint32_t entries = 0;
	uint64_t ino;

	if (ffs_lookup(r, tree_path(n, path, sizeof(path)), false, &ino, &err) < 0 ||
	    ffs_read_inode(r, ino, &d, &err) < 0 || !same_attributes(&d, n->inode))
		return false;
	if (ino != n->inode->index + FFS_ROOTINO)
		return false;
	if (tree_is(n, TREE_IFLNK))
		return same_link(r, &d, n->inode->attr.target);
	if (tree_is(n, TREE_IFDIR))
		return ffs_readdir(r, &d, count_entry, &entries, &err) == 0 && entries == n->nchildren;
	return !tree_is(n, TREE_IFREG) || same_content(r, &d, n->inode);
}

static void
print_problem(void *arg, const char *line)
{
	(void)arg;
	printf("# %s\n", line);
}

/* The journal is there, as large as was asked for, and empty. */
static void
check_log(const struct ffs_reader *r, const struct fs_options *o)
{
	struct err err = { 0 };
	struct ffs_log log;

	CHECK(ffs_log_read(r, &log, &err) == 0);
	CHECK(log.present == (o->log_bytes != 0) && !log.live && log.used_bytes == 0);
	if (!log.present)
		return;
	CHECK(log.inside && log.offset % (uint64_t)r->super.bsize == 0);
	CHECK(o->log_bytes == FS_LOG_AUTO ? log.bytes >= 256 * 1024 && log.bytes <= 64 * 1024 * 1024
					  : log.bytes - o->log_bytes < (uint64_t)r->super.bsize);
}

static void
check_image(struct world *w, int fd, uint64_t bytes, const struct fs_options *o)
{
	struct ffs_check_result result;
	struct ffs_reader r;
	struct err err = { 0 };
	struct tree_node *n;
	char path[2 * TREE_LINK_MAX];

	CHECK(ffs_open(&r, fd, 0, bytes, &err) == 0);
	if (err.msg[0] != '\0') {
		printf("# %s\n", err.msg);
		return;
	}
	CHECK(ffs_check(&r, print_problem, NULL, &result, &err) == 0);
	CHECK(result.problems == 0);
	check_log(&r, o);
	for (n = tree_next(w->tree.root, NULL); n != NULL; n = tree_next(w->tree.root, n))
		if (!same_file(&r, n)) {
			printf("# differs: %s\n", tree_path(n, path, sizeof(path)));
			CHECK(!"read back");
		}
}

static void
write_and_check(struct world *w, struct ffs_layout *l, const struct fs_options *o)
{
	uint8_t digest[SHA256_SIZE];
	struct err err = { 0 };
	cleanup_close int fd = memfd_create("image", MFD_CLOEXEC);
	struct stream *out = stream_open(fd, "image", false);

	CHECK(ffs_write(l, out) == 0);
	CHECK(stream_tell(out) == ffs_layout_bytes(l));
	CHECK(stream_close(out, digest, &err) == 0);
	check_image(w, fd, ffs_layout_bytes(l), o);
}

/* What df and du would say. */
static void
check_usage(const struct ffs_layout *l, const struct fs_options *o)
{
	struct fs_usage u;

	fs_ffs_ops.usage(l, &u);
	CHECK(u.bytes == ffs_layout_bytes(l));
	CHECK(u.free_bytes >= o->free_bytes);
	CHECK(u.free_bytes * 100 >= u.file_bytes * o->free_percent);
	CHECK((u.log_bytes != 0) == (o->log_bytes != 0));
	CHECK(u.used_bytes >= u.file_bytes + u.log_bytes && u.used_bytes + u.free_bytes <= u.bytes);
}

/* As small as can be, then with that size given less one block: must not fit. */
static void
one_tree(struct world *w, uint64_t seed)
{
	struct err err = { 0 };
	struct fs_options o;
	struct ffs_layout *l, *smaller;
	int before = test_failures;

	random_tree(w, seed);
	random_options(w, &o);
	l = ffs_layout_new(&w->tree, &o, &err);
	if (l == NULL)
		printf("# %s\n", err.msg);
	CHECK(l != NULL);
	if (l != NULL) {
		check_usage(l, &o);
		write_and_check(w, l, &o);
		o.bytes = ffs_layout_bytes(l) - (uint64_t)ffs_layout_super(l)->bsize;
		smaller = ffs_layout_new(&w->tree, &o, &err);
		/* For a given size spare inodes are counted differently, and the journal may be smaller. */
		CHECK(smaller == NULL || o.spare_inodes || o.log_bytes == FS_LOG_AUTO);
		ffs_layout_free(smaller);
		o.bytes = ffs_layout_bytes(l) * 2 + below(&w->rnd, 50000000);
		ffs_layout_free(l);
		l = ffs_layout_new(&w->tree, &o, &err);
		if (l != NULL && below(&w->rnd, 4) == 0)
			write_and_check(w, l, &o);
		ffs_layout_free(l);
	}
	if (test_failures != before)
		printf("# seed %" PRIu64 "\n", seed);
	tree_release(&w->tree);
}

static uint64_t
setting(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text == NULL ? fallback : strtoull(text, NULL, 10);
}

static void
random_trees(void)
{
	uint64_t first = setting("SMOL_SEED", 1), n = setting("SMOL_TREES", 2000), seed;
	static uint8_t noise[SOURCE_BYTES];
	static struct world w;
	struct random r = { .state = 42 };
	size_t i;

	for (i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)below(&r, 256);
	w.noise = noise;
	w.source = (struct tree_source){ .fd = memfd_create("noise", MFD_CLOEXEC), .path = "noise" };
	CHECK(pwrite_full(w.source.fd, noise, sizeof(noise), 0) == 0);
	printf("# %" PRIu64 " trees from seed %" PRIu64 "\n", n, first);
	for (seed = first; seed < first + n && test_failures == 0; seed++)
		one_tree(&w, seed);
	(void)close(w.source.fd);
}

TEST_MAIN({ "random trees are written, checked and read back equal", random_trees })
