/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seccomp: the system calls that the sandbox refuses, with EPERM.  Sockets
 * above all, for a socket in the file system is reached through read-only
 * mounts and Landlock alike; and, without namespaces, changes of mode, owner
 * and date, which Landlock lets pass.  And those that a view's record answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/defs.h"
#include "host/sandbox_linux.h"

#if defined(__x86_64__) && !defined(__ILP32__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define NATIVE AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define NATIVE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE AUDIT_ARCH_PPC64LE
#endif

#define FILTER_WAIT_KILLABLE_RECV (1ul << 5)

/* Newer than some headers; these numbers are the same everywhere. */
enum {
	NR_PIDFD_SEND_SIGNAL = 424,
	NR_OPEN_TREE = 428,
	NR_MOVE_MOUNT = 429,
	NR_FSOPEN = 430,
	NR_FSMOUNT = 432,
	NR_FSPICK = 433,
	NR_CLONE3 = 435,
	NR_OPENAT2 = 437,
	NR_PIDFD_GETFD = 438,
	NR_MOUNT_SETATTR = 442,
	NR_FCHMODAT2 = 452,
	NR_SETXATTRAT = 463,
	NR_REMOVEXATTRAT = 466,
	NR_OPEN_TREE_ATTR = 467,
	NR_FILE_SETATTR = 469,
};

enum when {
	ALWAYS,
	OFFLINE, /* no network */
	ONLINE,
	SHARED, /* no namespaces */
	SHARED_SIGNALS, /* nor a Landlock that keeps signals in */
	VIEW,
};

/* In struct rule.error: not refused, but told to the listener. */
#define TOLD (-1)

enum test { ANY, EQUAL, DIFFERS };

struct rule {
	long nr;
	enum when when;
	enum test test; /* (argument & mask) and value */
	unsigned arg;
	uint32_t mask, value;
	int error; /* 0: EPERM */
};

/* Namespaces that clone(2) would make. */
#define NEW_ANY                                                                                                        \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define ALL 0xffffffffu

static const struct rule rules[] = {
	/* A new view of the system, and what needs privileges anyway. */
	{ SYS_mount, ALWAYS },
	{ SYS_umount2, ALWAYS },
	{ NR_OPEN_TREE, ALWAYS },
	{ NR_OPEN_TREE_ATTR, ALWAYS },
	{ NR_MOVE_MOUNT, ALWAYS },
	{ NR_FSOPEN, ALWAYS },
	{ NR_FSMOUNT, ALWAYS },
	{ NR_FSPICK, ALWAYS },
	{ NR_MOUNT_SETATTR, ALWAYS },
	{ SYS_pivot_root, ALWAYS },
	{ SYS_chroot, ALWAYS },
	{ SYS_unshare, ALWAYS },
	{ SYS_setns, ALWAYS },
	{ SYS_clone, ALWAYS, DIFFERS, 0, NEW_ANY, 0 },
	{ NR_CLONE3, ALWAYS, .error = ENOSYS }, /* its flags lie in memory; C libraries then use clone */
	{ SYS_open_by_handle_at, ALWAYS },
	{ SYS_ptrace, ALWAYS },
	{ SYS_process_vm_readv, ALWAYS },
	{ SYS_process_vm_writev, ALWAYS },
	{ NR_PIDFD_GETFD, ALWAYS },
	{ SYS_bpf, ALWAYS },
	{ SYS_perf_event_open, ALWAYS },
	{ SYS_userfaultfd, ALWAYS },
	{ SYS_io_uring_setup, ALWAYS, .error = ENOSYS }, /* its requests pass no filter */
	{ SYS_add_key, ALWAYS },
	{ SYS_request_key, ALWAYS },
	{ SYS_keyctl, ALWAYS },
	{ SYS_reboot, ALWAYS },
	{ SYS_init_module, ALWAYS },
	{ SYS_finit_module, ALWAYS },
	{ SYS_delete_module, ALWAYS },
	{ SYS_swapon, ALWAYS },
	{ SYS_swapoff, ALWAYS },
	{ SYS_settimeofday, ALWAYS },
	{ SYS_clock_settime, ALWAYS },
	{ SYS_sethostname, ALWAYS },
	{ SYS_setdomainname, ALWAYS },
	{ SYS_ioctl, ALWAYS, EQUAL, 1, ALL, TIOCSTI },
#ifdef SYS_kexec_load
	{ SYS_kexec_load, ALWAYS },
#endif
	/* Sockets. */
	{ SYS_socket, OFFLINE },
	{ SYS_socketpair, OFFLINE },
	{ SYS_socket, ONLINE, EQUAL, 0, ALL, AF_UNIX },
	{ SYS_socket, ONLINE, EQUAL, 0, ALL, AF_VSOCK },
	/* A pair of datagram sockets can be made to talk to another. */
	{ SYS_socketpair, ONLINE, DIFFERS, 1, 0xf, SOCK_STREAM },
#ifdef SYS_socketcall
	{ SYS_socketcall, ALWAYS },
#endif
	/* What mounts that are read-only would refuse. */
	{ SYS_fchmod, SHARED },
	{ SYS_fchmodat, SHARED },
	{ NR_FCHMODAT2, SHARED },
	{ SYS_fchown, SHARED },
	{ SYS_fchownat, SHARED },
	{ SYS_utimensat, SHARED },
	{ SYS_setxattr, SHARED },
	{ SYS_lsetxattr, SHARED },
	{ SYS_fsetxattr, SHARED },
	{ NR_SETXATTRAT, SHARED },
	{ SYS_removexattr, SHARED },
	{ SYS_lremovexattr, SHARED },
	{ SYS_fremovexattr, SHARED },
	{ NR_REMOVEXATTRAT, SHARED },
	{ NR_FILE_SETATTR, SHARED },
	{ SYS_ioctl, SHARED, EQUAL, 1, ALL, (uint32_t)FS_IOC_SETFLAGS },
	{ SYS_ioctl, SHARED, EQUAL, 1, ALL, (uint32_t)FS_IOC_FSSETXATTR },
	/* Landlock before ABI 3: truncated without being opened for writing. */
	{ SYS_truncate, SHARED },
	{ SYS_openat, SHARED, EQUAL, 2, O_TRUNC | O_ACCMODE, O_TRUNC | O_RDONLY },
	{ NR_OPENAT2, SHARED, .error = ENOSYS },
#ifdef SYS_chmod
	{ SYS_open, SHARED, EQUAL, 1, O_TRUNC | O_ACCMODE, O_TRUNC | O_RDONLY },
	{ SYS_chmod, SHARED },
	{ SYS_chown, SHARED },
	{ SYS_lchown, SHARED },
	{ SYS_utime, SHARED },
	{ SYS_utimes, SHARED },
	{ SYS_futimesat, SHARED },
#endif
#ifdef SYS_chown32
	{ SYS_chown32, SHARED },
	{ SYS_lchown32, SHARED },
	{ SYS_fchown32, SHARED },
	{ SYS_truncate64, SHARED },
	{ 412 /* utimensat_time64 */, SHARED },
#endif
	/* Other processes; and out of the group that the watcher ends. */
	{ SYS_setsid, SHARED },
	{ SYS_setpgid, SHARED },
	{ SYS_prlimit64, SHARED, DIFFERS, 0, ALL, 0 },
	{ SYS_setpriority, SHARED, DIFFERS, 1, ALL, 0 },
	{ SYS_ioprio_set, SHARED, DIFFERS, 1, ALL, 0 },
	{ SYS_sched_setaffinity, SHARED, DIFFERS, 0, ALL, 0 },
	{ SYS_sched_setscheduler, SHARED, DIFFERS, 0, ALL, 0 },
	{ SYS_sched_setparam, SHARED, DIFFERS, 0, ALL, 0 },
	{ SYS_sched_setattr, SHARED, DIFFERS, 0, ALL, 0 },
	{ SYS_kill, SHARED_SIGNALS },
	{ SYS_tkill, SHARED_SIGNALS },
	{ SYS_tgkill, SHARED_SIGNALS },
	{ SYS_rt_sigqueueinfo, SHARED_SIGNALS },
	{ SYS_rt_tgsigqueueinfo, SHARED_SIGNALS },
	{ NR_PIDFD_SEND_SIGNAL, SHARED_SIGNALS },
	{ SYS_shmget, SHARED },
	{ SYS_shmat, SHARED },
	{ SYS_semget, SHARED },
	{ SYS_msgget, SHARED },
	{ SYS_mq_open, SHARED },
	{ SYS_mq_unlink, SHARED },
#ifdef SYS_ipc
	{ SYS_ipc, SHARED },
#endif
	/* The record: owners_linux.c. */
	{ SYS_fchown, VIEW, .error = TOLD },
	{ SYS_fchownat, VIEW, .error = TOLD },
	{ SYS_mknodat, VIEW, EQUAL, 2, S_IFMT, S_IFCHR, TOLD },
	{ SYS_mknodat, VIEW, EQUAL, 2, S_IFMT, S_IFBLK, TOLD },
	{ SYS_statx, VIEW, .error = TOLD },
	{ SYS_fstat, VIEW, .error = TOLD },
#ifdef SYS_newfstatat
	{ SYS_newfstatat, VIEW, .error = TOLD },
#endif
#ifdef SYS_chmod
	{ SYS_chown, VIEW, .error = TOLD },
	{ SYS_lchown, VIEW, .error = TOLD },
	{ SYS_mknod, VIEW, EQUAL, 1, S_IFMT, S_IFCHR, TOLD },
	{ SYS_mknod, VIEW, EQUAL, 1, S_IFMT, S_IFBLK, TOLD },
	{ SYS_stat, VIEW, .error = TOLD },
	{ SYS_lstat, VIEW, .error = TOLD },
#endif
	/* An image's files have none. */
	{ SYS_setxattr, VIEW, .error = EOPNOTSUPP },
	{ SYS_lsetxattr, VIEW, .error = EOPNOTSUPP },
	{ SYS_fsetxattr, VIEW, .error = EOPNOTSUPP },
	{ NR_SETXATTRAT, VIEW, .error = EOPNOTSUPP },
};

#ifdef NATIVE
static bool
applies(enum when when, const struct sandbox *s, const struct sandbox_place *place)
{
	switch (when) {
	case OFFLINE:
		return !s->network;
	case ONLINE:
		return s->network;
	case SHARED:
		return !place->namespaces;
	case SHARED_SIGNALS:
		return !place->namespaces && place->landlock < 6;
	case VIEW:
		return s->view != NULL;
	default:
		return true;
	}
}

/* The number of the call is in the accumulator before and after. */
static size_t
add_rule(struct sock_filter *p, const struct rule *r)
{
	uint32_t verdict = r->error == TOLD ? SECCOMP_RET_USER_NOTIF
					    : SECCOMP_RET_ERRNO | (unsigned)(r->error != 0 ? r->error : EPERM);
	struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, verdict);
	unsigned low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;
	size_t n = 0;

	p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)r->nr, 0, r->test == ANY ? 1 : 5);
	if (r->test == ANY) {
		p[n++] = refuse;
		return n;
	}
	p[n++] = (struct sock_filter)BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, args) + 8 * r->arg + low);
	p[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, r->mask);
	p[n++] = (struct sock_filter)BPF_JUMP(
	    BPF_JMP | BPF_JEQ | BPF_K, r->value, r->test == EQUAL ? 0 : 1, r->test == EQUAL ? 1 : 0);
	p[n++] = refuse;
	p[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	return n;
}

int
sandbox_seccomp(const struct sandbox *s, const struct sandbox_place *place)
{
	/* Programs of another architecture that this kernel runs have other numbers: none of their calls pass. */
	struct sock_filter filter[8 + 6 * nitems(rules)] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef __x86_64__
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000 /* x32 */, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
#endif
	};
	struct sock_fprog program = { .filter = filter };
	size_t n = 4, i;
	int fd;

#ifdef __x86_64__
	n += 2;
#endif
	for (i = 0; i < nitems(rules); i++)
		if (applies(rules[i].when, s, place))
			n += add_rule(filter + n, &rules[i]);
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = (unsigned short)n;
	if (s->view == NULL)
		return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
#ifndef __LP64__
	errno = ENOSYS; /* there are more kinds of stat(2) than owners_call_linux.c answers */
	return -1;
#endif
	/* A call that is being answered is not begun anew for a signal (Linux 5.19): mknod(2) would find its own file.
	 */
	fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_NEW_LISTENER | FILTER_WAIT_KILLABLE_RECV, &program);
	if (fd < 0 && errno == EINVAL)
		fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return fd;
}
#else
int
sandbox_seccomp(const struct sandbox *s, const struct sandbox_place *place)
{
	(void)s;
	(void)place;
	errno = ENOSYS;
	return -1;
}
#endif
