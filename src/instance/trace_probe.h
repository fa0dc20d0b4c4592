/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread that asks a port again and again, until it is answered or the time
 * is over; then there is a byte in trace.pipe.
 */
#ifndef SMOL_INSTANCE_TRACE_PROBE_H
#define SMOL_INSTANCE_TRACE_PROBE_H

#include "instance/trace.h"

int trace_probe_start(struct trace *, struct err *);
void trace_probe_stop(struct trace *);

#endif
