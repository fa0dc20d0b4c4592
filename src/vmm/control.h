/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control protocol, between smol and its monitor on a stream socket: lines
 * of text, replies in the order of the commands.
 *
 *	status		ok running|paused
 *	pause, resume	ok		vCPUs out of the guest, and in again
 *	stop		ok		the guest is asked, by its power button (stop.h)
 *	quit		ok		the machine ends: event ended stopped
 *	metrics		ok {...}	metrics.h
 *	balloon BYTES	ok		what the guest shall give up
 *	size COLS ROWS	ok		of the console's terminal
 *	commit N	ok		disk N's overlay is in its raw file, and empty
 *	reset N		ok		it is empty; the guest sees another disk from now on
 *	anything else	error TEXT
 *
 * A line is at most CONTROL_LINE_MAX bytes; the reply of "metrics" may be
 * longer, up to some ten kilobytes for a machine full of devices.
 * Unasked, at any time:
 *
 *	event started			the vCPUs' threads run
 *	event ended HOW [WHY]		halted, reset, panicked, exit N, stopped, failed
 *
 * The loop never waits for the other side: while a reply is not taken no
 * further command is read, so that one reply and the two events are all that
 * is ever kept.  A side that is gone is forgotten, the machine runs on.
 */
#ifndef SMOL_VMM_CONTROL_H
#define SMOL_VMM_CONTROL_H

#include "base/str.h"
#include "vmm/devices.h"
#include "vmm/loop.h"
#include "vmm/metrics.h"
#include "vmm/stop.h"

#define CONTROL_LINE_MAX 4096

struct control {
	struct loop *loop;
	struct vm *vm;
	struct devices *devices;
	struct stop *stop;
	struct metrics metrics;
	struct loop_source source; /* fd -1: nobody controls this machine */
	bool gone; /* the other side will say nothing more */
	char in[CONTROL_LINE_MAX + 1];
	size_t nin;
	bool skipping; /* the rest of a line that was too long */
	struct str out; /* replies that are not sent yet, from out_sent on */
	size_t out_sent;
};

void control_init(
    struct control *, int fd, struct loop *, struct vm *, struct devices *, struct stop *, const struct metrics *);
int control_start(struct control *, struct err *);
void control_release(struct control *);

/* The events; the last one is waited for until it is sent, CONTROL_FLUSH_MS at most. */
#define CONTROL_FLUSH_MS 1000
void control_started(struct control *);
void control_ended(struct control *, enum vm_end, const char *why);

/* Exported for tests: bytes as they come; how many were taken (the rest when the replies are). */
size_t control_feed(struct control *, const char *bytes, size_t n);

#endif
