/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the agent asks of the kernel, the same for NetBSD (sys_netbsd.c) and
 * Linux (sys_linux.c).  All return -errno where they fail; descriptors close
 * on exec.
 */
#ifndef AGENT_SYS_H
#define AGENT_SYS_H

#ifdef AGENT_NETBSD
#include "numbers_netbsd.h"
#else
#include "numbers_linux.h"
#endif
#include "base/agent_protocol.h"
#include "text.h"

#define PATH_MAX 1024

/* --- files --- */

struct file_stat {
	uint64_t dev, ino, size, rdev;
	int64_t mtime;
	uint32_t mode, nlink, uid, gid;
};

enum { S_FIFO = 0010000, S_CHAR = 0020000, S_DIR = 0040000, S_BLOCK = 0060000, S_REG = 0100000, S_LINK = 0120000 };
#define S_KIND(mode) ((mode)&0170000)

/* mode is for files that it makes. */
long sys_open(const char *path, int flags, uint32_t mode);
long sys_read(int fd, void *, size_t);
long sys_write(int fd, const void *, size_t);
void sys_close(int fd);
long sys_dup2(int from, int to); /* to stays open on exec */
void sys_nonblock(int fd, bool);
long sys_pipe(int fds[2]);
long sys_seek(int fd, uint64_t off);
long sys_truncate(int fd, uint64_t size);
long sys_lstat(const char *path, struct file_stat *);
long sys_stat(const char *path, struct file_stat *);
/* Entries of a directory into buf; 0 at its end. sys_entry() takes one after the other from there, NULL at the end. */
long sys_entries(int fd, void *buf, size_t);
const char *sys_entry(const uint8_t *buf, size_t len, size_t *at);
long sys_mkdir(const char *path, uint32_t mode);
long sys_rmdir(const char *path);
long sys_unlink(const char *path);
long sys_link(const char *old, const char *path);
long sys_symlink(const char *target, const char *path);
long sys_readlink(const char *path, char *buf, size_t);
long sys_mknod(const char *path, uint32_t mode, uint64_t dev);
uint64_t sys_device(uint32_t major, uint32_t minor);
void sys_device_numbers(uint64_t dev, uint32_t *major, uint32_t *minor);
long sys_chmod(const char *path, uint32_t mode);
long sys_lchown(const char *path, uint32_t uid, uint32_t gid);
long sys_set_mtime(const char *path, int64_t mtime); /* of a symbolic link itself */
long sys_chdir(const char *path);

/* --- processes --- */

long sys_fork(void);
long sys_execve(const char *path, char *const *argv, char *const *env);
_Noreturn void sys_exit(int status);
long sys_getpid(void);
long sys_geteuid(void);
/* One that has ended, or 0. */
long sys_reap(int *status);
/* pid < 0: a group, -1: all but ours and process 1; sig as in the protocol, 0: only asks. */
long sys_kill(long pid, uint32_t sig);
/* WTERMSIG and so on of a status: an enum agent_end. */
uint32_t sys_end(int status, uint32_t *value);
long sys_setsid(void);
void sys_umask(uint32_t);
/* Groups, group and user, for good. */
long sys_become(uint32_t uid, uint32_t gid, const uint32_t *groups, size_t ngroups, const char *name);
/* What a program expects of its signals. */
void sys_signals_default(void);
void sys_descriptors_raise(void);

/* --- waiting --- */

struct sys_poll {
	int fd; /* -1: none */
	bool read, write; /* wanted */
	bool readable, writable; /* it is, or will say at once what is wrong */
};

/* Before all else; signals no longer reach us but as wake-ups of sys_wait(). */
long sys_wait_init(void);
/* timeout_ms < 0: for ever.  *signalled: a child may have ended. */
void sys_wait(struct sys_poll *, size_t n, int timeout_ms, bool *signalled);
uint64_t sys_now_ms(void);

/* --- terminals --- */

/* As a port is to be, and its queue as long as it can be: how much it holds, 0 for what is no terminal. */
uint32_t sys_tty_raw(int fd);
long sys_pty(int *ours, int *theirs);
void sys_tty_size(int fd, unsigned rows, unsigned columns);
long sys_tty_control(int fd); /* of the session that we lead */

/* --- the system --- */

void sys_random(void *, size_t);
long sys_hostname(const char *);
long sys_clock(uint64_t seconds, uint32_t nanoseconds);
void sys_sync(void);
enum sys_stop { SYS_HALT, SYS_POWEROFF, SYS_REBOOT };
void sys_stop(enum sys_stop);
/* "NetBSD 10.1 amd64" */
void sys_name(char *buf, size_t size);

/* "no such file or directory" */
const char *sys_error(long negative_errno);

/* --- init: init_netbsd.c, init_linux.c --- */

/* Mounts, devices: afterwards there is a /dev/console. read_only: the root stays so. root_options: fstab's for it, or
 * "". */
void init_system(bool read_only, const char *root_options);
/* options: as fstab(5) has them. */
long init_mount(const char *what, const char *where, const char *type, const char *options);
long init_address(const char *interface, const uint8_t address[4], unsigned prefix);
long init_route(const uint8_t gateway[4]);
extern const char init_loopback[], init_interface[], init_port[];

#endif
