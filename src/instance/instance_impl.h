/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of an instance share:
 *
 *	instance_start.c	channels, processes, sockets: made, and released
 *	instance.c		the loop
 *	instance_end.c		asking it to end, ending it, and how it ended
 */
#ifndef SMOL_INSTANCE_INSTANCE_IMPL_H
#define SMOL_INSTANCE_INSTANCE_IMPL_H

#include <poll.h>

#include "base/clock.h"
#include "instance/attach.h"
#include "instance/channel.h"
#include "instance/clients.h"
#include "instance/instance.h"
#include "instance/process.h"

/* Slots of the poll: then a channel's each, the console first. */
enum {
	P_SIGNAL,
	P_CONTROL,
	P_STDERR,
	P_NET_STDERR,
	P_NET_READY,
	P_CLIENTS,
	P_CHANNELS = P_CLIENTS + CLIENTS_FDS,
};

struct instance {
	const struct machine *machine;
	const struct backend_ops *backend;
	const struct instance_options *options;
	struct instance_result *result;
	struct instance_info info;
	struct process process, net;
	int net_ready_fd, pidfile_fd; /* -1 */
	struct channel *channels; /* the console's, then the ports' from port 1 on */
	size_t nchannels;
	struct pollfd *polls;
	struct control control;
	struct clients clients;
	struct front *stdio; /* one of the console's; NULL: none */
	struct front *attached; /* the clients' */
	struct attach attach;
	bool started;
	bool finished; /* the guest said that it is done: what it said still counts */
	bool stopping; /* the guest was asked to end; result says by whom */
	bool ending; /* by us: its output no longer matters */
	uint64_t stop_at_ms, kill_at_ms, halt_at_ms, panic_at_ms; /* 0: not */
	uint64_t panic_nbytes; /* what the console had said when panic_at_ms was set */
	bool failed; /* err says why */
	struct err *err;
};

static inline uint64_t
now_ms(void)
{
	return clock_now_ns() / 1000000;
}

/* Until the backend is gone and all it had to say is read. */
void instance_loop(struct instance *);

/* Ends the machine from our side; asked again, without mercy. */
void instance_end(struct instance *, enum instance_end how, int sig);
/* Asks the guest to end; asked again, or if it has no ears, ends it. */
void instance_stop(struct instance *, enum instance_end how, int sig, uint64_t timeout_ms);
/* How long it may take. */
uint64_t instance_stop_timeout_ms(const struct instance *);
/* The guest is done: what it said still counts. */
void instance_finish(struct instance *, enum instance_end how);
/* err says why. */
void instance_fail(struct instance *);
/* After the loop: how did it end?  -1 and err if the backend failed. */
int instance_verdict(struct instance *);

#endif
