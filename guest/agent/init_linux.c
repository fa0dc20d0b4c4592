/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Being init on Linux: kernel modules in /modules, the file systems that every program
 * expects, addresses by ioctl(2) (include/uapi/linux/{if,route}.h).
 */
#include "sys.h"
#include "syscall.h"

enum { AF_INET = 2, SOCK_DGRAM = 2, MS_RDONLY = 1, MS_NOSUID = 2, MS_NOEXEC = 8, MS_REMOUNT = 32 };
enum { SIOCADDRT = 0x890b, SIOCSIFFLAGS = 0x8914, SIOCSIFADDR = 0x8916, SIOCSIFNETMASK = 0x891c };
enum { IFF_UP = 1, IFF_RUNNING = 0x40, RTF_UP = 1, RTF_GATEWAY = 2 };

const char init_loopback[] = "lo", init_interface[] = "eth0", init_port[] = "/dev/vport0p2";

struct lx_sockaddr_in {
	uint16_t family;
	uint8_t port[2], address[4], zero[8];
};

struct lx_ifreq {
	char name[16];
	union {
		struct lx_sockaddr_in address;
		int16_t flags;
		uint8_t size[24];
	} u;
};

struct lx_rtentry {
	unsigned long pad1;
	struct lx_sockaddr_in destination, gateway, mask;
	uint16_t flags;
	int16_t pad2;
	unsigned long pad3;
	void *pad4;
	int16_t metric;
	char *device;
	unsigned long mtu, window;
	uint16_t irtt;
};

static void
address_set(struct lx_sockaddr_in *sin, const uint8_t address[4])
{
	*sin = (struct lx_sockaddr_in){ .family = AF_INET };
	memcpy(sin->address, address, 4);
}

static bool
text_before(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return (uint8_t)*a < (uint8_t)*b;
}

/* The first name in /modules after that one; false at the end. */
static bool
next_module(char name[64])
{
	static uint8_t buf[4096];
	char best[64] = "";
	const char *e;
	size_t at;
	long fd = sys_open("/modules", O_RDONLY | O_DIRECTORY, 0), n;

	if (fd < 0)
		return false;
	while ((n = sys_entries((int)fd, buf, sizeof(buf))) > 0) {
		for (at = 0; (e = sys_entry(buf, (size_t)n, &at)) != NULL;) {
			if (e[0] != '.' && text_len(e) < sizeof(best) && text_before(name, e) &&
			    (best[0] == '\0' || text_before(e, best)))
				(void)text_copy(best, sizeof(best), e);
		}
	}
	sys_close((int)fd);
	memcpy(name, best, sizeof(best));
	return best[0] != '\0';
}

static void
load_modules(void)
{
	char name[64] = "", path[80];
	long fd;

	while (next_module(name)) {
		(void)text_copy(path, sizeof(path), "/modules/");
		(void)text_add(path, sizeof(path), name);
		fd = sys_open(path, O_RDONLY, 0);
		if (fd >= 0) {
			(void)syscall(SYS_finit_module, fd, (long)"", 0);
			sys_close((int)fd);
		}
	}
}

long
init_mount(const char *what, const char *where, const char *type, const char *options)
{
	long flags = text_same(options, "ro") ? MS_RDONLY : 0;

	(void)sys_mkdir(where, 0755);
	return syscall(SYS_mount, (long)what, (long)where, (long)type, flags, (long)"");
}

void
init_system(bool read_only, const char *root_options)
{
	(void)root_options;
	(void)init_mount("dev", "/dev", "devtmpfs", "");
	(void)init_mount("proc", "/proc", "proc", "");
	(void)init_mount("sysfs", "/sys", "sysfs", "");
	(void)init_mount("devpts", "/dev/pts", "devpts", "");
	(void)init_mount("tmp", "/tmp", "tmpfs", "");
	if (!read_only)
		(void)syscall(SYS_mount, 0, (long)"/", 0, MS_REMOUNT, 0);
	load_modules();
}

long
init_address(const char *interface, const uint8_t address[4], unsigned prefix)
{
	struct lx_ifreq r;
	uint8_t mask[4];
	unsigned i, bits;
	long fd = syscall(SYS_socket, AF_INET, SOCK_DGRAM | O_CLOEXEC, 0), result;

	if (fd < 0)
		return fd;
	memset(&r, 0, sizeof(r));
	(void)text_copy(r.name, sizeof(r.name), interface);
	address_set(&r.u.address, address);
	result = syscall(SYS_ioctl, fd, SIOCSIFADDR, (long)&r);
	for (i = 0; i < 4; i++) {
		bits = prefix > i * 8 ? prefix - i * 8 : 0;
		mask[i] = bits >= 8 ? 0xff : (uint8_t)(0xff00 >> bits);
	}
	address_set(&r.u.address, mask);
	if (result >= 0)
		result = syscall(SYS_ioctl, fd, SIOCSIFNETMASK, (long)&r);
	r.u.flags = IFF_UP | IFF_RUNNING;
	if (result >= 0)
		result = syscall(SYS_ioctl, fd, SIOCSIFFLAGS, (long)&r);
	sys_close((int)fd);
	return result;
}

long
init_route(const uint8_t gateway[4])
{
	static const uint8_t any[4];
	struct lx_rtentry r;
	long fd = syscall(SYS_socket, AF_INET, SOCK_DGRAM | O_CLOEXEC, 0), result;

	if (fd < 0)
		return fd;
	memset(&r, 0, sizeof(r));
	address_set(&r.destination, any);
	address_set(&r.gateway, gateway);
	address_set(&r.mask, any);
	r.flags = RTF_UP | RTF_GATEWAY;
	result = syscall(SYS_ioctl, fd, SIOCADDRT, (long)&r);
	sys_close((int)fd);
	return result;
}
