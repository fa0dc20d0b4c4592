/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network interface's address and the default route on NetBSD: SIOCAIFADDR
 * (sys/net/if.h) and a routing socket (sys/net/route.h).
 */
#include "netbsd.h"

enum { AF_INET = 2, AF_ROUTE = 34, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_CLOEXEC = 0x10000000 };
enum { CTL_QUERY = -2, CTL_NET = 4, SYSCTL_VERSION = 0x1000000 };
enum { RTM_VERSION = 4, RTM_ADD = 1, RTA_DST = 1, RTA_GATEWAY = 2, RTA_NETMASK = 4, RTF_UP = 1, RTF_GATEWAY = 2 };
enum { RTF_STATIC = 0x800 };

struct nb_sockaddr_in {
	uint8_t len, family;
	uint8_t port[2], address[4], zero[8];
};

struct nb_ifaliasreq {
	char name[16];
	struct nb_sockaddr_in address, broadcast, mask;
};

struct nb_sysctlnode {
	uint32_t flags;
	int32_t number;
	char name[32];
	uint32_t version, reserved;
	uint64_t rest[6];
};

struct nb_route {
	uint16_t length __attribute__((aligned(8)));
	uint8_t version, type;
	uint16_t index;
	int flags, addresses;
	int32_t pid;
	int seq, error, use, inits;
	uint64_t metrics[10] __attribute__((aligned(8)));
	struct nb_sockaddr_in destination, gateway, mask;
};

static void
address_set(struct nb_sockaddr_in *sin, const uint8_t address[4])
{
	*sin = (struct nb_sockaddr_in){ .len = sizeof(*sin), .family = AF_INET };
	memcpy(sin->address, address, 4);
}

/* The address would be of no use for some seconds while ARP looks whether it is another's: there is no other. */
static void
no_duplicate_detection(void)
{
	static struct nb_sysctlnode nodes[128];
	struct nb_sysctlnode query = { .flags = SYSCTL_VERSION };
	int name[4] = { CTL_NET, AF_INET, 0, CTL_QUERY }, zero = 0;
	size_t len = sizeof(nodes), i;

	if (nb_sysctl(name, 4, nodes, &len, &query, sizeof(query)) < 0)
		return;
	for (i = 0; i < len / sizeof(nodes[0]); i++) {
		if (text_same(nodes[i].name, "dad_count")) {
			name[3] = nodes[i].number;
			(void)nb_sysctl(name, 4, NULL, NULL, &zero, sizeof(zero));
		}
	}
}

long
init_address(const char *interface, const uint8_t address[4], unsigned prefix)
{
	struct nb_ifaliasreq r;
	uint8_t mask[4], broadcast[4];
	unsigned i, bits;
	long fd = syscall(SYS_socket30, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

	if (fd < 0)
		return fd;
	no_duplicate_detection();
	for (i = 0; i < 4; i++) {
		bits = prefix > i * 8 ? prefix - i * 8 : 0;
		mask[i] = bits >= 8 ? 0xff : (uint8_t)(0xff00 >> bits);
		broadcast[i] = (uint8_t)(address[i] | ~mask[i]);
	}
	memset(&r, 0, sizeof(r));
	(void)text_copy(r.name, sizeof(r.name), interface);
	address_set(&r.address, address);
	address_set(&r.broadcast, text_starts(interface, "lo") ? address : broadcast);
	address_set(&r.mask, mask);
	result = syscall(SYS_ioctl, fd, IOC(IOC_WRITE, 'i', 26, sizeof(r)), (long)&r);
	sys_close((int)fd);
	return result;
}

long
init_route(const uint8_t gateway[4])
{
	static const uint8_t any[4];
	struct nb_route r;
	long fd = syscall(SYS_socket30, AF_ROUTE, SOCK_RAW | SOCK_CLOEXEC, AF_INET), n;

	if (fd < 0)
		return fd;
	memset(&r, 0, sizeof(r));
	r.length = sizeof(r);
	r.version = RTM_VERSION;
	r.type = RTM_ADD;
	r.flags = RTF_UP | RTF_GATEWAY | RTF_STATIC;
	r.addresses = RTA_DST | RTA_GATEWAY | RTA_NETMASK;
	r.seq = 1;
	address_set(&r.destination, any);
	address_set(&r.gateway, gateway);
	address_set(&r.mask, any);
	n = sys_write((int)fd, &r, sizeof(r));
	sys_close((int)fd);
	return n < 0 ? n : 0;
}
