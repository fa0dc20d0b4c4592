/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user-mode network: libslirp between the guest's frames and the host's
 * sockets, in one thread.
 *
 *	smol-vmm ─ frames ─► frame_finish ─► filter ─► libslirp ─► sockets
 *	smol-vmm ◄─ frames ◄─ ring of frames ◄─ filter ◄─ libslirp ◄─ sockets
 *
 * Frames that smol-vmm does not take wait in the ring; while it is more than
 * half full nothing is read from the host's sockets, and what does not fit is
 * dropped and counted.
 *
 * libslirp: sockets of IPv4, IPv6, ICMP; /etc/resolv.conf; glib's memory.
 * #syscalls net: socket:0=AF_INET socket:0=AF_INET6 bind connect listen accept accept4 shutdown
 * #syscalls net: getsockname getpeername getsockopt setsockopt ioctl:1=FIONREAD ioctl:1=FIONBIO
 * #syscalls net: sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg poll ppoll
 * #syscalls net: fcntl:1=F_GETFL fcntl:1=F_SETFL fcntl:1=F_GETFD fcntl:1=F_SETFD
 * #syscalls net: openat:2!O_ACCMODE|O_CREAT|O_TRUNC|O_TMPFILE|O_PATH read lseek fstat newfstatat
 */
#ifndef SMOL_VMM_NET_STACK_H
#define SMOL_VMM_NET_STACK_H

#include <libslirp.h>
#include <poll.h>

#include "vmm/net/filter.h"

#define STACK_RING_FRAMES 256
#define STACK_MTU 1500

/* Behind its virtio-net header. */
struct stack_frame {
	uint16_t len;
	uint8_t bytes[FRAME_VIRTIO_BYTES + FRAME_ETHER_BYTES + STACK_MTU + 8];
};

struct stack {
	const struct net_config *config;
	struct filter filter;
	Slirp *slirp;
	int frames_fd;
	bool ended; /* smol-vmm has closed its end */
	struct stack_frame ring[STACK_RING_FRAMES];
	unsigned head, waiting; /* first frame, and how many */
	struct pollfd *polls; /* [0]: frames */
	size_t npolls, polls_cap, polls_max; /* polls_max: so many descriptors are allowed */
	bool congested; /* when polls was made */
	int listeners[NET_FORWARDS_MAX];
	unsigned nlisteners;
	/* libslirp's only timer (router advertisements), used where IPv6 is. */
	SlirpTimerCb timer;
	void *timer_arg;
	int64_t timer_ms; /* 0: not set */
	uint64_t in_dropped, out_dropped, guest_errors;
};

/* The forwarded ports are bound. config lives as long as the stack. */
int stack_open(struct stack *, const struct net_config *, struct err *);
/* Until smol-vmm closes its end of the socket. */
int stack_run(struct stack *, struct err *);
void stack_close(struct stack *);

#endif
