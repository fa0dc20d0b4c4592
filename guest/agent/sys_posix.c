/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of sys.h POSIX has, the same on both systems but for the numbers.
 */
#include "sys.h"
#include "syscall.h"

long
sys_read(int fd, void *buf, size_t n)
{
	return syscall(SYS_read, fd, (long)buf, (long)n);
}

long
sys_write(int fd, const void *buf, size_t n)
{
	return syscall(SYS_write, fd, (long)buf, (long)n);
}

void
sys_close(int fd)
{
	(void)syscall(SYS_close, fd);
}

void
sys_nonblock(int fd, bool on)
{
	long flags = syscall(SYS_fcntl, fd, 3); /* F_GETFL, F_SETFL */

	(void)syscall(SYS_fcntl, fd, 4, on ? flags | O_NONBLOCK : flags & ~(long)O_NONBLOCK);
}

long
sys_pipe(int fds[2])
{
	return syscall(SYS_pipe2, (long)fds, O_CLOEXEC);
}

long
sys_chdir(const char *path)
{
	return syscall(SYS_chdir, (long)path);
}

long
sys_execve(const char *path, char *const *argv, char *const *env)
{
	return syscall(SYS_execve, (long)path, (long)argv, (long)env);
}

long
sys_getpid(void)
{
	return syscall(SYS_getpid, 0);
}

long
sys_geteuid(void)
{
	return syscall(SYS_geteuid, 0);
}

long
sys_setsid(void)
{
	return syscall(SYS_setsid, 0);
}

void
sys_umask(uint32_t mask)
{
	(void)syscall(SYS_umask, (long)mask);
}
