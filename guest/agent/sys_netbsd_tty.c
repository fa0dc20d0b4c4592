/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Terminals, the system's name, clock and end on NetBSD.  ioctl(2) numbers are
 * those of sys/sys/ttycom.h.
 */
#include "netbsd.h"

struct nb_termios {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t cc[20];
	int ispeed, ospeed;
};

struct nb_ptmget {
	int ours, theirs;
	char our_name[1024], their_name[1024];
};

enum { CS8 = 0x300, CREAD = 0x800, CLOCAL = 0x8000, VMIN = 16, VTIME = 17 };
enum { CTL_KERN = 1, CTL_HW = 6, KERN_OSRELEASE = 2, KERN_HOSTNAME = 10, KERN_ARND = 81, HW_MACHINE = 1 };
enum { RB_HALT = 8, RB_POWERDOWN = 0x808 };

uint32_t
sys_tty_raw(int fd)
{
	struct nb_termios t;
	int size = 65536;

	if (syscall(SYS_ioctl, fd, IOC(IOC_READ, 't', 19, sizeof(t)), (long)&t) < 0)
		return 0;
	t.iflag = t.oflag = t.lflag = 0;
	/* The driver's flow control, if it has any, stays. */
	t.cflag |= CS8 | CREAD | CLOCAL;
	t.cc[VMIN] = 1;
	t.cc[VTIME] = 0;
	(void)syscall(SYS_ioctl, fd, IOC(IOC_WRITE, 't', 22, sizeof(t)), (long)&t);
	(void)syscall(SYS_ioctl, fd, IOC(IOC_WRITE, 't', 128, sizeof(size)), (long)&size);
	size = 0;
	(void)syscall(SYS_ioctl, fd, IOC(IOC_READ, 't', 129, sizeof(size)), (long)&size);
	return size < 1024 ? 1024 : (uint32_t)size;
}

long
sys_pty(int *ours, int *theirs)
{
	static struct nb_ptmget pt;
	long fd = sys_open("/dev/ptm", O_RDWR | O_NOCTTY, 0);
	long r;

	if (fd < 0)
		return fd;
	r = syscall(SYS_ioctl, fd, IOC(IOC_READ, 't', 70, sizeof(pt)), (long)&pt);
	sys_close((int)fd);
	if (r < 0)
		return r;
	*ours = pt.ours;
	*theirs = pt.theirs;
	(void)syscall(SYS_fcntl, *ours, 2, 1);
	(void)syscall(SYS_fcntl, *theirs, 2, 1);
	return 0;
}

void
sys_tty_size(int fd, unsigned rows, unsigned columns)
{
	uint16_t size[4] = { (uint16_t)rows, (uint16_t)columns, 0, 0 };

	(void)syscall(SYS_ioctl, fd, IOC(IOC_WRITE, 't', 103, sizeof(size)), (long)size);
}

long
sys_tty_control(int fd)
{
	return syscall(SYS_ioctl, fd, IOC(IOC_NONE, 't', 97, 0), 0);
}

static long
sysctl(int first, int second, void *old, size_t *oldlen, const void *new, size_t newlen)
{
	int name[2] = { first, second };

	return nb_sysctl(name, 2, old, oldlen, new, newlen);
}

void
sys_random(void *buf, size_t n)
{
	(void)sysctl(CTL_KERN, KERN_ARND, buf, &n, NULL, 0);
}

long
sys_hostname(const char *name)
{
	return sysctl(CTL_KERN, KERN_HOSTNAME, NULL, NULL, name, text_len(name));
}

long
sys_clock(uint64_t seconds, uint32_t nanoseconds)
{
	struct nb_timespec ts = { (int64_t)seconds, (long)nanoseconds };

	return syscall(SYS_clock_settime50, 0, (long)&ts);
}

void
sys_sync(void)
{
	(void)syscall(SYS_sync, 0);
}

/* The kernel syncs and unmounts by itself. */
void
sys_stop(enum sys_stop how)
{
	static const long flags[] = { [SYS_HALT] = RB_HALT, [SYS_POWEROFF] = RB_POWERDOWN, [SYS_REBOOT] = 0 };

	(void)syscall(SYS_reboot, flags[how], 0);
}

static void
add_sysctl(char *buf, size_t size, int first, int second)
{
	char value[64] = "";
	size_t n = sizeof(value) - 1;

	if (sysctl(first, second, value, &n, NULL, 0) >= 0) {
		(void)text_add(buf, size, " ");
		(void)text_add(buf, size, value);
	}
}

void
sys_name(char *buf, size_t size)
{
	(void)text_copy(buf, size, "NetBSD");
	add_sysctl(buf, size, CTL_KERN, KERN_OSRELEASE);
	add_sysctl(buf, size, CTL_HW, HW_MACHINE);
}
