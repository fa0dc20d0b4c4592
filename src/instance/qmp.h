/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QMP (QEMU docs/interop/qmp-spec): JSON objects, one a line, on a stream
 * socket.
 *
 *	greeting ─► qmp_capabilities ─► {} ─► READY ─► cont ─► events
 */
#ifndef SMOL_INSTANCE_QMP_H
#define SMOL_INSTANCE_QMP_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum qmp_state {
	QMP_GREETING, /* nothing heard yet */
	QMP_NEGOTIATING,
	QMP_READY, /* commands are taken */
};

struct qmp {
	int fd; /* not blocking; -1 after its end */
	enum qmp_state state;
	struct str line;
	char shutdown_reason[32]; /* of the SHUTDOWN event; "" before it */
	bool panicked;
};

void qmp_init(struct qmp *, int fd);
void qmp_release(struct qmp *); /* closes fd */

/* Reads what there is.  -1 only if the other side breaks the protocol or refuses a command. */
int qmp_read(struct qmp *, struct err *);

/* A command without arguments, when READY; a connection that ended is no error. */
void qmp_command(struct qmp *, const char *name);

#endif
