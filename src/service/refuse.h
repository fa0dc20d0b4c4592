/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What smolBSD's services can ask for and smol does not do yet.
 */
#ifndef SMOL_SERVICE_REFUSE_H
#define SMOL_SERVICE_REFUSE_H

#include "base/arena.h"
#include "base/err.h"
#include "service/workspace.h"

/* 0 if the service asks for nothing of the kind, else err says what, and where it is asked for. */
int service_refuse(struct arena *, const struct workspace *, const char *dir, struct err *);

#endif
