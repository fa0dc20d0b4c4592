/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys.h on Linux, amd64 and aarch64: files, processes, time.
 */
#include "sys.h"
#include "syscall.h"

enum { AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200 };

struct lx_stat {
#if defined(__aarch64__)
	uint64_t dev, ino;
	uint32_t mode, nlink, uid, gid;
	uint64_t rdev, pad;
	int64_t size;
	int32_t blksize, pad2;
	int64_t blocks;
#else
	uint64_t dev, ino, nlink;
	uint32_t mode, uid, gid, pad;
	uint64_t rdev;
	int64_t size, blksize, blocks;
#endif
	int64_t atime[2], mtime[2], ctime[2], unused[3];
};

long
sys_open(const char *path, int flags, uint32_t mode)
{
	return syscall(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, (long)mode);
}

long
sys_dup2(int from, int to)
{
	return from == to ? syscall(SYS_fcntl, to, 2, 0) : syscall(SYS_dup3, from, to, 0);
}

long
sys_seek(int fd, uint64_t off)
{
	return syscall(SYS_lseek, fd, (long)off, 0);
}

long
sys_truncate(int fd, uint64_t size)
{
	return syscall(SYS_ftruncate, fd, (long)size);
}

static long
stat_by(const char *path, int flags, struct file_stat *st)
{
	struct lx_stat lx;
	long r = syscall(SYS_newfstatat, AT_FDCWD, (long)path, (long)&lx, flags);

	if (r < 0)
		return r;
	*st = (struct file_stat){
		.dev = lx.dev,
		.ino = lx.ino,
		.size = (uint64_t)lx.size,
		.rdev = lx.rdev,
		.mtime = lx.mtime[0],
		.mode = lx.mode,
		.nlink = (uint32_t)lx.nlink,
		.uid = lx.uid,
		.gid = lx.gid,
	};
	return 0;
}

long
sys_lstat(const char *path, struct file_stat *st)
{
	return stat_by(path, AT_SYMLINK_NOFOLLOW, st);
}

long
sys_stat(const char *path, struct file_stat *st)
{
	return stat_by(path, 0, st);
}

long
sys_entries(int fd, void *buf, size_t n)
{
	return syscall(SYS_getdents64, fd, (long)buf, (long)n);
}

/* struct linux_dirent64: u64 ino, s64 off, u16 reclen, u8 type, name. */
const char *
sys_entry(const uint8_t *buf, size_t len, size_t *at)
{
	const uint8_t *e = buf + *at;
	unsigned reclen;

	if (*at + 19 >= len)
		return NULL;
	reclen = (unsigned)(e[16] | e[17] << 8);
	*at = reclen < 19 ? len : *at + reclen;
	return (const char *)e + 19;
}

long
sys_mkdir(const char *path, uint32_t mode)
{
	return syscall(SYS_mkdirat, AT_FDCWD, (long)path, (long)mode);
}

long
sys_rmdir(const char *path)
{
	return syscall(SYS_unlinkat, AT_FDCWD, (long)path, AT_REMOVEDIR);
}

long
sys_unlink(const char *path)
{
	return syscall(SYS_unlinkat, AT_FDCWD, (long)path, 0);
}

long
sys_link(const char *old, const char *path)
{
	return syscall(SYS_linkat, AT_FDCWD, (long)old, AT_FDCWD, (long)path, 0);
}

long
sys_symlink(const char *target, const char *path)
{
	return syscall(SYS_symlinkat, (long)target, AT_FDCWD, (long)path);
}

long
sys_readlink(const char *path, char *buf, size_t n)
{
	return syscall(SYS_readlinkat, AT_FDCWD, (long)path, (long)buf, (long)n);
}

long
sys_mknod(const char *path, uint32_t mode, uint64_t dev)
{
	return syscall(SYS_mknodat, AT_FDCWD, (long)path, (long)mode, (long)dev);
}

uint64_t
sys_device(uint32_t major, uint32_t minor)
{
	return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xffU) << 12;
}

void
sys_device_numbers(uint64_t dev, uint32_t *major, uint32_t *minor)
{
	*major = (uint32_t)dev >> 8 & 0xfff;
	*minor = ((uint32_t)dev & 0xff) | ((uint32_t)dev >> 12 & 0xfff00);
}

long
sys_chmod(const char *path, uint32_t mode)
{
	return syscall(SYS_fchmodat, AT_FDCWD, (long)path, (long)mode);
}

long
sys_lchown(const char *path, uint32_t uid, uint32_t gid)
{
	return syscall(SYS_fchownat, AT_FDCWD, (long)path, (long)uid, (long)gid, AT_SYMLINK_NOFOLLOW);
}

long
sys_set_mtime(const char *path, int64_t mtime)
{
	int64_t times[4] = { mtime, 0, mtime, 0 };

	return syscall(SYS_utimensat, AT_FDCWD, (long)path, (long)times, AT_SYMLINK_NOFOLLOW);
}

/* --- processes --- */

long
sys_fork(void)
{
	return syscall(SYS_clone, 17 /* SIGCHLD */);
}

void
sys_exit(int status)
{
	for (;;)
		(void)syscall(SYS_exit_group, status);
}

long
sys_reap(int *status)
{
	long pid = syscall(SYS_wait4, -1, (long)status, 1 /* WNOHANG */, 0);

	return pid < 0 ? 0 : pid;
}

/* Linux's numbers, by the protocol's; those that Linux lacks are 0. */
static const uint8_t signals[33] = { 0, 1, 2, 3, 4, 5, 6, 0, 8, 9, 7, 11, 31, 13, 14, 15, 23, 19, 20, 18, 17, 21, 22,
	29, 24, 25, 26, 27, 28, 0, 10, 12, 30 };

long
sys_kill(long pid, uint32_t sig)
{
	if (sig >= nitems(signals) || (sig != 0 && signals[sig] == 0))
		return -EINVAL;
	return syscall(SYS_kill, pid, signals[sig]);
}

uint32_t
sys_end(int status, uint32_t *value)
{
	uint32_t sig = (uint32_t)status & 0x7f, i;

	if (sig == 0) {
		*value = (uint32_t)status >> 8 & 0xff;
		return AGENT_EXITED;
	}
	for (i = 0; i < nitems(signals) - 1 && signals[i] != sig; i++)
		;
	*value = i;
	return AGENT_SIGNALLED;
}

long
sys_become(uint32_t uid, uint32_t gid, const uint32_t *groups, size_t ngroups, const char *name)
{
	long r = syscall(SYS_setgroups, (long)ngroups, (long)groups);

	(void)name;
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

	if (syscall(SYS_prlimit64, 0, 7, 0, (long)limit) < 0)
		return;
	limit[0] = limit[1] < 65536 ? limit[1] : 65536;
	(void)syscall(SYS_prlimit64, 0, 7, (long)limit, 0);
}

uint64_t
sys_now_ms(void)
{
	int64_t ts[2] = { 0, 0 };

	(void)syscall(SYS_clock_gettime, 1 /* CLOCK_MONOTONIC */, (long)ts);
	return (uint64_t)ts[0] * 1000 + (uint32_t)ts[1] / 1000000;
}
