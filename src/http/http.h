/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Downloads by libcurl, several at once: http, https, file.  The only folder
 * that speaks HTTP.
 *
 *	http_add() ─► waiting ─► going ──┬─► begin(head), progress()...  ─► end()
 *	                 ▲   due later   │
 *	                 └─── retry() ◄──┘   what may pass: resets, stalls, 5xx, 429
 *
 * The body goes to a descriptor, each byte at its place.  An attempt after the
 * first goes on where the last ended if the server said by which ETag or date
 * its file can be known again (If-Range, RFC 9110 §13.1.5), else from 0.
 * Attempts are counted anew when one brought over 1 MiB.
 *
 * Redirects: 10, from https only to https, never to file.  Proxies as curl has
 * them (http_proxy, https_proxy, no_proxy); CURL_CA_BUNDLE and SSL_CERT_FILE;
 * names and passwords in ~/.netrc.
 */
#ifndef SMOL_HTTP_HTTP_H
#define SMOL_HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define HTTP_TIMEOUT_S 30
#define HTTP_RETRIES 4
#define HTTP_VALIDATOR_MAX 256

/* What a response says of the file. */
struct http_head {
	unsigned status; /* 0: a file: URL */
	char etag[HTTP_VALIDATOR_MAX]; /* with its quotes; "" if there is none */
	char last_modified[HTTP_VALIDATOR_MAX];
	bool sized;
	uint64_t bytes; /* if sized: of the whole file */
	uint64_t first; /* where the body begins in it */
};

enum http_outcome {
	HTTP_DONE, /* the whole file is in the descriptor */
	HTTP_UNCHANGED, /* 304 */
	HTTP_ABSENT, /* 404, 410; no such file */
	HTTP_FAILED,
	HTTP_UNWRITTEN, /* the descriptor cannot be written, or begin() gave up */
};

/* What the caller is told; arg is the request's. */
struct http_events {
	/* The body follows, from head->first; -1 and err to give up. */
	int (*begin)(void *arg, const struct http_head *, struct err *);
	/* done counts from the file's first byte; total 0: not known. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void (*retry)(void *arg, const char *why, uint64_t wait_ms);
	/* Once.  err has the reason, without the URL.  http_add() may be called from here. */
	void (*end)(void *arg, enum http_outcome, const struct err *);
};

struct http_request {
	const char *url;
	int fd; /* the caller's */
	const char *name; /* of what fd writes, for messages */
	uint64_t have; /* bytes that fd has already */
	/*
	 * With have: what they are of; without: a copy that the caller has
	 * elsewhere, so that HTTP_UNCHANGED is an answer.  NULL or "": none.
	 */
	const char *etag, *last_modified;
	uint64_t expect_bytes; /* another length is an error; 0: any */
	uint64_t max_bytes;
	const struct http_events *events;
	void *arg;
};

struct http_options {
	unsigned timeout_s; /* for a connection, and without 100 bytes a second */
	unsigned retries;
};

struct http;

struct http *http_new(const struct http_options *, struct err *);
void http_free(struct http *); /* what still goes is dropped, without end() */

/* Strings are copied. */
void http_add(struct http *, const struct http_request *);

/* Does what can be done, waiting at most wait_ms for something to happen; how many have not ended. */
unsigned http_turn(struct http *, unsigned wait_ms);

/* True if smol takes that URL: http, https or file. */
bool http_url_ok(const char *url);

#endif
