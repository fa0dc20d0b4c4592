/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's sandbox: its processes, limits and capabilities.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defs.h"
#include "base/io.h"
#include "host/landlock_linux.h"
#include "host/sandbox_linux.h"

#define POLL_MS 20
#define WHY_MAX 160

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* The reports' and pipes' ends too, so that their readers see the program's end. */
static void
close_from(unsigned first)
{
	unsigned fd;

	if (syscall(SYS_close_range, first, ~0u, 0) == 0)
		return;
	for (fd = first; fd < 4096; fd++)
		(void)close((int)fd);
}

/*
 * root's processes are not limited in number: those that end them must come to
 * run among any number.  Not so what they start.
 */
static void
run_first(void)
{
	const struct sched_param realtime = { .sched_priority = 1 };

	(void)sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &realtime);
}

/* --- the watcher --- */

struct watch {
	const struct sandbox *sandbox;
	uint64_t deadline_ns;
	int loadavg; /* /proc/loadavg, where the watcher has to count; -1: RLIMIT_NPROC does */
	unsigned tasks; /* of the host, when it began */
	sigset_t signals; /* blocked: SIGCHLD, SIGTERM */
};

/* Processes and threads of the host; 0 if it does not tell. */
static unsigned
count_tasks(int loadavg)
{
	char buf[128], *slash;
	ssize_t n = loadavg < 0 ? -1 : pread(loadavg, buf, sizeof(buf) - 1, 0);

	if (n <= 0)
		return 0;
	buf[n] = '\0';
	slash = strchr(buf, '/');
	return slash == NULL ? 0 : (unsigned)strtoul(slash + 1, NULL, 10);
}

static unsigned
tasks_now(int *loadavg)
{
	*loadavg = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	return count_tasks(*loadavg);
}

/* RLIMIT_NPROC is not for root: where the program is root to the end, only the watcher can count. */
static bool
stays_root(const struct sandbox *s)
{
	return geteuid() == 0 && (sandbox_writes(s) || prctl(PR_CAPBSET_READ, CAP_SETUID, 0, 0, 0) != 1);
}

static int
watch_init(struct watch *w, const struct sandbox *s, struct err *err)
{
	pid_t parent = getppid();

	*w = (struct watch){ .sandbox = s, .loadavg = -1 };
	w->deadline_ns = s->time_ms == 0 ? UINT64_MAX : clock_now_ns() + s->time_ms * UINT64_C(1000000);
	if (s->tasks != 0)
		w->tasks = tasks_now(&w->loadavg);
	/* The host's count is coarse: others start processes too. */
	if (w->loadavg >= 0 && !stays_root(s)) {
		(void)close(w->loadavg);
		w->loadavg = -1;
	}
	(void)sigemptyset(&w->signals);
	(void)sigaddset(&w->signals, SIGCHLD);
	(void)sigaddset(&w->signals, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &w->signals, NULL) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "cannot make a sandbox");
	return getppid() == parent ? 0 : err_set(err, "the caller ended");
}

/* The signal that says why the program must end; 0 if it need not. */
static int
trouble(const struct watch *w, int got)
{
	if (got == SIGTERM)
		return SIGTERM;
	if (clock_now_ns() > w->deadline_ns)
		return SANDBOX_TOO_LONG;
	if (w->loadavg >= 0 && count_tasks(w->loadavg) > w->tasks + w->sandbox->tasks)
		return SANDBOX_TOO_MANY;
	return 0;
}

/* Until child ends or must; everything is the process or group to be ended with it. */
static void __attribute__((noreturn)) watch(struct watch *w, pid_t child, pid_t everything)
{
	const struct timespec poll = { .tv_nsec = POLL_MS * 1000000L };
	int end = 0, status = 0;
	siginfo_t info;

	if (w->loadavg >= 0)
		w->loadavg = dup2(w->loadavg, 0);
	close_from(w->loadavg == 0 ? 1 : 0);
	for (;;) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child)
			break;
		end = trouble(w, sigtimedwait(&w->signals, NULL, &poll));
		if (end != 0)
			break;
	}
	/* Not reaped yet: its number, which is its group's, is nobody else's. */
	(void)kill(everything, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (end == 0)
		_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	(void)sigprocmask(SIG_UNBLOCK, &w->signals, NULL);
	(void)raise(end);
	_exit(128 + end);
}

/* --- the program --- */

static int
limit(int resource, uint64_t value)
{
	struct rlimit old, new;

	if (getrlimit((__rlimit_resource_t)resource, &old) < 0)
		return -1;
	new.rlim_cur = old.rlim_max < value ? old.rlim_max : (rlim_t)value;
	/* At CPU's soft limit comes SIGXCPU, which tells what SIGKILL would not. */
	new.rlim_max = resource == RLIMIT_CPU &&new.rlim_cur < old.rlim_max ? new.rlim_cur + 1 : new.rlim_cur;
	return setrlimit((__rlimit_resource_t)resource, &new);
}

static int
set_limits(const struct watch *w)
{
	const struct sandbox *s = w->sandbox;

	if (limit(RLIMIT_CORE, 0) < 0 || (!sandbox_writes(s) && limit(RLIMIT_FSIZE, 0) < 0) ||
	    (s->cpu_s != 0 && limit(RLIMIT_CPU, s->cpu_s) < 0) ||
	    /* Of all this user's processes, which are not more than the host's. */
	    (w->tasks != 0 && limit(RLIMIT_NPROC, w->tasks + s->tasks) < 0))
		return -1;
	return s->memory_bytes != 0 ? limit(RLIMIT_AS, s->memory_bytes) : 0;
}

/*
 * root becomes nobody, for the kernel does not limit the number of root's
 * processes.  Not where it writes to directories that are its own, and not in
 * a user namespace, which has no nobody.
 */
static int
change_user(const struct sandbox *s)
{
	if (geteuid() != 0 || sandbox_writes(s))
		return 0;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -1;
	if (setgroups(0, NULL) < 0 || setresgid(SANDBOX_NOBODY, SANDBOX_NOBODY, SANDBOX_NOBODY) < 0 ||
	    setresuid(SANDBOX_NOBODY, SANDBOX_NOBODY, SANDBOX_NOBODY) < 0)
		return errno == EPERM || errno == EINVAL ? 0 : -1;
	return 0;
}

/*
 * What was root keeps that it can read everything, so that it does not matter
 * whose the files are.  In a view, that the modes of its own files, which are
 * those of one id outside, do not keep it from anything.
 */
static uint32_t
capabilities_to_keep(const struct sandbox *s)
{
	if (s->view != NULL)
		return 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH | 1u << CAP_FOWNER | 1u << CAP_FSETID;
	return geteuid() == 0 ? 1u << CAP_DAC_READ_SEARCH : 0;
}

static int
drop_capabilities(const struct sandbox *s)
{
	const uint32_t keep = capabilities_to_keep(s);
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };
	int cap;

	for (cap = 0; cap < 64; cap++)
		if (cap >= 32 || (keep & 1u << cap) == 0)
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* who has no CAP_SETPCAP has none to lose */
	if (change_user(s) < 0 || syscall(SYS_capget, &header, data) < 0)
		return -1;
	data[0].effective = data[0].permitted = data[0].inheritable = data[0].permitted & keep;
	data[1].effective = data[1].permitted = data[1].inheritable = 0;
	if (syscall(SYS_capset, &header, data) < 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -1;
	/* Through exec(2), which else leaves capabilities to root alone; in a view it is root. */
	return data[0].permitted == 0 || s->view != NULL
		   ? 0
		   : prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0);
}

static int
lock_down(struct watch *w, const struct sandbox_place *place, struct err *err)
{
	int listener;

	if (set_limits(w) < 0)
		return err_sys(err, "cannot set limits");
	if (drop_capabilities(w->sandbox) < 0)
		return err_sys(err, "cannot drop privileges");
	/* A change of user has cleared it; pointless in namespaces, where the first process's end is everybody's. */
	if (!place->namespaces && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(err, "cannot tie the program to its watcher");
	if (place->landlock > 0 && sandbox_landlock(w->sandbox, place->landlock) < 0)
		return err_sys(err, "cannot use Landlock");
	listener = sandbox_seccomp(w->sandbox, place);
	if (listener < 0 || (w->sandbox->view != NULL && sandbox_send_fd(place->listener_to, listener) < 0))
		return err_sys(err, "cannot use seccomp");
	(void)sigprocmask(SIG_UNBLOCK, &w->signals, NULL);
	return 0;
}

/* The first process of the namespaces: reaps; all others end with it. */
static void __attribute__((noreturn)) reap(pid_t program)
{
	int status;
	pid_t pid;

	close_from(0);
	for (;;) {
		pid = wait(&status);
		if (pid == program || (pid < 0 && errno != EINTR))
			_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	}
}

/* Of a view: nothing but its record, and the other end of listener_to. */
static void __attribute__((noreturn)) answer(const struct sandbox_view *view, int from, pid_t program)
{
	struct sandbox_view v = *view;
	struct owners *owners;
	int status = -1, listener;

	/* Where it does not come the program did not come so far either. */
	listener = sandbox_receive_fd(from);
	if (listener < 0)
		reap(program);
	/* All but two; of numbers that only these have. */
	v.owners = fcntl(view->owners, F_DUPFD, 8);
	listener = fcntl(listener, F_DUPFD, 8);
	if (dup2(v.owners, 0) < 0 || dup2(listener, 1) < 0)
		_exit(127);
	close_from(2);
	v.owners = 0;
	owners = owners_new(&v);
	if (owners != NULL)
		status = owners_serve(owners, 1, program);
	_exit(status < 0 ? 127 : status);
}

/* In the first process of the namespaces: 0 in the program, -1 in the first. */
static int
first_process(
    struct watch *w, struct sandbox_place *place, const struct sandbox_ids *ids, bool user, int ready, struct err *err)
{
	const struct sandbox *s = w->sandbox;
	int pair[2] = { -1, -1 };
	char why[WHY_MAX] = "";
	pid_t pid;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    (s->view != NULL ? sandbox_view_enter : sandbox_mounts)(s, ids, user, why, WHY_MAX) < 0 ||
	    (s->view != NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) ||
	    write_full(ready, "", 1) < 0) {
		(void)write_full(ready, why, WHY_MAX);
		_exit(1);
	}
	(void)close(ready);
	run_first();
	pid = fork();
	if (pid > 0) {
		if (s->view == NULL)
			reap(pid);
		(void)close(pair[1]);
		answer(s->view, pair[0], pid);
	}
	place->namespaces = true;
	place->listener_to = pair[1];
	return pid == 0 ? lock_down(w, place, err) : err_sys(err, "cannot make a process");
}

/* 0 in the program, -1 where it could not be made; 1 and why where such namespaces cannot be had. */
static int
in_namespaces(struct watch *w, struct sandbox_place *place, int kinds, char why[WHY_MAX], struct err *err)
{
	const struct sandbox_ids ids = { .uid = geteuid(), .gid = getegid() };
	int ready[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	/* As fork(2); a C library's own clone() wants a stack. */
	pid = (pid_t)syscall(SYS_clone, (long)kinds | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		(void)close(ready[0]);
		return first_process(w, place, &ids, (kinds & CLONE_NEWUSER) != 0, ready[1], err);
	}
	(void)snprintf(why, WHY_MAX, "%s", strerror(errno));
	(void)close(ready[1]);
	if (pid > 0) {
		n = read(ready[0], why, WHY_MAX);
		if (n == 1)
			watch(w, pid, pid);
		if (n <= 0)
			(void)snprintf(why, WHY_MAX, "their first process ended");
		(void)waitpid(pid, NULL, 0);
	}
	(void)close(ready[0]);
	return 1;
}

static int
in_place(struct watch *w, const struct sandbox_place *place, struct err *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return err_sys(err, "cannot make a process");
	if (pid > 0) {
		(void)setpgid(pid, pid); /* by both: whoever is first */
		watch(w, pid, -pid);
	}
	if (setpgid(0, 0) < 0 && getpgrp() != getpid())
		return err_sys(err, "cannot make a group of processes");
	return lock_down(w, place, err);
}

int
sandbox_enter(const struct sandbox *s, struct err *err)
{
	const int kinds = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | (s->network ? 0 : CLONE_NEWNET);
	char why[WHY_MAX] = "not to be used";
	struct sandbox_place place = { 0 };
	struct watch w;
	int rv = 1;

	if (watch_init(&w, s, err) < 0)
		return -1;
	run_first();
	if ((s->without & SANDBOX_LANDLOCK) == 0)
		place.landlock = landlock_abi();
	if (s->view != NULL && place.landlock == 1)
		place.landlock = 0; /* it refuses every rename into another directory */
	if ((s->without & SANDBOX_NAMESPACES) == 0) {
		/* root's own first: in a user namespace it could not read what is another user's. */
		if (s->view != NULL ? sandbox_view_user() != UINT32_MAX : geteuid() == 0)
			rv = in_namespaces(&w, &place, kinds, why, err);
		if (rv == 1 && (s->view == NULL || sandbox_view_user() == UINT32_MAX))
			rv = in_namespaces(&w, &place, kinds | CLONE_NEWUSER, why, err);
	}
	if (rv == 1 && place.landlock > 0 && !sandbox_writes(s))
		rv = in_place(&w, &place, err);
	if (rv != 1)
		return rv;
	return err_set(err,
	    "there is no sandbox here: no namespaces (%s), %s; allow them (sysctl user.max_user_namespaces, "
	    "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)",
	    why, place.landlock > 0 ? "and Landlock is not enough for this" : "no Landlock");
}
