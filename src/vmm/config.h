/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine description that smol hands to smol-vmm on a descriptor: one
 * line a fact, words divided by single spaces; FD is the number of an
 * inherited descriptor.  All files are open already: the monitor opens none.
 *
 *	smol-vmm 1
 *	cpus N
 *	mem BYTES
 *	kernel FD
 *	initrd FD
 *	kvm FD
 *	cmdline TEXT...			to the end of the line
 *	uart FD				stream socket of COM1
 *	console FD			of the virtio console's port 0
 *	port FD				of its next port
 *	disk FD OVERLAY-FD|- ro|rw
 *	net FD MAC			a tap or smol-net's socket (virtio/net.h); xx:xx:xx:xx:xx:xx
 *	rng
 *	share TAG FD ro|rw		a directory, by 9P
 *	balloon
 *	acpi				ACPI tables and a power button
 *	fwcfg NAME FD			a file for the guest
 *	control FD			the control socket
 */
#ifndef SMOL_VMM_CONFIG_H
#define SMOL_VMM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CONFIG_DISKS_MAX 16
#define CONFIG_PORTS_MAX 31
#define CONFIG_NETS_MAX 8
#define CONFIG_FWCFG_MAX 64
#define CONFIG_SHARES_MAX 8
#define CONFIG_TAG_MAX 31
#define CONFIG_CMDLINE_MAX 2048

struct config_disk {
	int fd, overlay_fd; /* -1: no overlay */
	bool read_only;
};

struct config_fwcfg {
	char name[56];
	int fd;
};

struct config_net {
	int fd;
	uint8_t mac[6];
};

struct config_share {
	char tag[CONFIG_TAG_MAX + 1];
	int fd;
	bool read_only;
};

struct config {
	unsigned cpus;
	uint64_t mem_bytes;
	int kvm_fd, kernel_fd, initrd_fd, uart_fd, control_fd; /* -1: not there */
	bool console, rng, balloon, acpi;
	int port_fds[1 + CONFIG_PORTS_MAX]; /* [0]: the console */
	unsigned nports; /* the console counts */
	struct config_disk disks[CONFIG_DISKS_MAX];
	unsigned ndisks;
	struct config_net nets[CONFIG_NETS_MAX];
	unsigned nnets;
	struct config_fwcfg fwcfg[CONFIG_FWCFG_MAX];
	unsigned nfwcfg;
	struct config_share shares[CONFIG_SHARES_MAX];
	unsigned nshares;
	char cmdline[CONFIG_CMDLINE_MAX];
};

/* text ends with a NUL. The message names the line. */
int config_parse(struct config *, const char *text, struct err *);
/* From the descriptor that an argument names. */
int config_read(struct config *, const char *arg, struct err *);

#endif
