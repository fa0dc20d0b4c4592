/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record of owners and devices: a table by the files' numbers, and the
 * loop of the first process (sandbox.h).  Each file in the table is held by an
 * O_PATH descriptor, so that no other file gets its number while the table
 * lives; what is root's and no device is not in it.
 *
 * seccomp_unotify(2).  A call that does not concern the table goes on as if
 * nobody had looked (FLAG_CONTINUE): what it may do the kernel decides.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/io.h"
#include "host/owners_linux.h"

/* Descriptors of the table are above these, which programs ask about by /proc/self/fd. */
#define PINS_FROM 64

static struct sandbox_owner *
slot(struct owner_entry *entries, size_t n, uint64_t ino, struct owner_entry **entry)
{
	size_t i = (size_t)(ino * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (n - 1);

	while (entries[i].used && entries[i].owner.ino != ino)
		i = (i + 1) & (n - 1);
	*entry = &entries[i];
	return &entries[i].owner;
}

struct sandbox_owner *
owners_find(struct owners *o, const struct owner_file *f)
{
	struct owner_entry *e;

	if (o->n == 0 || f->mount != o->mount)
		return NULL;
	(void)slot(o->entries, o->nslots, f->ino, &e);
	return e->used ? &e->owner : NULL;
}

static void
grow(struct owners *o)
{
	size_t n = o->nslots == 0 ? 256 : o->nslots * 2, i;
	struct owner_entry *entries = xcalloc(n, sizeof(*entries)), *e;

	for (i = 0; i < o->nslots; i++) {
		if (!o->entries[i].used)
			continue;
		(void)slot(entries, n, o->entries[i].owner.ino, &e);
		*e = o->entries[i];
	}
	free(o->entries);
	o->entries = entries;
	o->nslots = n;
}

struct sandbox_owner *
owners_add(struct owners *o, const struct owner_file *f, int fd)
{
	struct sandbox_owner *owner = owners_find(o, f);
	struct owner_entry *e;

	if (owner != NULL)
		return owner;
	if (fcntl(fd, F_DUPFD_CLOEXEC, PINS_FROM) < 0)
		return NULL;
	if (o->n * 2 >= o->nslots)
		grow(o);
	owner = slot(o->entries, o->nslots, f->ino, &e);
	*e = (struct owner_entry){ .used = true, .owner = { .ino = f->ino } };
	o->n++;
	return owner;
}

/* --- what is there before --- */

/* One "UID GID TYPE RDEV PATH". */
static int
add_line(struct owners *o, const char *line)
{
	struct sandbox_owner given = { 0 }, *owner;
	struct owner_file f;
	int at = 0, fd, rv = -1;

	if (sscanf(line, "%u %u %u %u %n", &given.uid, &given.gid, &given.type, &given.rdev, &at) != 4 || at == 0)
		return -1;
	fd = open(line + at, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && owner_file(fd, "", AT_EMPTY_PATH, &f) == 0 && (owner = owners_add(o, &f, fd)) != NULL) {
		given.ino = f.ino;
		*owner = given;
		rv = 0;
	}
	if (fd >= 0)
		(void)close(fd);
	return rv;
}

static int
read_record(struct owners *o)
{
	off_t size = lseek(o->fd, 0, SEEK_END), at;
	char *text;
	int rv = 0;

	if (size < 0)
		return -1;
	text = xmalloc((size_t)size + 1);
	text[size] = '\0';
	if (pread_full(o->fd, text, (size_t)size, 0) < 0)
		rv = -1;
	for (at = 0; at < size && rv == 0; at += (off_t)strlen(text + at) + 1)
		rv = add_line(o, text + at);
	free(text);
	return rv;
}

/* A descriptor for each file whose owner is recorded. */
static void
raise_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

struct owners *
owners_new(const struct sandbox_view *v)
{
	struct owners *o = xcalloc(1, sizeof(*o));
	struct owner_file f;

	raise_limit();
	o->fd = v->owners;
	if (owner_file(AT_FDCWD, ".", 0, &f) < 0)
		return NULL;
	o->mount = f.mount;
	return read_record(o) < 0 ? NULL : o;
}

/* --- while the program runs --- */

/* True when the program itself has ended. */
static bool
reap_children(pid_t program, int *status)
{
	bool ended = false;
	int s;
	pid_t pid;

	while ((pid = waitpid(-1, &s, WNOHANG)) > 0)
		if (pid == program) {
			*status = s;
			ended = true;
		}
	return ended;
}

/* What the program left running must not change what is read from now on. */
static int
finish(struct owners *o)
{
	size_t i;

	(void)kill(-1, SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		continue;
	if (ftruncate(o->fd, 0) < 0 || lseek(o->fd, 0, SEEK_SET) < 0)
		return -1;
	for (i = 0; i < o->nslots; i++)
		if (o->entries[i].used && write_full(o->fd, &o->entries[i].owner, sizeof(o->entries[i].owner)) < 0)
			return -1;
	return 0;
}

int
owners_serve(struct owners *o, int listener, pid_t program)
{
	struct pollfd fds[2] = { { .fd = -1, .events = POLLIN }, { .fd = listener, .events = POLLIN } };
	struct signalfd_siginfo info;
	int status = 0;
	sigset_t child;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL);
	fds[0].fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fds[0].fd < 0)
		return -1;
	/* Those that ended before the signals were looked for. */
	while (!reap_children(program, &status)) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return -1;
		if ((fds[1].revents & POLLIN) != 0)
			owners_answer(o, listener);
		else if (fds[1].revents != 0)
			fds[1].fd = -1; /* nobody is left who is filtered */
		while (read(fds[0].fd, &info, sizeof(info)) > 0)
			continue;
	}
	if (finish(o) < 0)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
