/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files that load a service share; others include service.h.
 */
#ifndef SMOL_SERVICE_SERVICE_IMPL_H
#define SMOL_SERVICE_SERVICE_IMPL_H

#include "base/arena.h"
#include "base/err.h"
#include "service/make.h"
#include "service/service.h"

struct service_loader {
	struct arena *arena;
	const struct workspace *w;
	const struct service_request *req;
	struct make *m;
	struct service *s;
	const char *live; /* the architecture's live image, below HEAD/latest */
	struct err *err;
};

/* The value of a variable, NULL if not defined or empty. */
int service_get(struct service_loader *, const char *name, const char **value);

/* An error about a variable's value, at the place that set it. */
#define service_bad_value(l, name, ...)                                                                                \
	(err_usage((l)->err, __VA_ARGS__), err_wrap((l)->err, "%s", make_where((l)->m, name)))

/* Each fills its part of l->s: from variables, then from the directory. */
int service_set_values(struct service_loader *);
int service_set_bios(struct service_loader *); /* a part of those */
int service_set_files(struct service_loader *);

#endif
