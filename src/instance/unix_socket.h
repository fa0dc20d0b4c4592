/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unix stream sockets by path, and what lies there from an instance before.
 */
#ifndef SMOL_INSTANCE_UNIX_SOCKET_H
#define SMOL_INSTANCE_UNIX_SOCKET_H

#include "base/err.h"

/* Whether one may be made there: the name fits, no other file, nobody listens. What a dead instance left goes. */
int unix_socket_check(const char *path, struct err *);

/* Checked, bound, listening, not blocking; the descriptor, or -1. */
int unix_socket_listen(const char *path, struct err *);

#endif
