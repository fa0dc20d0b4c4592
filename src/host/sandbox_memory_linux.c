/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A directory in memory that is mounted nowhere: a tmpfs by the new calls for
 * mounts (fsopen(2), Linux 5.2).  It takes a privilege, which everybody has in
 * a user namespace of his own; a child makes one, and passes the directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/defs.h"
#include "host/sandbox_mounts_linux.h"

enum { NR_FSOPEN = 430, NR_FSCONFIG = 431, NR_FSMOUNT = 432, CONFIG_SET_STRING = 1, CONFIG_CREATE = 6 };
#define CLOEXEC 1u /* FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC */

/* errno */
static int
make_tmpfs(void)
{
	cleanup_close int fs = (int)syscall(NR_FSOPEN, "tmpfs", CLOEXEC);

	if (fs < 0 || syscall(NR_FSCONFIG, fs, CONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    syscall(NR_FSCONFIG, fs, CONFIG_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(NR_FSMOUNT, fs, CLOEXEC, MOUNT_NOSUID | MOUNT_NODEV);
}

static void __attribute__((noreturn)) make_in_namespace(int to)
{
	unsigned uid = geteuid(), gid = getegid();
	int fd = -1;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && map_ids(0, uid, 0, gid) == 0)
		fd = make_tmpfs();
	_exit(fd < 0 || sandbox_send_fd(to, fd) < 0 ? errno & 0xff : 0);
}

int
sandbox_memory_dir(struct err *err)
{
	int fd = geteuid() == 0 ? make_tmpfs() : -1, pair[2], status = 0;
	pid_t pid;

	if (fd >= 0)
		return fd;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, "cannot make a directory in memory");
	pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		make_in_namespace(pair[1]);
	}
	(void)close(pair[1]);
	fd = pid < 0 ? -1 : sandbox_receive_fd(pair[0]);
	(void)close(pair[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (fd >= 0)
		return fd;
	return err_set(err, "there are no user namespaces (%s); " SANDBOX_ADVICE,
	    strerror(pid < 0		 ? EAGAIN
		     : WIFEXITED(status) ? WEXITSTATUS(status)
					 : EINTR));
}
