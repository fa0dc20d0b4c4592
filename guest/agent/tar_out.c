/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file or a tree as tar on standard output.  What changes meanwhile is sent
 * with the size that it had at first.  Each hard link is a file; sockets are left out.
 */
#include "tar.h"

#define DEPTH 100
#define PAX_MAX (2 * PATH_MAX + 256)

static char path[PATH_MAX]; /* where the walk is */
static size_t name_at; /* from where on it is the archive's */
static struct tar_head head;
static char link[PATH_MAX], records[PAX_MAX];
static uint8_t buf[65536];

static void
put(const void *data, size_t n)
{
	const uint8_t *p = data;
	long r;

	while (n > 0) {
		r = sys_write(1, p, n);
		if (r < 0)
			process_fail(1, "cannot send", path, r);
		p += r;
		n -= (size_t)r;
	}
}

/* Zeros up to a whole block. */
static void
put_padding(uint64_t size)
{
	static const uint8_t zeros[TAR_BLOCK];

	put(zeros, (size_t)(-size & (TAR_BLOCK - 1)));
}

/* n - 1 octal digits and a NUL; false: it is more. */
static bool
octal(char *to, size_t n, uint64_t v)
{
	to[--n] = '\0';
	while (n > 0) {
		to[--n] = (char)('0' + (v & 7));
		v >>= 3;
	}
	return v == 0;
}

static void
head_finish(char type)
{
	memcpy(head.magic, "ustar", 6);
	memcpy(head.version, "00", 2);
	head.type = type;
	(void)octal(head.check, 7, tar_sum(&head));
	head.check[7] = ' ';
	put(&head, sizeof(head));
}

/* --- pax records --- */

static size_t
decimal_len(size_t v)
{
	size_t n = 1;

	while (v >= 10) {
		v /= 10;
		n++;
	}
	return n;
}

static void
record(const char *key, const char *value)
{
	size_t len = text_len(key) + text_len(value) + 3, total = len + decimal_len(len);

	/* The number counts itself. */
	total = len + decimal_len(total);
	(void)text_add_number(records, sizeof(records), (uint32_t)total);
	(void)text_add(records, sizeof(records), " ");
	(void)text_add(records, sizeof(records), key);
	(void)text_add(records, sizeof(records), "=");
	(void)text_add(records, sizeof(records), value);
	(void)text_add(records, sizeof(records), "\n");
}

/* Decimal without 64-bit division, which i386 has no instruction for: subtracts powers of ten. */
static void
record_number(const char *key, uint64_t v)
{
	char text[24];
	uint64_t power;
	size_t n = 0, i;
	static const uint64_t tenth[] = { UINT64_C(10000000000000000000), UINT64_C(1000000000000000000),
		UINT64_C(100000000000000000), UINT64_C(10000000000000000), UINT64_C(1000000000000000),
		UINT64_C(100000000000000), UINT64_C(10000000000000), UINT64_C(1000000000000), UINT64_C(100000000000),
		UINT64_C(10000000000), 1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1 };

	for (i = 0; i < nitems(tenth); i++) {
		char digit = '0';

		power = tenth[i];
		while (v >= power) {
			v -= power;
			digit++;
		}
		if (digit != '0' || n > 0 || power == 1)
			text[n++] = digit;
	}
	text[n] = '\0';
	record(key, text);
}

static void
put_records(void)
{
	struct tar_head kept = head;
	size_t len = text_len(records);

	if (len == 0)
		return;
	memset(&head, 0, sizeof(head));
	(void)text_copy(head.name, sizeof(head.name), "pax");
	(void)octal(head.mode, sizeof(head.mode), 0644);
	(void)octal(head.uid, sizeof(head.uid), 0);
	(void)octal(head.gid, sizeof(head.gid), 0);
	(void)octal(head.size, sizeof(head.size), len);
	(void)octal(head.mtime, sizeof(head.mtime), 0);
	head_finish('x');
	put(records, len);
	put_padding(len);
	head = kept;
}

/* --- heads --- */

static void
head_name(const char *name, bool dir)
{
	static char to[PATH_MAX + 1];

	(void)text_copy(to, sizeof(to), name);
	if (dir)
		(void)text_add(to, sizeof(to), "/");
	if (text_len(to) <= sizeof(head.name)) {
		memcpy(head.name, to, text_len(to));
	} else {
		memcpy(head.name, to, sizeof(head.name));
		record("path", to);
	}
}

static void
put_head(const struct file_stat *st, char type, const char *name)
{
	uint32_t major, minor;
	uint64_t size = type == '0' ? st->size : 0;
	int64_t mtime = st->mtime < 0 ? 0 : st->mtime;

	memset(&head, 0, sizeof(head));
	memset(records, 0, sizeof(records));
	head_name(name, type == '5');
	(void)octal(head.mode, sizeof(head.mode), st->mode & 07777);
	if (!octal(head.uid, sizeof(head.uid), st->uid))
		record_number("uid", st->uid);
	if (!octal(head.gid, sizeof(head.gid), st->gid))
		record_number("gid", st->gid);
	if (!octal(head.size, sizeof(head.size), size))
		record_number("size", size);
	if (!octal(head.mtime, sizeof(head.mtime), (uint64_t)mtime))
		record_number("mtime", (uint64_t)mtime);
	if (type == '3' || type == '4') {
		sys_device_numbers(st->rdev, &major, &minor);
		(void)octal(head.major, sizeof(head.major), major);
		(void)octal(head.minor, sizeof(head.minor), minor);
	}
	if (type == '2' && text_len(link) > sizeof(head.link))
		record("linkpath", link);
	if (type == '2')
		memcpy(head.link, link, text_len(link) < sizeof(head.link) ? text_len(link) : sizeof(head.link));
	put_records();
	head_finish(type);
}

/* --- the walk --- */

static void
put_file(const struct file_stat *st, const char *name)
{
	long fd = sys_open(path, O_RDONLY | O_NOFOLLOW, 0), n = 1;
	uint64_t left = st->size;
	size_t part;

	if (fd < 0)
		process_fail(1, "cannot read", path, fd);
	put_head(st, '0', name);
	while (left > 0) {
		part = left < sizeof(buf) ? (size_t)left : sizeof(buf);
		if (n > 0)
			n = sys_read((int)fd, buf, part);
		if (n < 0)
			process_fail(1, "cannot read", path, n);
		if (n == 0)
			memset(buf, 0, part);
		else
			part = (size_t)n;
		put(buf, part);
		left -= part;
	}
	put_padding(st->size);
	sys_close((int)fd);
}

static void walk(unsigned depth);

static void
walk_dir(unsigned depth)
{
	uint8_t entries[2048];
	size_t at, end = text_len(path);
	const char *e;
	long fd = sys_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0), n;

	if (fd < 0)
		process_fail(1, "cannot read", path, fd);
	if (depth == DEPTH)
		process_fail(1, "directories too deep", path, 0);
	while ((n = sys_entries((int)fd, entries, sizeof(entries))) > 0) {
		for (at = 0; (e = sys_entry(entries, (size_t)n, &at)) != NULL;) {
			if (text_same(e, ".") || text_same(e, ".."))
				continue;
			if (path[end - 1] != '/')
				(void)text_add(path, sizeof(path), "/");
			if (!text_add(path, sizeof(path), e))
				process_fail(1, "name too long", path, 0);
			walk(depth + 1);
			path[end] = '\0';
		}
	}
	if (n < 0)
		process_fail(1, "cannot read", path, n);
	sys_close((int)fd);
}

/* path, and what is below it. */
static void
walk(unsigned depth)
{
	struct file_stat st;
	const char *name = path + name_at;
	long r = sys_lstat(path, &st);

	if (r < 0)
		process_fail(1, "no such file", path, r);
	switch (S_KIND(st.mode)) {
	case S_DIR:
		put_head(&st, '5', name[0] == '\0' ? "." : name);
		walk_dir(depth);
		break;
	case S_REG:
		put_file(&st, name);
		break;
	case S_LINK:
		r = sys_readlink(path, link, sizeof(link) - 1);
		if (r < 0)
			process_fail(1, "cannot read", path, r);
		link[r] = '\0';
		put_head(&st, '2', name);
		break;
	case S_CHAR:
		put_head(&st, '3', name);
		break;
	case S_BLOCK:
		put_head(&st, '4', name);
		break;
	case S_FIFO:
		put_head(&st, '6', name);
		break;
	}
}

/* "a/b" is sent as "b", "a/b/." as ".", "/" as ".". */
void
tar_out(const char *what)
{
	static const uint8_t zeros[2 * TAR_BLOCK];
	size_t n;

	if (!text_copy(path, sizeof(path), what))
		process_fail(1, "name too long", what, 0);
	n = text_len(path);
	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	for (name_at = n; name_at > 0 && path[name_at - 1] != '/'; name_at--)
		;
	walk(0);
	put(zeros, sizeof(zeros));
	sys_exit(0);
}
