/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's version, by "--version", whose first line is
 *
 *	QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)
 *
 * The answer is kept in CACHE/version.PROGRAM behind what tells the file that
 * gave it (path, device, inode, mtime, size); a cache that is damaged or cannot
 * be written costs the question, no more.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "backend/qemu_impl.h"
#include "base/clock.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/spawn.h"
#include "source/source.h"

#define LINE_BEGIN "QEMU emulator version "
#define ANSWER_MAX 1024 /* bytes of its output are looked at */
#define ANSWER_NS UINT64_C(10000000000) /* it may take */
#define CACHED_MAX 8192

static bool
number(const char **s, unsigned *v)
{
	const char *start = *s;

	for (*v = 0; **s >= '0' && **s <= '9' && *v < 100; (*s)++)
		*v = *v * 10 + (unsigned)(**s - '0');
	return *s != start && *v < 100;
}

unsigned
qemu_version_parse(const char *text)
{
	const char *s = strstr(text, LINE_BEGIN);
	unsigned first, second, micro = 0;

	if (s == NULL)
		return 0;
	s += strlen(LINE_BEGIN);
	if (!number(&s, &first) || *s++ != '.' || !number(&s, &second))
		return 0;
	if (*s == '.') {
		s++;
		if (!number(&s, &micro))
			return 0;
	}
	return BACKEND_VERSION(first, second) + micro;
}

/* What fd gives until its end, the deadline or the buffer's; NUL-terminated. */
static void
read_answer(int fd, char *buf, size_t size)
{
	uint64_t now = clock_now_ns(), end = now + ANSWER_NS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n;

	for (; len < size - 1 && now < end; now = clock_now_ns()) {
		if (poll(&p, 1, (int)((end - now) / 1000000) + 1) <= 0)
			continue;
		n = read(fd, buf + len, size - 1 - len);
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	buf[len] = '\0';
}

static unsigned
ask(const char *path)
{
	const char *const argv[] = { path, "--version", NULL };
	char answer[ANSWER_MAX] = "";
	struct err ignored;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return 0;
	pid = spawn_start(
	    &(struct spawn){ .argv = argv, .in = -1, .out = fds[1], .err = -1, .die_with_parent = true }, &ignored);
	(void)close(fds[1]);
	if (pid >= 0) {
		read_answer(fds[0], answer, sizeof(answer));
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	(void)close(fds[0]);
	return qemu_version_parse(answer);
}

/* The lines before the version in the cache; NULL for a script, which may start anything. */
static char *
identity(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct str s = { 0 };
	struct stat st;
	char magic[2];

	if (fd < 0 || fstat(fd, &st) < 0 || pread_full(fd, magic, sizeof(magic), 0) < 0 ||
	    memcmp(magic, "#!", sizeof(magic)) == 0)
		return NULL;
	str_addf(&s, "%s\n%ju %ju %jd.%09ld %jd\n", path, (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
	    (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (intmax_t)st.st_size);
	return s.p;
}

static char *
cache_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str s = { 0 };
	struct err ignored;
	cleanup_free char *dir = cache_dir(&ignored);

	if (dir == NULL)
		return NULL;
	str_addf(&s, "%s/version.%s", dir, slash == NULL ? path : slash + 1);
	return s.p;
}

/* 0: not there, or of another file. */
static unsigned
remembered(const char *file, const char *id)
{
	struct err ignored;
	cleanup_free char *text = file_read(file, CACHED_MAX, NULL, &ignored);

	return text != NULL && str_starts(text, id) ? qemu_version_parse(text + strlen(id)) : 0;
}

static void
remember(const char *file, const char *id, unsigned version)
{
	struct str s = { 0 };
	struct err ignored;

	str_addf(&s, "%s" LINE_BEGIN "%u.%u.%u\n", id, version / 10000, version / 100 % 100, version % 100);
	(void)file_write(file, s.p, s.len, &ignored);
	str_release(&s);
}

unsigned
qemu_version(const char *path)
{
	cleanup_free char *id = identity(path), *file = id == NULL ? NULL : cache_file(path);
	unsigned version = file == NULL ? 0 : remembered(file, id);

	if (version != 0)
		return version;
	version = ask(path);
	if (version != 0 && file != NULL)
		remember(file, id, version);
	return version;
}
