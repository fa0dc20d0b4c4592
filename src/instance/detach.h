/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An instance that outlives the command: a supervisor process of its own
 * session carries it, and the command waits only until the machine runs.
 *
 *	command ── fork ──► supervisor ──► instance_run()
 *	   ◄─ pipe: it runs (its pty's path), or the error ─┘
 */
#ifndef SMOL_INSTANCE_DETACH_H
#define SMOL_INSTANCE_DETACH_H

#include <sys/types.h>

#include "instance/instance.h"
#include "instance/state.h"

/*
 * The supervisor's process id, or -1 and err.  It inherits the state's lock;
 * options' stdio, log and started are set here.
 */
pid_t instance_detach(const struct machine *, const struct backend_ops *, const struct backend_env *,
    const struct instance_options *, const struct state *, struct instance_info *, struct err *);

#endif
