/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sandbox of smol-vmm and smol-net, from inside: a child enters it as each
 * role and tries what must fail or end it; the same is tried outside first,
 * where it works, so that a failure proves something.
 */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/defs.h"
#include "test.h"
#include "vmm/sandbox.h"

#define NOBODY 65534
#define UNFILTERED ((enum sandbox_role)99)
#define OPEN_ABOVE 900

static char dir[] = "/tmp/vmm-sandbox-XXXXXX";
static int share_fd, proc_fd;
static pid_t parent;

/* --- attempts: 0 if it worked --- */

static int
by(long rv)
{
	return rv < 0 ? -1 : 0;
}

static int
open_name(void)
{
	return by(syscall(SYS_open, "/etc/passwd", O_RDONLY));
}

static int
openat_name(void)
{
	return by(syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
}

static int
openat_above(void)
{
	return by(syscall(SYS_openat, share_fd, "../../../etc/passwd", O_RDONLY));
}

static int
openat_proc(void)
{
	return by(syscall(SYS_openat, proc_fd, "../../1/status", O_RDONLY));
}

static int
openat_root(void)
{
	return by(syscall(SYS_openat, proc_fd, "../root/etc/passwd", O_RDONLY));
}

static int
make_elsewhere(void)
{
	return by(syscall(SYS_openat, share_fd, "../share/../vmm-sandbox-made", O_RDWR | O_CREAT, 0666));
}

static int
change_mode(void)
{
	return by(syscall(SYS_fchmodat, share_fd, "../share/../vmm-sandbox-victim", 0666));
}

static int
execute(void)
{
	char *const argv[] = { (char *)(uintptr_t) "true", NULL };

	return by(execve("/bin/true", argv, NULL));
}

static int
unix_socket(void)
{
	return by(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
netlink_socket(void)
{
	return by(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int
socket_pair(void)
{
	int fds[2];

	return by(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

static int
inet_socket(void)
{
	return by(socket(AF_INET, SOCK_STREAM, 0));
}

static int
make_process(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return by(pid);
}

static int
trace(void)
{
	return by(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
signal_parent(void)
{
	return by(kill(parent, 0));
}

static int
tgkill_parent(void)
{
	return by(syscall(SYS_tgkill, parent, parent, 0));
}

static int
mount_something(void)
{
	return by(mount("none", "/tmp", "tmpfs", 0, NULL));
}

static int
unshare_user(void)
{
	return by(unshare(CLONE_NEWUSER));
}

static int
change_root(void)
{
	return by(chroot("/tmp"));
}

static int
read_process(void)
{
	char here[8];
	struct iovec to = { here, sizeof(here) }, from = { &parent, sizeof(parent) };

	return by(process_vm_readv(parent, &to, 1, &from, 1, 0));
}

static int
map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int
make_code(void)
{
	static char page[8192] __attribute__((aligned(4096)));

	return by(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int
type_into_terminal(void)
{
	char c = 'x';

	return by(ioctl(0, TIOCSTI, &c));
}

static int
make_machine(void)
{
	return by(ioctl(0, KVM_CREATE_VM, 0));
}

static int
load_bpf(void)
{
	return by(syscall(SYS_bpf, 0, NULL, 0));
}

static int
io_ring(void)
{
	char params[120] = { 0 };

	return by(syscall(SYS_io_uring_setup, 1, params));
}

static int
user_fault(void)
{
	return by(syscall(SYS_userfaultfd, 1 /* USER_MODE_ONLY */));
}

static int
memory_file(void)
{
	return by(syscall(SYS_memfd_create, "x", 0));
}

static int
undump(void)
{
	return by(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int
old_numbers(void)
{
	return by(syscall(0x40000000 | SYS_getuid));
}

/* Outside it works: not to be counted on, for anybody, for the same user. */
enum works { UNSURE, ANYBODY, OWN };

/* but: roles that may. */
static const struct attempt {
	const char *name;
	int (*make)(void);
	enum works works;
	unsigned but;
} attempts[] = {
	{ "open", open_name, ANYBODY, 0 },
	{ "openat", openat_name, ANYBODY, 0 },
	{ "openat above the share", openat_above, ANYBODY, 0 },
	{ "openat above /proc/self/fd", openat_proc, ANYBODY, 0 },
	{ "openat by /proc's root", openat_root, ANYBODY, 0 },
	{ "a file made above the share", make_elsewhere, ANYBODY, 0 },
	{ "chmod above the share", change_mode, ANYBODY, 0 },
	{ "execve", execute, ANYBODY, 0 },
	{ "socket AF_UNIX", unix_socket, ANYBODY, 0 },
	{ "socket AF_NETLINK", netlink_socket, ANYBODY, 0 },
	{ "socketpair", socket_pair, ANYBODY, 0 },
	{ "socket AF_INET", inet_socket, ANYBODY, SANDBOX_ROLE(NET) },
	{ "clone", make_process, ANYBODY, SANDBOX_ROLE(START) },
	{ "ptrace", trace, ANYBODY, 0 },
	{ "kill", signal_parent, OWN, 0 },
	{ "tgkill of another process", tgkill_parent, OWN, 0 },
	{ "mount", mount_something, UNSURE, 0 },
	{ "unshare", unshare_user, UNSURE, 0 },
	{ "chroot", change_root, UNSURE, 0 },
	{ "process_vm_readv", read_process, UNSURE, 0 },
	{ "mmap PROT_EXEC", map_code, ANYBODY, 0 },
	{ "mprotect PROT_EXEC", make_code, ANYBODY, 0 },
	{ "ioctl TIOCSTI", type_into_terminal, UNSURE, 0 },
	{ "ioctl KVM_CREATE_VM", make_machine, UNSURE, 0 },
	{ "bpf", load_bpf, UNSURE, 0 },
	{ "io_uring_setup", io_ring, UNSURE, 0 },
	{ "userfaultfd", user_fault, UNSURE, 0 },
	{ "memfd_create", memory_file, ANYBODY, 0 },
	{ "prctl", undump, ANYBODY, 0 },
	{ "x32 numbers", old_numbers, UNSURE, 0 },
};

/* Without the filter: what the empty root and Landlock refuse by themselves. */
static const char *const by_files[] = { "open", "openat", "openat above the share", "openat above /proc/self/fd",
	"openat by /proc's root", "a file made above the share", "mount", "chroot", "execve" };

/* --- inside --- */

/* As confine.c has them: with START, all that smol-vmm's threads may do. */
static unsigned
roles_of(enum sandbox_role role)
{
	return role == SANDBOX_START ? ~SANDBOX_ROLE(NET) : 1u << role;
}

static void
enter(enum sandbox_role role)
{
	struct sandbox s = { .dirs = { { share_fd, true, false }, { proc_fd, false, true } }, .ndirs = 2 };
	int fds[] = { share_fd, proc_fd };
	struct err err = { 0 };

	s.network = role == SANDBOX_NET;
	if (role == SANDBOX_NET)
		s.ndirs = 0;
	if (sandbox_close_others(fds, nitems(fds), &err) < 0 || sandbox_enter(&s, &err) < 0 ||
	    (role != SANDBOX_START && sandbox_no_threads(&err) < 0) ||
	    (role != UNFILTERED && sandbox_filter(roles_of(role), &err) < 0)) {
		(void)fprintf(stderr, "# %s\n", err.msg);
		_exit(90);
	}
}

static int
in_child(enum sandbox_role role, bool outside, uid_t uid, int (*fn)(void))
{
	pid_t pid;
	int status;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (uid != getuid() && (setgid(uid) < 0 || setuid(uid) < 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0))
			_exit(91);
		proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY);
		if (!outside)
			enter(role);
		_exit(fn() == 0 ? 0 : 1);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid ? -1 : status;
}

static bool
exited(int status, int code)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

static bool
ended(int status)
{
	return exited(status, 1) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void
forbidden_as(uid_t uid)
{
	bool no_namespaces = !exited(in_child(UNFILTERED, true, uid, unshare_user), 0);
	unsigned role, i;
	int status;

	for (i = 0; i < nitems(attempts); i++) {
		const struct attempt *a = &attempts[i];

		if ((a->works == ANYBODY || (a->works == OWN && uid == getuid())) &&
		    !exited(status = in_child(UNFILTERED, true, uid, a->make), 0)) {
			printf("# %s fails outside: status %#x\n", a->name, (unsigned)status);
			test_failures++;
		}
		if (a->make == change_mode && no_namespaces) {
			printf("# %s: not tried, this user may have no namespaces\n", a->name);
			continue;
		}
		for (role = SANDBOX_VCPU; role <= SANDBOX_START; role++) {
			status = in_child((enum sandbox_role)role, false, uid, a->make);
			if ((a->but & 1u << role) != 0 ? exited(status, 0) : ended(status))
				continue;
			printf("# %s as role %u: status %#x\n", a->name, role, (unsigned)status);
			test_failures++;
		}
	}
	for (i = 0; i < nitems(attempts); i++)
		for (role = 0; role < nitems(by_files); role++)
			if (strcmp(attempts[i].name, by_files[role]) == 0 &&
			    !exited(status = in_child(UNFILTERED, false, uid, attempts[i].make), 1)) {
				printf("# %s unfiltered: status %#x\n", attempts[i].name, (unsigned)status);
				test_failures++;
			}
}

static void
test_forbidden(void)
{
	forbidden_as(getuid());
}

static void
test_forbidden_nobody(void)
{
	if (getuid() != 0)
		test_skip("only root can become another user");
	else
		forbidden_as(NOBODY);
}

/* --- what must still work --- */

static int
everybody(void)
{
	void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct timespec t;

	if (p == MAP_FAILED || madvise(p, 1 << 20, MADV_DONTNEED) < 0 || munmap(p, 1 << 20) < 0)
		return 1;
	return clock_gettime(CLOCK_MONOTONIC, &t) < 0 || write(2, "", 0) < 0;
}

/* As the 9P server does it. */
static int
share_files(void)
{
	char name[16], buf[8] = "";
	const struct iovec iov = { buf, sizeof(buf) };
	int path_fd = openat(share_fd, "file", O_PATH | O_NOFOLLOW | O_CLOEXEC), fd;

	if (path_fd < 0)
		return 1;
	(void)snprintf(name, sizeof(name), "%d", path_fd);
	fd = openat(proc_fd, name, O_RDWR | O_CLOEXEC);
	if (fd < 0 || preadv(fd, &iov, 1, 0) < 0)
		return 1;
	fd = openat(share_fd, "new", O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || pwritev(fd, &iov, 1, 0) != 8)
		return 1;
	return mkdirat(share_fd, "sub", 0700) < 0 || renameat(share_fd, "new", share_fd, "sub/new") < 0 ||
	       unlinkat(share_fd, "sub/new", 0) < 0 || unlinkat(share_fd, "sub", AT_REMOVEDIR) < 0;
}

static rlim_t
limit_of(int resource)
{
	struct rlimit l = { 0 };

	(void)getrlimit((__rlimit_resource_t)resource, &l);
	return l.rlim_max;
}

static int
state(void)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 1;
	if (fcntl(OPEN_ABOVE, F_GETFD) >= 0)
		return 1;
	return limit_of(RLIMIT_CORE) != 0 || limit_of(RLIMIT_NPROC) != 0 || limit_of(RLIMIT_MEMLOCK) != 0;
}

static void
allowed_as(uid_t uid)
{
	unsigned role;

	for (role = SANDBOX_VCPU; role <= SANDBOX_NET; role++)
		CHECK(exited(in_child((enum sandbox_role)role, false, uid, everybody), 0));
	CHECK(exited(in_child(SANDBOX_P9, false, uid, share_files), 0));
	CHECK(dup2(0, OPEN_ABOVE) == OPEN_ABOVE);
	CHECK(exited(in_child(UNFILTERED, false, uid, state), 0));
	CHECK(close(OPEN_ABOVE) == 0);
}

static void
test_allowed(void)
{
	allowed_as(getuid());
}

static void
test_allowed_nobody(void)
{
	if (getuid() != 0)
		test_skip("only root can become another user");
	else
		allowed_as(NOBODY);
}

/* --- */

static void
make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	CHECK(fd >= 0 && fchmod(fd, 0666) == 0 && (getuid() != 0 || fchown(fd, NOBODY, NOBODY) == 0));
	if (fd >= 0)
		CHECK(close(fd) == 0);
}

int
main(void)
{
	static const struct test tests[] = {
		{ "what is allowed", test_allowed },
		{ "what is allowed, as nobody", test_allowed_nobody },
		{ "what is forbidden", test_forbidden },
		{ "what is forbidden, as nobody", test_forbidden_nobody },
	};
	int rv;

#ifdef SANITIZED
	puts("1..0 # SKIP the sanitizers make system calls of their own");
	return 0;
#endif
	parent = getpid();
	(void)umask(0);
	if (mkdtemp(dir) == NULL || chdir(dir) < 0 || chmod(dir, 0777) < 0 || mkdir("share", 0777) < 0)
		return 1;
	make_file("vmm-sandbox-victim");
	make_file("share/file");
	share_fd = open("share", O_PATH | O_DIRECTORY);
	rv = test_run(tests, nitems(tests));
	(void)unlink("vmm-sandbox-made");
	(void)unlink("vmm-sandbox-victim");
	(void)unlink("share/file");
	(void)rmdir("share");
	(void)chdir("/");
	(void)rmdir(dir);
	return rv;
}
