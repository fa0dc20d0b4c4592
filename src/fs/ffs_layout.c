/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout of a new file system: the files in order, the size that takes
 * them, their blocks, and what the cylinder groups then count.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "fs/ffs_layout.h"
#include "fs/order.h"

#define SECTOR 512
#define BYTES_MAX (UINT64_C(8) << 40)
#define SPARE_INODES_MIN 256 /* an automatic size leaves these, or an eighth of those in use */

static uint64_t
bytes_of(const struct tree_node *n)
{
	const struct tree_attr *a = &n->inode->attr;

	if (tree_is(n, TREE_IFDIR))
		return ffs_dir_bytes(n);
	if (tree_is(n, TREE_IFREG))
		return a->size;
	return tree_is(n, TREE_IFLNK) ? strlen(a->target) : 0;
}

static int
list_files(struct ffs_layout *l, struct err *err)
{
	struct fs_order order;
	uint32_t i;

	if (fs_order_make(&order, l->tree, err) < 0)
		return -1;
	for (i = 0; i < order.n; i++)
		*vec_push(l->files, l->nfiles, l->files_cap) =
		    (struct ffs_file){ .node = order.nodes[i], .bytes = bytes_of(order.nodes[i]) };
	l->ndirs = order.ndirs;
	free(order.nodes);
	if (l->options.log_bytes != 0)
		*vec_push(l->files, l->nfiles, l->files_cap) = (struct ffs_file){ .node = NULL };
	return 0;
}

void
ffs_layout_count(const struct ffs_layout *l, uint64_t *files, uint64_t *log)
{
	uint32_t i;

	*files = *log = 0;
	for (i = 0; i < l->npieces; i++)
		*(l->files[l->pieces[i].file].node == NULL ? log : files) += l->pieces[i].frags;
}

/* As many inodes for its size as the file system has that is written anew. */
static uint64_t
inodes_alike(const struct ffs_super *like, uint64_t bytes)
{
	__extension__ unsigned __int128 n = (unsigned __int128)like->ncg * like->ipg * bytes;

	return (uint64_t)(n / ((uint64_t)like->size << like->fshift));
}

static uint64_t
inodes_wanted(const struct ffs_layout *l, uint64_t bytes)
{
	uint64_t used = (uint64_t)l->nfiles + FFS_ROOTINO;

	if (l->options.like != NULL && l->options.bytes != FS_BYTES_AUTO)
		return u64_max(used, inodes_alike(l->options.like, bytes));
	if (!l->options.spare_inodes)
		return used;
	return used + u64_max(used / 8, SPARE_INODES_MIN);
}

/* Whether the files fit into so many bytes; l then holds the layout. */
static bool
try_size(struct ffs_layout *l, uint64_t bytes)
{
	bool density = l->options.spare_inodes && l->options.bytes != FS_BYTES_AUTO && l->options.like == NULL;
	uint64_t free_frags, files, log;

	if (ffs_geometry(&l->super, &l->options, bytes, inodes_wanted(l, bytes), density) < 0)
		return false;
	if (!ffs_log_place(l) || !ffs_alloc_files(l))
		return false;
	if (l->options.free_bytes == 0 && l->options.free_percent == 0)
		return true;
	ffs_layout_count(l, &files, &log);
	free_frags = u64_max(
	    howmany(l->options.free_bytes, (uint64_t)l->super.fsize), howmany(files * l->options.free_percent, 100));
	return files + log + free_frags <= (uint64_t)l->super.dsize;
}

/* The smallest size between lo and hi (which fits) that fits, in steps of a block. */
static uint64_t
bisect(struct ffs_layout *l, uint64_t lo, uint64_t hi)
{
	uint64_t step = (uint64_t)l->super.bsize, mid;

	lo = lo / step;
	hi = howmany(hi, step);
	while (lo + 1 < hi) {
		mid = lo + (hi - lo) / 2;
		if (try_size(l, mid * step))
			hi = mid;
		else
			lo = mid;
	}
	return hi * step;
}

/*
 * newfs's block size depends on the size, so each class of sizes is tried for
 * itself: the first whose largest member takes the files holds the answer.
 */
static int
smallest(struct ffs_layout *l, uint64_t *bytes, struct err *err)
{
	static const uint64_t classes[] = { UINT64_C(20) << 20, UINT64_C(1000) << 20, UINT64_C(128) << 30, BYTES_MAX };
	uint64_t lo = 0, hi;
	size_t i;

	for (i = 0; i < nitems(classes); i++) {
		/* Doubling first: a try of a huge size costs time for its cylinder groups. */
		for (hi = u64_max(lo, UINT64_C(1) << 20); hi < classes[i]; hi *= 2)
			if (try_size(l, hi))
				break;
		hi = u64_min(hi, classes[i] - FFS_BSIZE_MAX);
		if (try_size(l, hi)) {
			*bytes = bisect(l, lo, hi);
			return 0;
		}
		lo = classes[i];
	}
	return err_set(err, "the files%s do not fit into any FFSv%u file system",
	    l->options.log_bytes != 0 ? " and the journal, in one piece," : "", l->options.version);
}

/* Bits from..end of a map, whole bytes at a time where it can. */
static void
set_bits(uint8_t *map, int64_t from, int64_t end, bool set)
{
	for (; from < end && (from & 7) != 0; from++)
		set ? ffs_bit_set(map, (uint64_t)from) : ffs_bit_clear(map, (uint64_t)from);
	if (end - from >= 8) {
		memset(map + from / 8, set ? 0xff : 0, (size_t)((end - from) / 8));
		from += (end - from) / 8 * 8;
	}
	for (; from < end; from++)
		set ? ffs_bit_set(map, (uint64_t)from) : ffs_bit_clear(map, (uint64_t)from);
}

uint32_t
ffs_layout_maps(const struct ffs_layout *l, uint32_t c, uint32_t *cursor, uint8_t *freemap, uint8_t *iused)
{
	const struct ffs_super *s = &l->super;
	int64_t base = ffs_cgbase(s, c), end = ffs_cg_frags(s, c);
	uint64_t used = (uint64_t)l->nfiles + FFS_ROOTINO, first = (uint64_t)c * s->ipg, i;
	const struct ffs_piece *p;

	memset(freemap, 0, howmany((size_t)s->fpg, 8));
	memset(iused, 0, howmany((size_t)s->ipg, 8));
	if (c > 0)
		set_bits(freemap, 0, s->sblkno < end ? s->sblkno : end, true);
	set_bits(freemap, ffs_data_start(s, c), end, true);
	for (; *cursor < l->npieces && l->pieces[l->order[*cursor]].addr < base + end; (*cursor)++) {
		p = &l->pieces[l->order[*cursor]];
		set_bits(freemap, p->addr - base, p->addr - base + p->frags, false);
	}
	for (i = first; i < first + s->ipg && i < used; i++)
		ffs_bit_set(iused, i - first);
	used = (uint64_t)l->ndirs + FFS_ROOTINO; /* the directories have the first numbers */
	i = u64_max(first, FFS_ROOTINO);
	return (uint32_t)(used > i ? u64_min(used, first + s->ipg) - i : 0);
}

static void
sum_groups(struct ffs_layout *l)
{
	struct ffs_super *s = &l->super;
	cleanup_free uint8_t *freemap = xmalloc(howmany((size_t)s->fpg, 8));
	cleanup_free uint8_t *iused = xmalloc(howmany((size_t)s->ipg, 8));
	cleanup_free uint8_t *block = xmalloc((size_t)s->cgsize);
	uint32_t c, cursor = 0;

	free(l->csums);
	l->csums = xcalloc(s->ncg, sizeof(*l->csums));
	for (c = 0; c < s->ncg; c++) {
		struct ffs_cg cg = { .cgx = c };

		cg.cs.ndir = ffs_layout_maps(l, c, &cursor, freemap, iused);
		ffs_cg_build(s, &cg, freemap, iused, block);
		l->csums[c] = cg.cs;
		s->cstotal.ndir += cg.cs.ndir;
		s->cstotal.nbfree += cg.cs.nbfree;
		s->cstotal.nifree += cg.cs.nifree;
		s->cstotal.nffree += cg.cs.nffree;
	}
	if (s->ver == 1)
		s->old_cstotal = s->cstotal;
}

struct address {
	int64_t addr;
	uint32_t piece;
};

static int
by_address(const void *a, const void *b)
{
	int64_t x = ((const struct address *)a)->addr, y = ((const struct address *)b)->addr;

	return (x > y) - (x < y);
}

/* Pieces by address: whole blocks come in order already, tails do not. */
static void
sort_pieces(struct ffs_layout *l)
{
	struct address *keys = xcalloc(l->npieces, sizeof(*keys));
	uint32_t i;

	for (i = 0; i < l->npieces; i++)
		keys[i] = (struct address){ .addr = l->pieces[i].addr, .piece = i };
	qsort(keys, l->npieces, sizeof(*keys), by_address);
	l->order = xcalloc(l->npieces, sizeof(*l->order));
	for (i = 0; i < l->npieces; i++)
		l->order[i] = keys[i].piece;
	free(keys);
}

static void
finish(struct ffs_layout *l)
{
	struct ffs_super *s = &l->super;

	sort_pieces(l);
	if (l->log_frags > 0) {
		s->journal_version = FFS_JOURNAL_VERSION;
		s->journal_location = FFS_JOURNAL_INSIDE;
		s->journal[FFS_JOURNAL_ADDR] = (uint64_t)ffs_log_addr(l) << s->fsbtodb;
		s->journal[FFS_JOURNAL_COUNT] = (uint64_t)l->log_frags << s->fsbtodb;
		s->journal[FFS_JOURNAL_BLKSZ] = SECTOR;
		s->journal[FFS_JOURNAL_INO] = l->nfiles - 1 + FFS_ROOTINO;
	}
	s->time = l->tree->epoch;
	if (s->ver == 1)
		s->old_time = (int32_t)(s->time > INT32_MAX ? INT32_MAX : s->time);
	s->id[0] = (int32_t)s->time;
	s->id[1] = (int32_t)(l->options.id & INT32_MAX);
	if (l->options.volname != NULL)
		(void)snprintf(s->volname, sizeof(s->volname), "%.*s", FFS_VOLNAME_MAX - 1, l->options.volname);
	if (l->options.like != NULL) {
		memcpy(s->id, l->options.like->id, sizeof(s->id));
		memcpy(s->volname, l->options.like->volname, sizeof(s->volname));
	}
	sum_groups(l);
}

static int
check_options(const struct fs_options *o, struct err *err)
{
	uint32_t fsize = o->fsize != 0 ? o->fsize : o->bsize / FFS_FRAG_MAX;

	if (o->version != 1 && o->version != 2)
		return err_usage(err, "there is no FFS version %u: 1 or 2", o->version);
	if (o->fsize != 0 && o->bsize == 0)
		return err_usage(err, "a fragment size needs a block size beside it");
	if (o->log_bytes != 0 && o->log_bytes != FS_LOG_AUTO &&
	    (o->log_bytes < FFS_LOG_MIN || o->log_bytes > FFS_LOG_MAX))
		return err_usage(err, "bad journal size %" PRIu64 ": from %" PRIu64 "K to %" PRIu64 "M", o->log_bytes,
		    FFS_LOG_MIN >> 10, FFS_LOG_MAX >> 20);
	if (o->bsize == 0)
		return 0;
	if (!powerof2(o->bsize) || o->bsize < FFS_BSIZE_MIN || o->bsize > FFS_BSIZE_MAX)
		return err_usage(err, "bad block size %" PRIu32 ": a power of two from %d to %d", o->bsize,
		    FFS_BSIZE_MIN, FFS_BSIZE_MAX);
	if (!powerof2(fsize) || fsize < 512 || fsize > o->bsize || o->bsize / fsize > FFS_FRAG_MAX)
		return err_usage(
		    err, "bad fragment size %" PRIu32 ": a power of two, a block's eighth to a whole one", fsize);
	return 0;
}

static struct ffs_layout *
prepare(struct tree *tree, const struct fs_options *o, struct err *err)
{
	struct ffs_layout *l;

	if (check_options(o, err) < 0)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->tree = tree;
	l->options = *o;
	if (list_files(l, err) == 0)
		return l;
	ffs_layout_free(l);
	return NULL;
}

static int
check_file_sizes(const struct ffs_layout *l, struct err *err)
{
	char path[256];
	uint32_t i;

	for (i = 0; i < l->nfiles; i++)
		if (l->files[i].bytes > l->super.maxfilesize && l->files[i].node != NULL)
			return err_set(err, "%s: %" PRIu64 " bytes are more than a file can have (%" PRIu64 ")",
			    tree_path(l->files[i].node, path, sizeof(path)), l->files[i].bytes, l->super.maxfilesize);
	return 0;
}

struct ffs_layout *
ffs_layout_new(struct tree *tree, const struct fs_options *o, struct err *err)
{
	struct ffs_layout *l = prepare(tree, o, err);
	uint64_t bytes = o->bytes;

	if (l == NULL)
		return NULL;
	if (bytes == FS_BYTES_AUTO && smallest(l, &bytes, err) < 0)
		goto fail;
	if (bytes > BYTES_MAX) {
		err_set(err, "a file system of more than %" PRIu64 " TB is not possible", BYTES_MAX >> 40);
		goto fail;
	}
	if (!try_size(l, bytes)) {
		err_set(err, "the files%s do not fit into %" PRIu64 " bytes of FFSv%u",
		    o->log_bytes != 0 ? " and the journal" : "", bytes, o->version);
		goto fail;
	}
	if (check_file_sizes(l, err) < 0)
		goto fail;
	l->options.bytes = bytes;
	finish(l);
	return l;
fail:
	ffs_layout_free(l);
	return NULL;
}

int
ffs_bytes_needed(struct tree *tree, const struct fs_options *o, uint64_t *bytes, struct err *err)
{
	struct ffs_layout *l = prepare(tree, o, err);
	int rv;

	if (l == NULL)
		return -1;
	rv = smallest(l, bytes, err);
	ffs_layout_free(l);
	return rv;
}

void
ffs_layout_free(struct ffs_layout *l)
{
	if (l == NULL)
		return;
	free(l->files);
	free(l->pieces);
	free(l->order);
	free(l->csums);
	free(l);
}

const struct ffs_super *
ffs_layout_super(const struct ffs_layout *l)
{
	return &l->super;
}

uint64_t
ffs_layout_bytes(const struct ffs_layout *l)
{
	return l->options.bytes;
}
