/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices of one machine, made in the order of its description: each takes
 * the next virtio window.
 *
 *	devices_add ─► devices_start (their threads) ─► ... ─► devices_release
 */
#ifndef SMOL_VMM_DEVICES_H
#define SMOL_VMM_DEVICES_H

#include "vmm/config.h"
#include "vmm/device/fwcfg.h"
#include "vmm/device/power.h"
#include "vmm/device/rtc.h"
#include "vmm/device/uart.h"
#include "vmm/loop.h"
#include "vmm/virtio/balloon.h"
#include "vmm/virtio/block.h"
#include "vmm/virtio/console.h"
#include "vmm/virtio/entropy.h"
#include "vmm/virtio/net.h"
#include "vmm/virtio/p9.h"
#include "vmm/vm.h"
#include "vmm/x86_64/layout.h"

struct devices {
	struct vm *vm;
	struct loop *loop;
	struct uart uart;
	struct rtc rtc;
	struct fwcfg fwcfg;
	struct power power; /* where there is ACPI */
	struct virtio_console *console; /* NULL: none, as the others */
	struct virtio_entropy *entropy;
	struct virtio_balloon *balloon;
	struct virtio_block *blocks;
	unsigned nblocks;
	struct virtio_net *nets;
	unsigned nnets;
	struct virtio_p9 *shares;
	unsigned nshares;
	struct virtio_device *virtio[LAYOUT_VIRTIO_MAX]; /* all of them, by window */
	unsigned nvirtio;
};

void devices_init(struct devices *, struct vm *, struct loop *);
int devices_add(struct devices *, const struct config *, struct err *);
/* Their threads, as the first thing of each hook(its enum sandbox_role). */
int devices_start(struct devices *, void (*hook)(void *), struct err *);
/* Their interrupts, in the loop's thread: after the guest began, which has long to go until it needs one. */
int devices_connect(struct devices *, struct err *);
/* A vCPU that waits in a device for the outside looks at vm->end again. */
void devices_wake(struct devices *);
/* After the vCPUs are gone. */
void devices_release(struct devices *);

#endif
