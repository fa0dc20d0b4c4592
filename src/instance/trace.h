/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a boot reached which stage:
 *
 *	begin ─► exec ─► machine made ─► first instruction ─► kernel banner
 *	      ─► init ─► first console line of user space ─► a port answers
 *
 * The monitor's own stages are its word where it has one (smol-vmm's metrics);
 * QEMU's are when it says that it is ready, and when it is told to go on.  The console's
 * are when the line was read from it.  Kernels put a time in front of their
 * lines ("[   1.0000000] "); the first line without is user space's.
 */
#ifndef SMOL_INSTANCE_TRACE_H
#define SMOL_INSTANCE_TRACE_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "instance/front.h"

#define TRACE_LINE_MAX 512

enum trace_stage {
	TRACE_EXEC, /* the monitor's process is about to be made */
	TRACE_MACHINE,
	TRACE_RUN, /* first instruction */
	TRACE_BANNER,
	TRACE_INIT, /* the kernel has its root, and starts init */
	TRACE_LINE,
	TRACE_PORT,
	TRACE_STAGES
};

struct trace {
	/* From the caller. */
	uint16_t port; /* of localhost, over TCP; 0: the boot ends with the first line */
	bool listens; /* it speaks first (ssh): nothing is sent */
	const char *until; /* the boot ends with a line that holds this; NULL: none */
	bool stops; /* then the machine is ended */
	unsigned timeout_ms; /* 0: none */
	/* Found. */
	uint64_t begin_ns, at_ns[TRACE_STAGES]; /* CLOCK_MONOTONIC; 0: not seen */
	json_t *metrics; /* the backend's, at the boot's end; NULL */
	bool done, timed_out;
	/* Ours. */
	char line[TRACE_LINE_MAX];
	size_t len;
	pthread_t thread;
	bool thread_started;
	_Atomic bool thread_stop;
	_Atomic uint64_t answered_ns;
	int pipe[2];
};

/* Begins now; what the caller gives is set between init and run. */
void trace_init(struct trace *);
void trace_release(struct trace *);

void trace_stamp(struct trace *, enum trace_stage);
/* The backend's counters; its stages replace ours. */
void trace_metrics(struct trace *, json_t *);

/* "exec", "machine", ...; what people call it. */
const char *trace_stage_name(enum trace_stage);
const char *trace_stage_text(enum trace_stage);

/* Sees the console's bytes; FRONT_DONE when the boot is over. */
struct front *front_trace_new(struct trace *, struct err *);

#endif
