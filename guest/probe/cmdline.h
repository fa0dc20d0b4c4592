/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line, read the way NetBSD reads it:
 *
 *	root=NAME=label|dk0|ld0|ld0a  console=com|viocon  -v
 *	virtio_mmio.device=SIZE[K|M]@ADDR:IRQ[:ID]	(in this order)
 *	probe.test=1	run the self-tests before /etc/rc
 *	probe.write=1	let them write to disks
 *	probe.fast=1	let them wait for nothing
 *	probe.hostile=1	attack every device instead (hostile.h)
 *	probe.seed=N	the attack's seed
 *	probe.drop=N	lose every Nth frame in each direction
 */
#ifndef PROBE_CMDLINE_H
#define PROBE_CMDLINE_H

#include "probe.h"

enum { CMDLINE_DEVICES = 24 };

struct cmdline_device {
	uint64_t size, addr;
	uint32_t irq, id;
};

struct cmdline {
	char root[64], console[16];
	bool verbose, test, write, fast, hostile;
	uint32_t drop, seed;
	int device_count;
	struct cmdline_device devices[CMDLINE_DEVICES];
	char bad[64]; /* the first word that could not be understood */
};

extern struct cmdline cmdline;

void cmdline_parse(const char *text);

#endif
