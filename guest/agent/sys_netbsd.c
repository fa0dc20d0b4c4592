/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys.h on NetBSD 7 and newer: files, processes, time.  The structures are those of
 * sys/sys/{stat,dirent,time,signal}.h; the compiler lays them out by the same
 * rules as NetBSD's.
 */
#include "netbsd.h"

struct nb_stat {
	uint64_t dev;
	uint32_t mode;
	uint64_t ino;
	uint32_t nlink, uid, gid;
	uint64_t rdev;
	struct nb_timespec atime, mtime, ctime, birthtime;
	int64_t size, blocks;
	int32_t blksize;
	uint32_t flags, gen, spare[2];
};

/* A 64-bit argument: one word or two. */
#ifdef __LP64__
#define WIDE(v) (long)(v)
#else
#define WIDE(v) (long)(uint32_t)(v), (long)(uint32_t)((uint64_t)(v) >> 32)
#endif

long
sys_open(const char *path, int flags, uint32_t mode)
{
	return syscall(SYS_open, (long)path, flags | O_CLOEXEC, (long)mode);
}

long
sys_dup2(int from, int to)
{
	/* F_SETFD: a descriptor that is there already would still close on exec. */
	return from == to ? syscall(SYS_fcntl, to, 2, 0) : syscall(SYS_dup2, from, to);
}

long
sys_seek(int fd, uint64_t off)
{
	return syscall(SYS_lseek, fd, 0, WIDE(off), 0);
}

long
sys_truncate(int fd, uint64_t size)
{
	return syscall(SYS_ftruncate, fd, 0, WIDE(size));
}

static long
stat_by(long call, const char *path, struct file_stat *st)
{
	struct nb_stat nb;
	long r = syscall(call, (long)path, (long)&nb);

	if (r < 0)
		return r;
	*st = (struct file_stat){
		.dev = nb.dev,
		.ino = nb.ino,
		.size = (uint64_t)nb.size,
		.rdev = nb.rdev,
		.mtime = nb.mtime.sec,
		.mode = nb.mode,
		.nlink = nb.nlink,
		.uid = nb.uid,
		.gid = nb.gid,
	};
	return 0;
}

long
sys_lstat(const char *path, struct file_stat *st)
{
	return stat_by(SYS_lstat50, path, st);
}

long
sys_stat(const char *path, struct file_stat *st)
{
	return stat_by(SYS_stat50, path, st);
}

long
sys_entries(int fd, void *buf, size_t n)
{
	return syscall(SYS_getdents30, fd, (long)buf, (long)n);
}

/* struct dirent: u64 fileno, u16 reclen, u16 namlen, u8 type, name. */
const char *
sys_entry(const uint8_t *buf, size_t len, size_t *at)
{
	while (*at + 13 < len) {
		const uint8_t *e = buf + *at;
		unsigned reclen = (unsigned)(e[8] | e[9] << 8);
		bool used = false;
		unsigned i;

		for (i = 0; i < 8; i++)
			used |= e[i] != 0;
		*at = reclen < 13 ? len : *at + reclen;
		if (used)
			return (const char *)e + 13;
	}
	return NULL;
}

long
sys_mkdir(const char *path, uint32_t mode)
{
	return syscall(SYS_mkdir, (long)path, (long)mode);
}

long
sys_rmdir(const char *path)
{
	return syscall(SYS_rmdir, (long)path);
}

long
sys_unlink(const char *path)
{
	return syscall(SYS_unlink, (long)path);
}

long
sys_link(const char *old, const char *path)
{
	return syscall(SYS_link, (long)old, (long)path);
}

long
sys_symlink(const char *target, const char *path)
{
	return syscall(SYS_symlink, (long)target, (long)path);
}

long
sys_readlink(const char *path, char *buf, size_t n)
{
	return syscall(SYS_readlink, (long)path, (long)buf, (long)n);
}

long
sys_mknod(const char *path, uint32_t mode, uint64_t dev)
{
	return syscall(SYS_mknod50, (long)path, (long)mode, WIDE(dev));
}

uint64_t
sys_device(uint32_t major, uint32_t minor)
{
	return (major << 8 & 0xfff00) | (minor << 12 & 0xfff00000) | (minor & 0xff);
}

void
sys_device_numbers(uint64_t dev, uint32_t *major, uint32_t *minor)
{
	*major = (uint32_t)dev >> 8 & 0xfff;
	*minor = ((uint32_t)dev >> 12 & 0xfff00) | ((uint32_t)dev & 0xff);
}

long
sys_chmod(const char *path, uint32_t mode)
{
	return syscall(SYS_chmod, (long)path, (long)mode);
}

long
sys_lchown(const char *path, uint32_t uid, uint32_t gid)
{
	return syscall(SYS_lchown, (long)path, (long)uid, (long)gid);
}

long
sys_set_mtime(const char *path, int64_t mtime)
{
	struct nb_timespec times[2] = { { mtime, 0 }, { mtime, 0 } };

	/* AT_FDCWD, AT_SYMLINK_NOFOLLOW */
	return syscall(SYS_utimensat, -100, (long)path, (long)times, 0x200);
}

/* --- processes --- */

long
sys_fork(void)
{
	const long none[6] = { 0 };
	long second, pid = syscall_raw(SYS_fork, none, &second);

	return pid > 0 && second == 1 ? 0 : pid;
}

void
sys_exit(int status)
{
	for (;;)
		(void)syscall(SYS_exit, status);
}

long
sys_reap(int *status)
{
	long pid = syscall(SYS_wait450, -1, (long)status, 1 /* WNOHANG */, 0);

	return pid < 0 ? 0 : pid;
}

long
sys_kill(long pid, uint32_t sig)
{
	return syscall(SYS_kill, pid, (long)sig);
}

uint32_t
sys_end(int status, uint32_t *value)
{
	uint32_t sig = (uint32_t)status & 0x7f;

	*value = sig == 0 ? (uint32_t)status >> 8 & 0xff : sig;
	return sig != 0;
}

long
sys_become(uint32_t uid, uint32_t gid, const uint32_t *groups, size_t ngroups, const char *name)
{
	long r = syscall(SYS_setgroups, (long)ngroups, (long)groups);

	if (name[0] != '\0')
		(void)syscall(SYS_setlogin, (long)name);
	if (r >= 0)
		r = syscall(SYS_setgid, (long)gid);
	if (r >= 0)
		r = syscall(SYS_setuid, (long)uid);
	return r;
}

void
sys_descriptors_raise(void)
{
	uint64_t limit[2]; /* RLIMIT_NOFILE */

	if (syscall(SYS_getrlimit, 8, (long)limit) < 0)
		return;
	limit[0] = limit[1];
	(void)syscall(SYS_setrlimit, 8, (long)limit);
}

uint64_t
sys_now_ms(void)
{
	struct nb_timespec ts = { 0, 0 };

	(void)syscall(SYS_clock_gettime50, 3 /* CLOCK_MONOTONIC */, (long)&ts);
	return (uint64_t)ts.sec * 1000 + (uint32_t)ts.nsec / 1000000;
}
