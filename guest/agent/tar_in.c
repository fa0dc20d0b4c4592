/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacks standard input into a directory.  Modes and dates of directories are
 * set when the archive has left them: dirs holds those on the way to where it
 * is.  Blocks of zeros become holes.
 */
#include "tar.h"

#define DEPTH 64
#define HOLE 4096

static struct {
	char path[PATH_MAX], link[PATH_MAX]; /* empty: as the head says */
	uint64_t size;
	int64_t mtime;
	uint64_t uid, gid;
	bool has_size, has_mtime, has_uid, has_gid;
} pax;

static struct {
	char path[PATH_MAX], link[PATH_MAX];
	char type;
	uint32_t mode, uid, gid;
	uint64_t size, dev;
	int64_t mtime;
} entry;

static struct {
	char path[PATH_MAX];
	uint32_t mode;
	int64_t mtime;
} dirs[DEPTH];

static unsigned ndirs;
static bool owners;
static uint8_t buf[65536];

static _Noreturn void
fail(const char *what, long error)
{
	process_fail(1, what, entry.path[0] != '\0' ? entry.path : NULL, error);
}

uint32_t
tar_sum(const struct tar_head *h)
{
	const uint8_t *p = (const uint8_t *)h;
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < TAR_BLOCK; i++)
		sum += i >= offsetof(struct tar_head, check) && i < offsetof(struct tar_head, type) ? ' ' : p[i];
	return sum;
}

/* All of it, or less at the end. */
static size_t
read_full(void *to, size_t n)
{
	size_t got = 0;
	long r;

	while (got < n) {
		r = sys_read(0, (uint8_t *)to + got, n - got);
		if (r < 0)
			fail("cannot read the archive", r);
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return got;
}

static void
read_exactly(void *to, size_t n)
{
	if (read_full(to, n) != n)
		fail("the archive is cut short", 0);
}

/* Octal with blanks or NULs around, or (GNU) binary where the first bit is set. */
static uint64_t
number(const char *p, size_t n)
{
	uint64_t v = 0;
	size_t i = 0;

	if ((uint8_t)p[0] & 0x80) {
		for (i = n > 8 ? n - 8 : 1; i < n; i++)
			v = v << 8 | (uint8_t)p[i];
		return v;
	}
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(p[i] - '0');
	return v;
}

static void
field(char *to, size_t size, const char *from, size_t n)
{
	size_t i;

	for (i = 0; i < n && i < size - 1 && from[i] != '\0'; i++)
		to[i] = from[i];
	to[i] = '\0';
}

/* --- extended headers --- */

static void
pax_record(const char *key, char *value)
{
	char *point = text_find(value, '.');
	uint64_t v;

	if (text_same(key, "path")) {
		if (!text_copy(pax.path, sizeof(pax.path), value))
			fail("name too long", 0);
		return;
	}
	if (text_same(key, "linkpath")) {
		if (!text_copy(pax.link, sizeof(pax.link), value))
			fail("name too long", 0);
		return;
	}
	if (point != NULL)
		*point = '\0';
	if (!text_number(value, UINT64_MAX, &v))
		return;
	if (text_same(key, "size")) {
		pax.size = v;
		pax.has_size = true;
	} else if (text_same(key, "mtime")) {
		pax.mtime = (int64_t)v;
		pax.has_mtime = true;
	} else if (text_same(key, "uid")) {
		pax.uid = v;
		pax.has_uid = true;
	} else if (text_same(key, "gid")) {
		pax.gid = v;
		pax.has_gid = true;
	}
}

/* "LENGTH KEY=VALUE\n"... in the first n bytes of buf, which a NUL follows. */
static void
pax_records(size_t n)
{
	char *p = (char *)buf, *end = p + n, *key, *value;
	size_t len;

	while (p < end) {
		for (len = 0, key = p; *key >= '0' && *key <= '9' && len < sizeof(buf); key++)
			len = len * 10 + (size_t)(*key - '0');
		if (*key != ' ' || len < 5 || len > (size_t)(end - p) || p[len - 1] != '\n')
			fail("bad pax header", 0);
		p[len - 1] = '\0';
		key++;
		value = text_find(key, '=');
		if (value != NULL) {
			*value = '\0';
			pax_record(key, value + 1);
		}
		p += len;
	}
}

static size_t
padded(uint64_t n)
{
	return (size_t)((n + TAR_BLOCK - 1) & ~(uint64_t)(TAR_BLOCK - 1));
}

/* True: the head was one that says something about the next. */
static bool
extension(const struct tar_head *h)
{
	uint64_t n = number(h->size, sizeof(h->size));

	if (h->type != 'x' && h->type != 'g' && h->type != 'L' && h->type != 'K')
		return false;
	if (n > sizeof(buf) - TAR_BLOCK)
		fail("the archive has a header that is too long", 0);
	read_exactly(buf, padded(n));
	buf[n] = '\0';
	if (h->type == 'x')
		pax_records((size_t)n);
	else if (h->type == 'L')
		(void)text_copy(pax.path, sizeof(pax.path), (char *)buf);
	else if (h->type == 'K')
		(void)text_copy(pax.link, sizeof(pax.link), (char *)buf);
	return true;
}

/* --- one entry --- */

/* No way out of the directory. */
static void
check_path(char *path)
{
	char *p = path, *to = path;

	while (*p == '/')
		p++;
	while (*p != '\0')
		*to++ = *p++;
	*to = '\0';
	while (to > path && to[-1] == '/')
		*--to = '\0';
	for (p = path; *p != '\0'; p++) {
		if ((p == path || p[-1] == '/') && p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == '\0'))
			fail("the archive has a name with '..'", 0);
	}
}

static void
head_read(const struct tar_head *h)
{
	char *p = entry.path;

	entry.type = h->type;
	p[0] = '\0';
	if (text_starts(h->magic, "ustar") && h->magic[5] == '\0' && h->prefix[0] != '\0') {
		field(p, sizeof(entry.path), h->prefix, sizeof(h->prefix));
		(void)text_add(p, sizeof(entry.path), "/");
	}
	field(p + text_len(p), 101, h->name, sizeof(h->name));
	field(entry.link, sizeof(entry.link), h->link, sizeof(h->link));
	if (pax.path[0] != '\0')
		(void)text_copy(p, sizeof(entry.path), pax.path);
	if (pax.link[0] != '\0')
		(void)text_copy(entry.link, sizeof(entry.link), pax.link);
	if (p[0] != '\0' && p[text_len(p) - 1] == '/' && (h->type == '0' || h->type == '\0'))
		entry.type = '5';
	check_path(p);
	entry.mode = (uint32_t)number(h->mode, sizeof(h->mode)) & 07777;
	entry.uid = (uint32_t)(pax.has_uid ? pax.uid : number(h->uid, sizeof(h->uid)));
	entry.gid = (uint32_t)(pax.has_gid ? pax.gid : number(h->gid, sizeof(h->gid)));
	entry.size = pax.has_size ? pax.size : number(h->size, sizeof(h->size));
	entry.mtime = pax.has_mtime ? pax.mtime : (int64_t)number(h->mtime, sizeof(h->mtime));
	entry.dev = sys_device((uint32_t)number(h->major, 8), (uint32_t)number(h->minor, 8));
	memset(&pax, 0, sizeof(pax));
}

/* What is in the way of an entry; a link to a directory is as good as one. */
static void
remove_old(void)
{
	struct file_stat st;

	if (entry.type == '5' && sys_stat(entry.path, &st) >= 0 && S_KIND(st.mode) == S_DIR)
		return;
	if (sys_lstat(entry.path, &st) < 0)
		return;
	if (S_KIND(st.mode) == S_DIR && entry.type != '5')
		(void)sys_rmdir(entry.path);
	else if (S_KIND(st.mode) != S_DIR)
		(void)sys_unlink(entry.path);
}

/* Archives need not have the directories of their files. */
static void
make_parents(void)
{
	char *p;

	for (p = entry.path; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)sys_mkdir(entry.path, 0755);
		*p = '/';
	}
}

static bool
is_zero(const uint8_t *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* At off: zeros are passed over. */
static void
write_part(int fd, const uint8_t *p, size_t n, uint64_t off, uint64_t *at)
{
	long r;

	if (is_zero(p, n))
		return;
	if (*at != off && (r = sys_seek(fd, off)) < 0)
		fail("cannot write", r);
	*at = off + n;
	while (n > 0) {
		r = sys_write(fd, p, n);
		if (r < 0)
			fail("cannot write", r);
		p += r;
		n -= (size_t)r;
	}
}

static void
make_file(void)
{
	long fd = sys_open(entry.path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600), r;
	uint64_t off = 0, at = 0;
	size_t n, i, part;

	if (fd < 0)
		fail("cannot write", fd);
	while (off < entry.size) {
		n = entry.size - off < sizeof(buf) ? (size_t)(entry.size - off) : sizeof(buf);
		read_exactly(buf, padded(n));
		for (i = 0; i < n; i += part) {
			part = n - i < HOLE ? n - i : HOLE;
			write_part((int)fd, buf + i, part, off + i, &at);
		}
		off += n;
	}
	r = sys_truncate((int)fd, entry.size);
	sys_close((int)fd);
	if (r < 0)
		fail("cannot write", r);
}

/* Owner first: chown(2) takes set-user-id away. */
static void
set_attributes(const char *path, uint32_t mode, int64_t mtime)
{
	long r = owners ? sys_lchown(path, entry.uid, entry.gid) : 0;

	if (r < 0)
		fail("cannot give away", r);
	if (entry.type != '2')
		(void)sys_chmod(path, mode);
	(void)sys_set_mtime(path, mtime);
}

static void
leave_dirs(const char *path)
{
	while (ndirs > 0) {
		const char *dir = dirs[ndirs - 1].path;
		size_t n = text_len(dir);

		if (dir[0] == '\0' || (text_starts(path, dir) && path[n] == '/'))
			return;
		ndirs--;
		(void)sys_chmod(dir, dirs[ndirs].mode);
		(void)sys_set_mtime(dir, dirs[ndirs].mtime);
	}
}

static void
make_dir(void)
{
	long r = sys_mkdir(entry.path, 0700);

	if (r < 0 && r != -EEXIST)
		fail("cannot make", r);
	if (owners && (r = sys_lchown(entry.path, entry.uid, entry.gid)) < 0)
		fail("cannot give away", r);
	if (ndirs == DEPTH) {
		(void)sys_chmod(entry.path, entry.mode);
		return;
	}
	(void)text_copy(dirs[ndirs].path, PATH_MAX, entry.path);
	dirs[ndirs].mode = entry.mode;
	dirs[ndirs++].mtime = entry.mtime;
}

static void
make_entry(void)
{
	long r;

	leave_dirs(entry.path);
	/* The directory itself. */
	if (entry.path[0] == '\0' || text_same(entry.path, "."))
		return;
	remove_old();
	make_parents();
	switch (entry.type) {
	case '5':
		make_dir();
		return;
	case '0':
	case '\0':
	case '7':
		make_file();
		r = 0;
		break;
	case '1':
		check_path(entry.link);
		r = sys_link(entry.link, entry.path);
		if (r < 0)
			fail("cannot link", r);
		return;
	case '2':
		r = sys_symlink(entry.link, entry.path);
		break;
	case '3':
	case '4':
		r = sys_mknod(entry.path, (entry.type == '3' ? S_CHAR : S_BLOCK) | 0600, entry.dev);
		break;
	case '6':
		r = sys_mknod(entry.path, S_FIFO | 0600, 0);
		break;
	default:
		fail("the archive has a kind of file that is not known", 0);
	}
	if (r < 0)
		fail("cannot make", r);
	set_attributes(entry.path, entry.mode, entry.mtime);
}

void
tar_in(const char *dir, bool keep_owners)
{
	static struct tar_head h;
	long r = sys_chdir(dir);
	size_t n;

	owners = keep_owners;
	if (r < 0)
		process_fail(1, "cannot enter", dir, r);
	while ((n = read_full(&h, TAR_BLOCK)) == TAR_BLOCK && h.name[0] != '\0') {
		entry.path[0] = '\0';
		if (number(h.check, sizeof(h.check)) != tar_sum(&h))
			fail("not a tar archive", 0);
		if (extension(&h))
			continue;
		head_read(&h);
		make_entry();
	}
	if (n != TAR_BLOCK)
		fail("the archive is cut short", 0);
	leave_dirs("");
	/* The rest of the last block is the writer's to say. */
	while (read_full(buf, sizeof(buf)) > 0)
		;
	sys_exit(0);
}
