/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a regular file of the tree, from memory, from an open source or
 * from a host file that is opened for it and must not have changed.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/defs.h"
#include "base/io.h"
#include "tree/tree.h"

int64_t
tree_stat_mtime(const struct stat *st)
{
#ifdef __APPLE__
	return (int64_t)st->st_mtimespec.tv_sec * 1000000000 + st->st_mtimespec.tv_nsec;
#else
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
#endif
}

/* The first extent that ends after offset. */
static uint32_t
first_extent(const struct tree_content *c, uint64_t offset)
{
	uint32_t low = 0, high = c->nextents, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (c->extents[mid].offset + c->extents[mid].bytes <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int
read_extents(const struct tree_content *c, int fd, char *buf, size_t len, uint64_t offset, struct err *err)
{
	const struct tree_extent *x = c->extents + first_extent(c, offset), *end = c->extents + c->nextents;
	uint64_t from, to;

	memset(buf, 0, len);
	for (; x < end && x->offset < offset + len; x++) {
		from = u64_max(x->offset, offset);
		to = u64_min(x->offset + x->bytes, offset + len);
		if (pread_full(fd, buf + (from - offset), (size_t)(to - from), x->source_offset + (from - x->offset)) <
		    0)
			return err_sys(err, "cannot read '%s'", c->source->path);
	}
	return 0;
}

int
tree_pread(const struct tree_inode *inode, void *buf, size_t len, uint64_t offset, struct err *err)
{
	const struct tree_attr *a = &inode->attr;
	const struct tree_content *c = &a->content;
	int fd, rv;

	if ((a->mode & TREE_IFMT) != TREE_IFREG)
		return err_set(err, "it is not a regular file");
	if (offset > a->size || len > a->size - offset)
		return err_set(err, "it has only %llu bytes", (unsigned long long)a->size);
	if (len == 0)
		return 0;
	if (c->source == NULL) {
		if (c->mem != NULL)
			memcpy(buf, (const char *)c->mem + offset, len);
		else
			memset(buf, 0, len);
		return 0;
	}
	fd = tree_source_open(c->source, err);
	if (fd < 0)
		return -1;
	rv = read_extents(c, fd, buf, len, offset, err);
	tree_source_close(c->source, fd);
	return rv;
}

void *
tree_read(const struct tree_node *n, size_t max, size_t *len, struct err *err)
{
	uint64_t size = n->inode->attr.size;
	char path[TREE_LINK_MAX + 1], *buf;

	(void)tree_path(n, path, sizeof(path));
	if (!tree_is(n, TREE_IFREG)) {
		err_set(err, "'%s' is not a regular file", path);
		return NULL;
	}
	if (size > max) {
		err_set(err, "'%s' is larger than %zu bytes", path, max);
		return NULL;
	}
	buf = xmalloc((size_t)size + 1);
	if (tree_pread(n->inode, buf, (size_t)size, 0, err) < 0) {
		free(buf);
		return NULL;
	}
	buf[size] = '\0';
	if (len != NULL)
		*len = (size_t)size;
	return buf;
}
