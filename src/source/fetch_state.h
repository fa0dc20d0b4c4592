/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is remembered of a fetched file, or of a part of one: a small JSON
 * file.  One that is missing, damaged or of another file is as good as none.
 */
#ifndef SMOL_SOURCE_FETCH_STATE_H
#define SMOL_SOURCE_FETCH_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "http/http.h"

struct fetch_state {
	char url[2048];
	char etag[HTTP_VALIDATOR_MAX], last_modified[HTTP_VALIDATOR_MAX]; /* "": none */
	struct digest digest; /* of what came from the URL; DIGEST_NONE: was not checked */
	uint64_t bytes; /* of a part: of the whole file, 0 if unknown; else of the file here */
	int64_t mtime_ns; /* of the file here */
};

/* False, and *s zeroed, if there is none to be believed. */
bool fetch_state_read(const char *path, struct fetch_state *);
int fetch_state_write(const char *path, const struct fetch_state *, struct err *);

/* True if the file at path has the size and date that *s says. */
bool fetch_state_holds(const struct fetch_state *, const char *path);

/* Size and date of the file at path into *s. */
int fetch_state_of(struct fetch_state *, const char *path, struct err *);

#endif
