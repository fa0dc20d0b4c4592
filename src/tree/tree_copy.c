/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a file into a stream: its extents from their source, zeros for
 * what lies between them.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/stream.h"
#include "tree/tree.h"

int
tree_source_open(const struct tree_source *s, struct err *err)
{
	struct stat st;
	int fd;

	if (s->fd >= 0)
		return s->fd;
	fd = open(s->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		(void)err_sys(err, "cannot open '%s'", s->path);
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size == s->size && tree_stat_mtime(&st) == s->mtime_ns)
		return fd;
	(void)close(fd);
	return err_set(err, "'%s' changed while it was read: try again", s->path);
}

void
tree_source_close(const struct tree_source *s, int fd)
{
	if (s->fd < 0)
		(void)close(fd);
}

static int
copy_extents(const struct tree_content *c, int fd, uint64_t offset, uint64_t len, struct stream *out)
{
	uint64_t end = offset + len, at = offset, from, to;
	uint32_t i;

	for (i = 0; i < c->nextents && at < end; i++) {
		const struct tree_extent *e = &c->extents[i];

		from = u64_max(e->offset, at);
		to = u64_min(e->offset + e->bytes, end);
		if (from >= to)
			continue;
		(void)stream_zero(out, from - at);
		if (stream_copy(out, fd, e->source_offset + (from - e->offset), to - from, c->source->path) < 0)
			return -1;
		at = to;
	}
	return stream_zero(out, end - at);
}

int
tree_copy(const struct tree_inode *inode, uint64_t offset, uint64_t len, struct stream *out)
{
	const struct tree_content *c = &inode->attr.content;
	struct err err = { 0 };
	int fd, rv;

	if (c->source == NULL)
		return c->mem == NULL ? stream_zero(out, len) : stream_write(out, (const char *)c->mem + offset, len);
	fd = tree_source_open(c->source, &err);
	if (fd < 0)
		return stream_fail(out, &err);
	rv = copy_extents(c, fd, offset, len, out);
	tree_source_close(c->source, fd);
	return rv;
}
