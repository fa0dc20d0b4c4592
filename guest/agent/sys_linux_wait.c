/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting, signals, terminals, the system's name, clock and end on Linux.
 */
#include "sys.h"
#include "syscall.h"

struct lx_pollfd {
	int fd;
	int16_t events, revents;
};

struct lx_sigaction {
	void *handler;
	uint64_t flags;
	void *restorer;
	uint64_t mask;
};

struct lx_termios {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line, cc[19];
};

enum { POLLIN = 1, POLLOUT = 4, SIG_SETMASK = 2, POLLS = 256 };
enum { TCGETS = 0x5401, TCSETSF = 0x5404, TIOCSCTTY = 0x540e, TIOCSWINSZ = 0x5414, TIOCGPTPEER = 0x5441 };
enum { CS8 = 0x30, CREAD = 0x80, CLOCAL = 0x800, VTIME = 5, VMIN = 6 };
#define TIOCSPTLCK 0x40045431L
#define SIGNALS 64
#define SIGCHLD_BIT (UINT64_C(1) << 16)

static int children = -1;

long
sys_wait_init(void)
{
	static const uint64_t all = ~UINT64_C(0), child = SIGCHLD_BIT;
	static const struct lx_sigaction normal;
	long fd;

	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, 0, 8);
	(void)syscall(SYS_rt_sigaction, 17, (long)&normal, 0, 8);
	fd = syscall(SYS_signalfd4, -1, (long)&child, 8, O_CLOEXEC | O_NONBLOCK);
	children = (int)fd;
	return fd < 0 ? fd : 0;
}

void
sys_signals_default(void)
{
	static const uint64_t none;
	static const struct lx_sigaction normal;
	long sig;

	/* What whoever started the agent ignores (nohup), too. */
	for (sig = 1; sig <= SIGNALS; sig++)
		(void)syscall(SYS_rt_sigaction, sig, (long)&normal, 0, 8);
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&none, 0, 8);
}

void
sys_wait(struct sys_poll *p, size_t n, int timeout_ms, bool *signalled)
{
	static struct lx_pollfd fds[POLLS];
	static uint8_t info[128 * 4];
	int64_t ts[2] = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	size_t i;

	if (n > POLLS - 1)
		n = POLLS - 1;
	for (i = 0; i < n; i++) {
		fds[i].fd = p[i].read || p[i].write ? p[i].fd : -1;
		fds[i].events = (int16_t)((p[i].read ? POLLIN : 0) | (p[i].write ? POLLOUT : 0));
		fds[i].revents = 0;
		p[i].readable = p[i].writable = false;
	}
	fds[n] = (struct lx_pollfd){ .fd = children, .events = POLLIN };
	*signalled = false;
	if (syscall(SYS_ppoll, (long)fds, (long)n + 1, timeout_ms < 0 ? 0 : (long)ts, 0, 8) <= 0)
		return;
	for (i = 0; i < n; i++) {
		p[i].readable = p[i].read && (fds[i].revents & ~POLLOUT) != 0;
		p[i].writable = p[i].write && (fds[i].revents & ~POLLIN) != 0;
	}
	*signalled = fds[n].revents != 0;
	if (*signalled)
		(void)sys_read(children, info, sizeof(info));
}

/* --- terminals --- */

uint32_t
sys_tty_raw(int fd)
{
	struct lx_termios t;

	if (syscall(SYS_ioctl, fd, TCGETS, (long)&t) < 0)
		return 0;
	t.iflag = t.oflag = t.lflag = 0;
	t.cflag |= CS8 | CREAD | CLOCAL;
	t.cc[VMIN] = 1;
	t.cc[VTIME] = 0;
	(void)syscall(SYS_ioctl, fd, TCSETSF, (long)&t);
	return 4096;
}

long
sys_pty(int *ours, int *theirs)
{
	long fd = sys_open("/dev/ptmx", O_RDWR | O_NOCTTY, 0), other;
	int unlocked = 0;

	if (fd < 0)
		return fd;
	(void)syscall(SYS_ioctl, fd, TIOCSPTLCK, (long)&unlocked);
	other = syscall(SYS_ioctl, fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (other < 0) {
		sys_close((int)fd);
		return other;
	}
	*ours = (int)fd;
	*theirs = (int)other;
	return 0;
}

void
sys_tty_size(int fd, unsigned rows, unsigned columns)
{
	uint16_t size[4] = { (uint16_t)rows, (uint16_t)columns, 0, 0 };

	(void)syscall(SYS_ioctl, fd, TIOCSWINSZ, (long)size);
}

long
sys_tty_control(int fd)
{
	return syscall(SYS_ioctl, fd, TIOCSCTTY, 0);
}

/* --- the system --- */

void
sys_random(void *buf, size_t n)
{
	(void)syscall(SYS_getrandom, (long)buf, (long)n, 4 /* GRND_INSECURE */);
}

long
sys_hostname(const char *name)
{
	return syscall(SYS_sethostname, (long)name, (long)text_len(name));
}

long
sys_clock(uint64_t seconds, uint32_t nanoseconds)
{
	int64_t ts[2] = { (int64_t)seconds, nanoseconds };

	return syscall(SYS_clock_settime, 0, (long)ts);
}

void
sys_sync(void)
{
	(void)syscall(SYS_sync, 0);
}

void
sys_stop(enum sys_stop how)
{
	static const uint32_t magic[] = {
		[SYS_HALT] = 0xcdef0123, [SYS_POWEROFF] = 0x4321fedc, [SYS_REBOOT] = 0x1234567
	};

	(void)syscall(SYS_reboot, (long)0xfee1dead, 672274793, (long)magic[how], 0);
}

void
sys_name(char *buf, size_t size)
{
	static char uts[6][65]; /* system, node, release, version, machine, domain */

	(void)syscall(SYS_uname, (long)uts);
	(void)text_copy(buf, size, uts[0]);
	(void)text_add(buf, size, " ");
	(void)text_add(buf, size, uts[2]);
	(void)text_add(buf, size, " ");
	(void)text_add(buf, size, uts[4]);
}
