/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One download: its request, what is known of the file, and the attempt that
 * is going on, as a libcurl easy handle with its callbacks.
 */
#ifndef SMOL_HTTP_TRANSFER_H
#define SMOL_HTTP_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "http/http.h"
#include "http/libcurl.h"

struct transfer {
	struct http_request request; /* its url is ours */
	char etag[HTTP_VALIDATOR_MAX],
	    last_modified[HTTP_VALIDATOR_MAX]; /* of what is in the descriptor, or elsewhere */
	bool conditional; /* they are of a copy elsewhere: If-None-Match, If-Modified-Since */
	uint64_t at; /* bytes in the descriptor */
	uint64_t high; /* most that an attempt brought */
	unsigned attempts; /* that failed, in a row */
	uint64_t due_ns, retry_after_s;
	struct err err;

	/* The attempt. */
	bool going;
	CURL *easy;
	struct curl_slist *headers;
	const char *url; /* the request's, or where it was redirected to */
	char *redirected;
	unsigned redirects;
	struct http_head head;
	bool headed; /* the head is whole */
	bool body; /* the file comes */
	bool gave_up, unwritten; /* err is final; and it is about the descriptor */
	uint64_t skipped; /* bytes of an answer that is not the file */
	char curl_error[CURL_ERROR_SIZE];
};

struct transfer *transfer_new(const struct http_request *);
void transfer_free(struct transfer *);

/* Makes the easy handle of an attempt; the caller gives it to its multi handle. */
void transfer_start(struct transfer *, unsigned timeout_s);
/* Ends the attempt; what the descriptor has stays. */
void transfer_reset(struct transfer *);
void transfer_set_url(struct transfer *, const char *url);

/* The body begins: once an attempt, by itself but for an empty file: URL.  -1: gave_up, or body is false. */
int transfer_begin(struct transfer *);

bool transfer_is_file(const struct transfer *);
/* The length is what the head said; else err. */
bool transfer_whole(struct transfer *);
/* err tells what libcurl's code means. */
void transfer_explain(struct transfer *, CURLcode, unsigned timeout_s);
/* Another attempt may succeed. */
bool transfer_may_pass(CURLcode);

#endif
