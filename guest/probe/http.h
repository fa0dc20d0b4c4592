/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An HTTP/1.1 server of static files (RFC 9110, 9112): GET and HEAD, one
 * request a connection.
 */
#ifndef PROBE_HTTP_H
#define PROBE_HTTP_H

#include "ffs.h"

/* Serves dir of the file system for ever; returns a reason if it cannot. */
const char *http_serve(struct ffs *, const char *dir, uint16_t port);

#endif
