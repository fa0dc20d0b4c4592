/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What smol says to a running backend, and hears from it, on a stream socket:
 * the same requests for each backend, in that one's protocol.
 *
 *	smol-vmm	lines of words (vmm/control.h)
 *	QEMU		QMP (QEMU docs/interop/qmp-spec): JSON objects, one a line
 *
 * Requests are answered in their order; each answer goes to who asked.
 */
#ifndef SMOL_BACKEND_CONTROL_H
#define SMOL_BACKEND_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define CONTROL_WAITING_MAX 64
#define CONTROL_REASON_MAX 128

enum control_verb {
	CONTROL_STATUS, /* {"state": "running"|"paused"} */
	CONTROL_PAUSE,
	CONTROL_RESUME, /* also begins, where the machine waits for it */
	CONTROL_STOP, /* asks the guest, by its power button */
	CONTROL_QUIT, /* ends it at once */
	CONTROL_METRICS, /* an object of counters, the backend's own */
	CONTROL_BALLOON, /* args: bytes that the guest shall give up */
	CONTROL_SIZE, /* args: the console's columns, rows */
	CONTROL_COMMIT, /* args: number of a disk, whose overlay goes into its image */
	CONTROL_RESET, /* args: number of a disk, whose overlay is emptied */
	CONTROL_VERBS
};

/* How the backend says that the machine ended. */
enum control_end {
	CONTROL_RUNNING, /* it has not said */
	CONTROL_HALTED, /* switched off */
	CONTROL_RESTARTED, /* the guest asked for a reset */
	CONTROL_PANICKED,
	CONTROL_EXITED, /* by the exit device, with end_code */
	CONTROL_SIGNALLED, /* the backend's process was told to end by a signal */
	CONTROL_TOLD, /* ... or on a control socket that is not ours */
	CONTROL_FAILED, /* for end_reason */
};

struct control;

/* result is NULL and error one line if it was refused, or the backend is gone; neither is the callee's. */
typedef void control_answer(void *arg, json_t *result, const char *error);

struct control_ops {
	/* A line without its end: an event, or the answer to the oldest request. -1: it breaks the protocol. */
	int (*line)(struct control *, const char *line, size_t len, struct err *);
	/* Puts a request into out; -1 and err: this backend has none such. */
	int (*request)(enum control_verb, const uint64_t args[2], struct str *out, struct err *);
};

struct control {
	const struct control_ops *ops;
	int fd; /* not blocking; -1 after its end */
	bool ready; /* the machine is there */
	bool negotiated; /* QMP's */
	bool power_button; /* the guest has one */
	struct str in;
	enum control_end end;
	unsigned end_code;
	char end_reason[CONTROL_REASON_MAX]; /* RESTARTED: "", or the fault that made it */
	struct {
		control_answer *fn;
		void *arg;
	} waiting[CONTROL_WAITING_MAX];
	size_t nwaiting;
};

extern const struct control_ops control_qemu, control_vmm;

void control_init(struct control *, const struct control_ops *, int fd, bool power_button);
/* Closes fd; who waits for an answer is told that there is none. */
void control_release(struct control *);

/* Reads what there is.  -1 only if the other side breaks the protocol. */
int control_read(struct control *, struct err *);

/* fn may be NULL.  -1 and err, and fn is not called: it cannot even be asked. */
int
control_ask(struct control *, enum control_verb, const uint64_t args[2], control_answer *fn, void *arg, struct err *);

/* For ops: the oldest request is answered. */
void control_answered(struct control *, json_t *result, const char *error);
/* For ops: it ended so. */
void control_ended(struct control *, enum control_end, const char *reason);

#endif
