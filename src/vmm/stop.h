/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a running machine is told to end: its power button is pressed, by the
 * control protocol's "stop" or by SIGTERM or SIGINT to the monitor.
 *
 *	signal ─► button ─► the guest halts
 *	          └► STOP_SECONDS later, a second signal, or no button ─► VM_STOPPED
 *
 * A paused machine is resumed first: it could not hear.
 */
#ifndef SMOL_VMM_STOP_H
#define SMOL_VMM_STOP_H

#include "vmm/loop.h"
#include "vmm/vm.h"

#define STOP_SECONDS 10

struct stop {
	struct vm *vm;
	struct loop *loop;
	struct loop_source signals, timer;
	bool asked; /* by a signal */
	/* The power button; NULL: the guest has none. */
	void (*press)(void *arg);
	void *press_arg;
};

void stop_init(struct stop *, struct vm *, struct loop *);
/* Blocks the signals in this thread and those it starts, and waits for them in the loop. */
int stop_start(struct stop *, struct err *);
void stop_release(struct stop *);

/* Asks the guest; -1 if it has no button. */
int stop_ask(struct stop *, struct err *);

#endif
