/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's own thread: waits for descriptors, calls what belongs to them.
 *
 * #syscalls loop: epoll_wait epoll_pwait
 * #syscalls vcpu loop disk p9 balloon: epoll_ctl read
 */
#ifndef SMOL_VMM_LOOP_H
#define SMOL_VMM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct loop {
	int epoll_fd;
	bool done;
};

/* A descriptor that is waited for; its owner's memory, at one place while it is. */
struct loop_source {
	int fd;
	void (*fn)(void *arg, uint32_t events); /* EPOLLIN, ... */
	void *arg;
	uint32_t events; /* what is waited for; 0: nothing */
};

int loop_init(struct loop *, struct err *);
void loop_release(struct loop *);

/* Waits for events from now on; with 0 it is forgotten (before its fd is closed). */
int loop_set(struct loop *, struct loop_source *, uint32_t events, struct err *);

/* Until loop->done. */
int loop_run(struct loop *, struct err *);

/* Reads an eventfd's count away. */
void loop_drain(int eventfd);

#endif
