/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's ports, looked at before a machine starts, for a message that
 * names the port and the reason.
 */
#ifndef SMOL_INSTANCE_PORTS_H
#define SMOL_INSTANCE_PORTS_H

#include <stdint.h>

#include "base/err.h"
#include "machine/machine.h"

/* Binds each forwarded port for a moment. */
int ports_check(const struct machine_nic *, struct err *);

/* A TCP port of localhost, listening, not blocking; what is the option that chose it: "serial_port". -1 and err. */
int ports_listen(uint16_t port, const char *what, struct err *);

#endif
