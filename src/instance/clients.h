/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket of an instance: a Unix stream socket on which other
 * programs of the user ask for things, a JSON object a line, and get one line
 * each, in their order.
 *
 *	{"command": "status"}			{"ok": true, "state": "running", "name": ..., "backend": ..., "pid":
 *...}
 *	{"command": "stop", "timeout_ms": N}	asks the guest, and ends the machine if it does not
 *	{"command": "quit"}			ends it at once
 *	{"command": "pause"}, {"command": "resume"}
 *	{"command": "metrics"}			the backend's counters
 *	{"command": "balloon", "bytes": N}	how much memory the guest shall give up
 *	{"command": "resize", "columns": N, "rows": N}
 *	{"command": "commit", "disk": N}	what the guest wrote becomes the image's
 *	{"command": "reset", "disk": N}		what it wrote is forgotten
 *	{"command": "attach"}			after {"ok": true} the connection is the console
 *
 * A request that cannot be met gets {"ok": false, "error": TEXT}.  A client
 * that asks without reading is hung up on.
 */
#ifndef SMOL_INSTANCE_CLIENTS_H
#define SMOL_INSTANCE_CLIENTS_H

#include <poll.h>

#include "backend/control.h"
#include "base/err.h"

#define CLIENTS_MAX 16
#define CLIENTS_FDS (1 + CLIENTS_MAX)
#define CLIENTS_LINE_MAX 4096

struct client;

/* What the instance does for them. */
struct clients_ops {
	/* Adds what the status says beside its state. */
	void (*status)(void *instance, json_t *);
	/* Asks the guest to end, and ends it after that time. */
	void (*stop)(void *instance, uint64_t timeout_ms);
	void (*quit)(void *instance);
	/* Takes over a connection, as a front of the console; -1 and err. */
	int (*attach)(void *instance, int fd, struct err *);
};

struct clients {
	int fd; /* listening; -1: none */
	char *path;
	struct control *control;
	const struct clients_ops *ops;
	void *instance;
	struct client *all[CLIENTS_MAX];
};

void clients_init(struct clients *, struct control *, const struct clients_ops *, void *instance);
/* Listens at path, which must be free or left by a dead instance. */
int clients_open(struct clients *, const char *path, struct err *);
/* Hangs up, and removes the socket. */
void clients_release(struct clients *);

void clients_prepare(const struct clients *, struct pollfd p[CLIENTS_FDS]);
void clients_handle(struct clients *, const struct pollfd p[CLIENTS_FDS]);

/* One line of a client's; for its fuzzer. */
int clients_parse(const char *line, size_t len, json_t **request, struct err *);

#endif
