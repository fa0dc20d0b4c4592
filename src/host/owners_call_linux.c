/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One call of the program's, answered by the record of owners.
 *
 * Its arguments are copied once.  Paths are resolved in the view that this
 * process shares with the program, from the program's own directories, and
 * never through /proc's magic links, which would be this process's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/defs.h"
#include "host/owners_linux.h"

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000u
#endif
#define PAGE 4096

struct call {
	struct owners *owners;
	int listener;
	const struct seccomp_notif *n;
	int dirfd; /* the program's number */
	int flags; /* AT_ */
	char path[PATH_MAX];
};

/* Positive: errno for the program.  0: done.  CONTINUE: as if nobody had looked. */
#define CONTINUE (-1)

/* --- the program's memory --- */

static bool
still_there(const struct call *c)
{
	return ioctl(c->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &c->n->id) == 0;
}

/* A string, page by page; the empty one for a null pointer. */
static int
copy_path(struct call *c, uint64_t from)
{
	size_t got = 0, want;
	struct iovec here, there;
	ssize_t n;

	c->path[0] = '\0';
	while (from != 0 && got < sizeof(c->path)) {
		want = u64_min(PAGE - (from + got) % PAGE, sizeof(c->path) - got);
		here = (struct iovec){ c->path + got, want };
		there = (struct iovec){ (void *)(uintptr_t)(from + got), want };
		n = process_vm_readv((pid_t)c->n->pid, &here, 1, &there, 1, 0);
		if (n <= 0)
			return EFAULT;
		if (memchr(c->path + got, '\0', (size_t)n) != NULL)
			return still_there(c) ? 0 : ESRCH;
		got += (size_t)n;
	}
	return from == 0 ? 0 : ENAMETOOLONG;
}

static int
copy_out(const struct call *c, uint64_t to, const void *data, size_t len)
{
	struct iovec here = { (void *)(uintptr_t)data, len }, there = { (void *)(uintptr_t)to, len };

	if (!still_there(c))
		return ESRCH;
	return process_vm_writev((pid_t)c->n->pid, &here, 1, &there, 1, 0) == (ssize_t)len ? 0 : EFAULT;
}

/* --- files --- */

int
owner_file(int dirfd, const char *path, int flags, struct owner_file *f)
{
	struct statx st;

	if (syscall(SYS_statx, dirfd, path, flags, STATX_INO | STATX_UID | STATX_GID | STATX_MNT_ID, &st) < 0)
		return -1;
	f->ino = st.stx_ino;
	f->mount = st.stx_mnt_id;
	f->roots = st.stx_uid == 0 && st.stx_gid == 0;
	return 0;
}

/* Where the path begins, in the descriptor or in a name of /proc's. */
static int
open_base(const struct call *c)
{
	char name[64];

	if (c->path[0] == '/')
		return open("/", O_PATH | O_CLOEXEC);
	if (c->dirfd == AT_FDCWD)
		(void)snprintf(name, sizeof(name), "/proc/%u/cwd", c->n->pid);
	else
		(void)snprintf(name, sizeof(name), "/proc/%u/fd/%d", c->n->pid, c->dirfd);
	return open(name, O_PATH | O_CLOEXEC);
}

/* The file that the call is about, O_PATH. */
static int
open_file(const struct call *c)
{
	const struct open_how how = { .flags =
					  O_PATH | O_CLOEXEC | ((c->flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0),
		.resolve = RESOLVE_NO_MAGICLINKS };
	int base = open_base(c), fd;

	if (base < 0 || c->path[0] == '\0') {
		if (base >= 0 && (c->flags & AT_EMPTY_PATH) == 0) {
			(void)close(base);
			errno = ENOENT;
			return -1;
		}
		return base;
	}
	fd = (int)syscall(SYS_openat2, base, c->path, &how, sizeof(how));
	(void)close(base);
	return fd;
}

/* --- chown(2) --- */

static int
change_owner(struct call *c, uint32_t uid, uint32_t gid)
{
	cleanup_close int fd = open_file(c);
	struct owners *o = c->owners;
	struct sandbox_owner *owner;
	struct owner_file f;

	/* The kernel knows what is wrong, or refuses. */
	if (fd < 0 || owner_file(fd, "", AT_EMPTY_PATH, &f) < 0 || f.mount != o->mount)
		return CONTINUE;
	owner = owners_find(o, &f);
	if (owner == NULL && (uid == 0 || uid == UINT32_MAX) && (gid == 0 || gid == UINT32_MAX))
		return 0;
	if (owner == NULL)
		owner = owners_add(o, &f, fd);
	if (owner == NULL)
		return EMFILE;
	if (uid != UINT32_MAX)
		owner->uid = uid;
	if (gid != UINT32_MAX)
		owner->gid = gid;
	return 0;
}

/* --- mknod(2) --- */

static mode_t
umask_of(pid_t pid)
{
	char name[64], line[256];
	unsigned mask = 022;
	FILE *f;

	(void)snprintf(name, sizeof(name), "/proc/%d/status", (int)pid);
	f = fopen(name, "re");
	if (f == NULL)
		return mask;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Umask: %o", &mask) == 1)
			break;
	(void)fclose(f);
	return mask & 0777;
}

/* An empty file that stands for the device. */
static int
make_device(struct call *c, uint32_t mode, uint32_t rdev)
{
	const struct open_how how = { .flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		.mode = 0600,
		.resolve = RESOLVE_NO_MAGICLINKS };
	cleanup_close int base = open_base(c);
	cleanup_close int fd = base < 0 ? -1 : (int)syscall(SYS_openat2, base, c->path, &how, sizeof(how));
	struct sandbox_owner *owner;
	struct owner_file f;

	if (fd < 0)
		return errno;
	if (fchmod(fd, mode & 07777 & ~umask_of((pid_t)c->n->pid)) < 0 || owner_file(fd, "", AT_EMPTY_PATH, &f) < 0)
		return errno;
	/* Not there: a file that was made elsewhere in the view is only that. */
	owner = f.mount != c->owners->mount ? NULL : owners_add(c->owners, &f, fd);
	if (owner == NULL)
		return EPERM;
	owner->type = mode & S_IFMT;
	owner->rdev = rdev;
	return 0;
}

/* --- stat(2) --- */

/*
 * The file, if it must not be shown as it is, and as what: those of others than
 * the user have no owner in the namespace, and are root's too.
 */
static int
find(struct call *c, struct sandbox_owner *as)
{
	const struct sandbox_owner *owner;
	int fd = open_file(c);
	struct owner_file f;

	if (fd < 0)
		return -1;
	if (owner_file(fd, "", AT_EMPTY_PATH, &f) == 0) {
		owner = owners_find(c->owners, &f);
		*as = owner != NULL ? *owner : (struct sandbox_owner){ 0 };
		if (owner != NULL || !f.roots)
			return fd;
	}
	(void)close(fd);
	return -1;
}

static int
show_stat(struct call *c, uint64_t to)
{
	struct sandbox_owner owner;
	cleanup_close int fd = find(c, &owner);
	struct stat st;

	/* On the architectures that sandbox_seccomp() knows, struct stat is the kernel's. */
	if (fd < 0 || fstatat(fd, "", &st, AT_EMPTY_PATH) < 0)
		return CONTINUE;
	st.st_uid = owner.uid;
	st.st_gid = owner.gid;
	if (owner.type != 0) {
		st.st_mode = (st.st_mode & 07777) | owner.type;
		st.st_rdev = makedev((owner.rdev >> 8) & 0xfff, (owner.rdev & 0xff) | (owner.rdev >> 12 & 0xfff00));
	}
	return copy_out(c, to, &st, sizeof(st));
}

static int
show_statx(struct call *c, uint64_t mask, uint64_t to)
{
	struct sandbox_owner owner;
	cleanup_close int fd = find(c, &owner);
	struct statx st;

	if (fd < 0 ||
	    syscall(SYS_statx, fd, "", AT_EMPTY_PATH | (c->flags & AT_STATX_SYNC_TYPE), (unsigned)mask, &st) < 0)
		return CONTINUE;
	st.stx_uid = owner.uid;
	st.stx_gid = owner.gid;
	if (owner.type != 0) {
		st.stx_mode = (uint16_t)((st.stx_mode & 07777) | owner.type);
		st.stx_rdev_major = (owner.rdev >> 8) & 0xfff;
		st.stx_rdev_minor = (owner.rdev & 0xff) | (owner.rdev >> 12 & 0xfff00);
	}
	return copy_out(c, to, &st, sizeof(st));
}

/* --- one call --- */

/* Takes where the path is, and what is about it. */
static int
take(struct call *c, int dirfd, uint64_t path, uint64_t flags)
{
	c->dirfd = dirfd;
	c->flags = (int)flags;
	return copy_path(c, path);
}

static int
serve(struct call *c)
{
	const __u64 *a = c->n->data.args;
	int rv;

	switch (c->n->data.nr) {
	case SYS_fchown:
		rv = take(c, (int)a[0], 0, AT_EMPTY_PATH);
		return rv != 0 ? rv : change_owner(c, (uint32_t)a[1], (uint32_t)a[2]);
	case SYS_fchownat:
		rv = take(c, (int)a[0], a[1], a[4]);
		return rv != 0 ? rv : change_owner(c, (uint32_t)a[2], (uint32_t)a[3]);
	case SYS_mknodat:
		rv = take(c, (int)a[0], a[1], 0);
		return rv != 0 ? rv : make_device(c, (uint32_t)a[2], (uint32_t)a[3]);
	case SYS_statx:
		rv = take(c, (int)a[0], a[1], a[2]);
		return rv != 0 ? rv : show_statx(c, a[3], a[4]);
	case SYS_fstat:
		rv = take(c, (int)a[0], 0, AT_EMPTY_PATH);
		return rv != 0 ? rv : show_stat(c, a[1]);
#ifdef SYS_newfstatat
	case SYS_newfstatat:
		rv = take(c, (int)a[0], a[1], a[3]);
		return rv != 0 ? rv : show_stat(c, a[2]);
#endif
#ifdef SYS_chmod
	case SYS_chown:
	case SYS_lchown:
		rv = take(c, AT_FDCWD, a[0], c->n->data.nr == SYS_lchown ? AT_SYMLINK_NOFOLLOW : 0);
		return rv != 0 ? rv : change_owner(c, (uint32_t)a[1], (uint32_t)a[2]);
	case SYS_mknod:
		rv = take(c, AT_FDCWD, a[0], 0);
		return rv != 0 ? rv : make_device(c, (uint32_t)a[1], (uint32_t)a[2]);
	case SYS_stat:
	case SYS_lstat:
		rv = take(c, AT_FDCWD, a[0], c->n->data.nr == SYS_lstat ? AT_SYMLINK_NOFOLLOW : 0);
		return rv != 0 ? rv : show_stat(c, a[1]);
#endif
	default:
		return CONTINUE;
	}
}

void
owners_answer(struct owners *o, int listener)
{
	struct seccomp_notif n;
	struct seccomp_notif_resp r;
	struct call c = { .owners = o, .listener = listener, .n = &n };
	int rv;

	memset(&n, 0, sizeof(n));
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
		return; /* it ended meanwhile */
	rv = serve(&c);
	r = (struct seccomp_notif_resp){ .id = n.id, .error = rv > 0 ? -rv : 0 };
	if (rv == CONTINUE)
		r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
}
