/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways out of the sandbox.  Each attempt is made first outside, where it must
 * succeed, then inside, where it must fail: with namespaces and Landlock
 * together, with each alone, as this user and, if that is root, as nobody too.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defs.h"
#include "base/io.h"
#include "host/sandbox.h"
#include "test.h"

#define NOBODY 65534
#define FORKS_MAX 1000

/* What attempts aim at; made by the test, in the current directory. */
static pid_t outside;
static struct sockaddr_in tcp_address;
static const struct sockaddr_un unix_address = { .sun_family = AF_UNIX, .sun_path = "socket" };

/* --- attempts: 0 if they succeeded --- */

static int
opened(int fd)
{
	return fd < 0 ? -1 : close(fd);
}

static int
make_file(void)
{
	return opened(open("new", O_WRONLY | O_CREAT, 0644));
}

static int
open_for_writing(void)
{
	return opened(open("file", O_WRONLY));
}

static int
truncate_unwritten(void)
{
	return opened(open("file", O_RDONLY | O_TRUNC));
}

static int
truncate_path(void)
{
	return truncate("file", 0);
}

static int
change_mode(void)
{
	return chmod("file", 0644);
}

static int
change_mode_of_open(void)
{
	int fd = open("file", O_RDONLY), rv = fchmod(fd, 0644);

	(void)close(fd);
	return rv;
}

static int
change_owner(void)
{
	return chown("file", geteuid(), getegid());
}

static int
change_dates(void)
{
	return utimensat(AT_FDCWD, "file", NULL, 0);
}

static int
hard_link(void)
{
	return link("file", "link");
}

static int
symbolic_link(void)
{
	return symlink("file", "symlink");
}

static int
rename_file(void)
{
	return rename("file2", "file3");
}

static int
remove_file(void)
{
	return unlink("file4");
}

static int
make_directory(void)
{
	return mkdir("newdir", 0755);
}

static int
remove_directory(void)
{
	return rmdir("dir");
}

static int
make_fifo(void)
{
	return mkfifo("newfifo", 0600);
}

static int
write_shm(void)
{
	int rv = opened(open("/dev/shm/smol-sandbox-test", O_WRONLY | O_CREAT, 0600));

	(void)unlink("/dev/shm/smol-sandbox-test");
	return rv;
}

static int
write_fifo(void)
{
	return opened(open("fifo", O_WRONLY | O_NONBLOCK));
}

static int
connect_tcp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), rv;

	rv = connect(fd, (const struct sockaddr *)&tcp_address, sizeof(tcp_address));
	(void)close(fd);
	return rv;
}

static int
connect_unix(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), rv;

	rv = connect(fd, (const struct sockaddr *)&unix_address, sizeof(unix_address));
	(void)close(fd);
	return rv;
}

static int
pair_of_datagram_sockets(void)
{
	int fds[2];

	return socketpair(AF_UNIX, SOCK_DGRAM, 0, fds);
}

static int
signal_outside(void)
{
	return kill(outside, 0);
}

static int
limit_outside(void)
{
	struct rlimit r;

	return getrlimit(RLIMIT_CORE, &r) < 0 ? -1 : prlimit(outside, RLIMIT_CORE, &r, NULL);
}

static int
write_sysctl(void)
{
	return opened(open("/proc/sys/kernel/hostname", O_WRONLY));
}

static int
new_user_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static int
mount_something(void)
{
	return mount("none", "dir", "tmpfs", 0, NULL);
}

static int
remount_root(void)
{
	return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL);
}

static int
make_device(void)
{
	return mknod("device", S_IFBLK | 0600, makedev(7, 0));
}

static int
write_memory_outside(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)outside);
	return opened(open(path, O_RDWR));
}

static int
file_through_proc(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "/proc/%d/cwd/file", (int)outside);
	return opened(open(path, O_WRONLY));
}

static int
ring(void)
{
	return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static const struct attempt {
	const char *name;
	int (*make)(void);
	enum { ANYBODY, ROOT, UNTRIED } outside; /* who succeeds outside; UNTRIED: not for trying there */
	bool needs_landlock; /* namespaces alone let it pass */
} attempts[] = {
	{ "make a file", make_file },
	{ "open a file for writing", open_for_writing },
	{ "truncate a file opened for reading", truncate_unwritten },
	{ "truncate a file", truncate_path },
	{ "change a mode", change_mode },
	{ "change an open file's mode", change_mode_of_open },
	{ "change an owner", change_owner },
	{ "change dates", change_dates },
	{ "make a hard link", hard_link },
	{ "make a symbolic link", symbolic_link },
	{ "rename a file", rename_file },
	{ "remove a file", remove_file },
	{ "make a directory", make_directory },
	{ "remove a directory", remove_directory },
	{ "make a FIFO", make_fifo },
	{ "write to a FIFO", write_fifo, .needs_landlock = true },
	{ "write in /dev/shm", write_shm },
	{ "connect to a TCP port", connect_tcp },
	{ "connect to a socket of the file system", connect_unix },
	{ "make a pair of datagram sockets", pair_of_datagram_sockets },
	{ "signal a process outside", signal_outside },
	{ "limit a process outside", limit_outside },
	{ "write a sysctl", write_sysctl, ROOT },
	{ "make a user namespace", new_user_namespace, UNTRIED },
	{ "mount", mount_something, UNTRIED },
	{ "remount / for writing", remount_root, UNTRIED },
	{ "make a device", make_device, UNTRIED },
	{ "write the memory of a process outside", write_memory_outside, UNTRIED },
	{ "write a file by a process outside", file_through_proc, UNTRIED },
	{ "make an io_uring", ring, UNTRIED },
};

/* --- running something inside --- */

static struct shared {
	volatile bool entered;
	bool passed[nitems(attempts)];
	char message[ERR_MAX];
	int value, forks;
	int forked; /* what they made, counted by both sides */
} * shared;

static char scratch[64];

/* A fresh directory of that user's, with all that is aimed at. */
static void
enter_scratch(uid_t uid)
{
	static const char *const files[] = { "file", "file2", "file4" };
	size_t i;
	int fd;

	(void)snprintf(scratch, sizeof(scratch), "/tmp/smol-sandbox-XXXXXX");
	CHECK(mkdtemp(scratch) != NULL && chdir(scratch) == 0);
	for (i = 0; i < nitems(files); i++) {
		fd = open(files[i], O_WRONLY | O_CREAT, 0644);
		CHECK(write(fd, "kept", 4) == 4 && fchown(fd, uid, (gid_t)uid) == 0 && close(fd) == 0);
	}
	CHECK(mkdir("dir", 0755) == 0 && chown("dir", uid, (gid_t)uid) == 0);
	CHECK(mkfifo("fifo", 0666) == 0 && chown("fifo", uid, (gid_t)uid) == 0);
	CHECK(chown(".", uid, (gid_t)uid) == 0);
}

static void
leave_scratch(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
	CHECK(chdir("/") == 0 && system(command) == 0);
}

/* A process of that user, which did not come by its id by exec(2) but shall be as if. */
static pid_t
fork_as(uid_t uid)
{
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0 && uid != getuid() &&
	    (setgroups(0, NULL) < 0 || setresgid((gid_t)uid, (gid_t)uid, (gid_t)uid) < 0 ||
		setresuid(uid, uid, uid) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0))
		_exit(99);
	return pid;
}

/* Starts body as that user, inside if s. */
static pid_t
start(const struct sandbox *s, uid_t uid, int (*body)(void))
{
	struct err err = { 0 };
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	pid = fork_as(uid);
	if (pid != 0)
		return pid;
	if (s != NULL && sandbox_enter(s, &err) < 0) {
		memcpy(shared->message, err.msg, sizeof(err.msg));
		_exit(98);
	}
	shared->entered = true;
	_exit(body());
}

static int
status_of(const struct sandbox *s, uid_t uid, int (*body)(void))
{
	pid_t pid = start(s, uid, body);
	int status = -1;

	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

static bool
exited(int status, int code)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

static int
listener(int family, const struct sockaddr *address, socklen_t len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && bind(fd, address, len) == 0 && listen(fd, 64) == 0);
	return fd;
}

/* --- the attempts, outside and inside --- */

static bool trying_outside, as_root;

static int
sleep_long(void)
{
	while (pause() < 0)
		continue;
	return 0;
}

static int
make_attempts(void)
{
	size_t i;

	for (i = 0; i < nitems(attempts); i++)
		if (!trying_outside || attempts[i].outside == ANYBODY || (attempts[i].outside == ROOT && as_root))
			shared->passed[i] = attempts[i].make() == 0;
	return 0;
}

static void
attempts_as(uid_t uid, unsigned without)
{
	const struct sandbox s = { .without = without, .time_ms = 20000 };
	int fifo, unix_socket, tcp_socket;
	socklen_t len = sizeof(tcp_address);
	struct stat st;
	size_t i;

	as_root = uid == 0;
	outside = start(NULL, uid, sleep_long);
	while (!shared->entered)
		(void)usleep(1000);
	for (trying_outside = true;; trying_outside = false) {
		enter_scratch(uid);
		fifo = open("fifo", O_RDWR | O_CLOEXEC);
		unix_socket = listener(AF_UNIX, (const struct sockaddr *)&unix_address, sizeof(unix_address));
		CHECK(chmod("socket", 0777) == 0);
		tcp_address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		tcp_socket = listener(AF_INET, (const struct sockaddr *)&tcp_address, sizeof(tcp_address));
		CHECK(getsockname(tcp_socket, (struct sockaddr *)&tcp_address, &len) == 0);

		CHECK(exited(status_of(trying_outside ? NULL : &s, uid, make_attempts), 0));
		CHECK_STR(shared->message, "");
		for (i = 0; i < nitems(attempts); i++) {
			bool want = trying_outside &&
				    (attempts[i].outside == ANYBODY || (attempts[i].outside == ROOT && as_root));

			if (!trying_outside && attempts[i].needs_landlock && (without & SANDBOX_LANDLOCK) != 0)
				continue;
			if (shared->passed[i] != want) {
				printf("# %s: %s %s\n", attempts[i].name, trying_outside ? "outside" : "inside",
				    want ? "failed" : "succeeded");
				test_failures++;
			}
		}
		CHECK(trying_outside || (stat("file", &st) == 0 && st.st_size == 4));
		CHECK(close(fifo) == 0 && close(unix_socket) == 0 && close(tcp_socket) == 0);
		leave_scratch();
		if (!trying_outside)
			break;
	}
	CHECK(kill(outside, SIGKILL) == 0 && waitpid(outside, NULL, 0) == outside);
}

/* --- what must still work --- */

static rlim_t
limit_of(int resource)
{
	struct rlimit r;

	return getrlimit((__rlimit_resource_t)resource, &r) < 0 ? RLIM_INFINITY : r.rlim_cur;
}

static int
ordinary_life(void)
{
	char buf[8];
	int fds[2], status;
	pid_t pid;
	int fd;

	fd = open("file", O_RDONLY);
	if (fd < 0 || read(fd, buf, sizeof(buf)) != 4)
		return 1;
	fd = open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || write(fd, "x", 1) != 1)
		return 2;
	fd = open("/dev/urandom", O_RDONLY);
	if (fd < 0 || read(fd, buf, 8) != 8)
		return 3;
	if (pipe(fds) < 0 || (pid = fork()) < 0)
		return 4;
	if (pid == 0)
		_exit(write(fds[1], "y", 1) == 1 ? 7 : 1);
	if (read(fds[0], buf, 1) != 1 || waitpid(pid, &status, 0) != pid || !exited(status, 7))
		return 5;
	if (open("/proc/self/stat", O_RDONLY) < 0 || getuid() != geteuid())
		return 6;
	if (limit_of(RLIMIT_CPU) != 10 || limit_of(RLIMIT_FSIZE) != 0 || limit_of(RLIMIT_CORE) != 0 ||
	    limit_of(RLIMIT_NPROC) == RLIM_INFINITY)
		return 8;
	shared->value = (int)getuid();
	return 42;
}

static int
kill_self(void)
{
	(void)kill(getpid(), SIGKILL);
	/* In place and with an old Landlock signals are refused: as good. */
	return 128 + SIGKILL;
}

static void
life_as(uid_t uid, unsigned without)
{
	const struct sandbox s = { .without = without, .time_ms = 20000, .cpu_s = 10, .tasks = 1000 };

	enter_scratch(uid);
	CHECK(exited(status_of(&s, uid, ordinary_life), 42));
	/* root becomes nobody, where it may. */
	CHECK(shared->value == (int)(uid == 0 ? NOBODY : uid));
	CHECK(exited(status_of(&s, uid, kill_self), 128 + SIGKILL));
	leave_scratch();
}

/* --- the watcher --- */

static int
leave_behind(void)
{
	if (fork() == 0) {
		(void)setsid();
		(void)setpgid(0, 0);
		if (fork() == 0)
			(void)sleep_long();
		_exit(0);
	}
	(void)usleep(50000);
	return 3;
}

/* Bounded by itself too: a sandbox that fails must fail this test, not the machine. */
static int
bomb(void)
{
	while (__atomic_add_fetch(&shared->forks, 1, __ATOMIC_RELAXED) < FORKS_MAX)
		if (fork() < 0)
			(void)usleep(1000);
		else
			(void)__atomic_add_fetch(&shared->forked, 1, __ATOMIC_RELAXED);
	return sleep_long();
}

/* Runs body with a pipe's end in every process of it: the ms until the last was gone. */
static uint64_t
ms_until_gone(const struct sandbox *s, uid_t uid, int (*body)(void), int terminate, int *status)
{
	uint64_t start_ns = clock_now_ns();
	int fds[2];
	char c;
	pid_t pid;

	CHECK(pipe(fds) == 0);
	pid = start(s, uid, body);
	CHECK(close(fds[1]) == 0);
	if (terminate != 0) {
		while (!shared->entered && shared->message[0] == '\0')
			(void)usleep(1000);
		CHECK(kill(pid, terminate) == 0);
	}
	CHECK(read(fds[0], &c, 1) == 0);
	CHECK(close(fds[0]) == 0 && waitpid(pid, status, 0) == pid);
	return (clock_now_ns() - start_ns) / 1000000;
}

static int
host_tasks(void)
{
	struct err err = { 0 };
	cleanup_free char *text = file_read("/proc/loadavg", 256, NULL, &err);
	const char *slash = text == NULL ? NULL : strchr(text, '/');

	CHECK(slash != NULL);
	return slash == NULL ? 0 : atoi(slash + 1);
}

static void
watcher_as(uid_t uid, unsigned without)
{
	struct sandbox s = { .without = without, .time_ms = 20000 };
	int status, before;

	CHECK(ms_until_gone(&s, uid, leave_behind, 0, &status) < 10000 && exited(status, 3));
	CHECK(ms_until_gone(&s, uid, sleep_long, SIGTERM, &status) < 10000);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	s.tasks = 100;
	s.time_ms = 1500;
	shared->forked = 0;
	before = host_tasks();
	CHECK(ms_until_gone(&s, uid, bomb, 0, &status) < 10000);
	CHECK(WIFSIGNALED(status) && (WTERMSIG(status) == SANDBOX_TOO_LONG || WTERMSIG(status) == SANDBOX_TOO_MANY));
	/* Each is counted twice, by parent and child; the limit goes by the host's count, which others change. */
	CHECK(shared->forked > 0 && shared->forked <= 2 * (before + 100 + FORKS_MAX / 2));
	s.time_ms = 100;
	s.tasks = 0;
	CHECK(ms_until_gone(&s, uid, sleep_long, 0, &status) < 10000);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SANDBOX_TOO_LONG);
}

/* The caller's death ends what it started. */
static void
orphan_as(uid_t uid, unsigned without)
{
	const struct sandbox s = { .without = without, .time_ms = 60000 };
	uint64_t start_ns = clock_now_ns();
	pid_t caller;
	int fds[2];
	char c;

	CHECK(pipe(fds) == 0);
	shared->entered = false;
	caller = fork();
	if (caller == 0) {
		(void)start(&s, uid, sleep_long);
		(void)sleep_long();
	}
	CHECK(close(fds[1]) == 0);
	while (!shared->entered && clock_now_ns() - start_ns < 10000000000)
		(void)usleep(1000);
	CHECK(kill(caller, SIGKILL) == 0 && waitpid(caller, NULL, 0) == caller);
	CHECK(read(fds[0], &c, 1) == 0 && clock_now_ns() - start_ns < 20000000000);
	CHECK(close(fds[0]) == 0);
}

static void
all_as(uid_t uid, unsigned without)
{
	int status = status_of(&(struct sandbox){ .without = without }, uid, getpid);

	if (exited(status, 98)) {
		test_skip(shared->message);
		return;
	}
	attempts_as(uid, without);
	life_as(uid, without);
	watcher_as(uid, without);
	orphan_as(uid, without);
}

static void
test_user(void)
{
	all_as(getuid(), 0);
}

static void
test_user_namespaces(void)
{
	all_as(getuid(), SANDBOX_LANDLOCK);
}

static void
test_user_landlock(void)
{
	all_as(getuid(), SANDBOX_NAMESPACES);
}

static void
as_nobody(unsigned without)
{
	if (getuid() != 0)
		test_skip("only root can become another user");
	else
		all_as(NOBODY, without);
}

static void
test_nobody(void)
{
	as_nobody(0);
}

static void
test_nobody_namespaces(void)
{
	as_nobody(SANDBOX_LANDLOCK);
}

static void
test_nobody_landlock(void)
{
	as_nobody(SANDBOX_NAMESPACES);
}

static void
test_neither(void)
{
	const struct sandbox s = { .without = SANDBOX_NAMESPACES | SANDBOX_LANDLOCK };

	CHECK(exited(status_of(&s, getuid(), getpid), 98));
	CHECK(strncmp(shared->message, "there is no sandbox here: no namespaces (", 41) == 0);
	CHECK(!shared->entered);
}

/* --- what the caller allows --- */

static int
write_below(void)
{
	if (opened(open("dir/new", O_WRONLY | O_CREAT, 0644)) < 0 || chmod("dir/new", 0600) < 0 ||
	    mkdir("dir/sub", 0755) < 0 || rename("dir/new", "dir/sub/new") < 0)
		return 1;
	return make_file() < 0 && change_mode() < 0 && link("file", "dir/link") < 0 && rename("file2", "dir/file2") < 0
		   ? 0
		   : 2;
}

static int
use_network(void)
{
	return connect_tcp() == 0 && connect_unix() < 0 && pair_of_datagram_sockets() < 0 ? 0 : 1;
}

static void
test_allowed(void)
{
	const char *writable[] = { "dir", NULL };
	socklen_t len = sizeof(tcp_address);
	struct stat st;
	int status, fd;

	enter_scratch(getuid());
	status = status_of(&(struct sandbox){ .writable = writable }, getuid(), write_below);
	if (exited(status, 98)) {
		test_skip(shared->message);
	} else {
		CHECK(exited(status, 0));
		CHECK(stat("dir/sub/new", &st) == 0 && (st.st_mode & 0777) == 0600);
	}
	tcp_address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	fd = listener(AF_INET, (const struct sockaddr *)&tcp_address, sizeof(tcp_address));
	CHECK(getsockname(fd, (struct sockaddr *)&tcp_address, &len) == 0);
	status = status_of(&(struct sandbox){ .network = true }, getuid(), use_network);
	CHECK(exited(status, 0) || exited(status, 98));
	CHECK(close(fd) == 0);
	leave_scratch();
}

int
main(void)
{
	static const struct test tests[] = {
		{ "this user", test_user },
		{ "this user, namespaces alone", test_user_namespaces },
		{ "this user, Landlock alone", test_user_landlock },
		{ "nobody", test_nobody },
		{ "nobody, namespaces alone", test_nobody_namespaces },
		{ "nobody, Landlock alone", test_nobody_landlock },
		{ "neither", test_neither },
		{ "a writable directory; the network", test_allowed },
	};

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared == MAP_FAILED || test_run(tests, nitems(tests));
}
