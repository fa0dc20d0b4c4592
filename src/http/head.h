/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Header lines of a response into a struct http_head (RFC 9110).
 */
#ifndef SMOL_HTTP_HEAD_H
#define SMOL_HTTP_HEAD_H

#include <stddef.h>

#include "http/http.h"

/*
 * Takes one line, its end included, as libcurl hands it over; a status line
 * begins a new head.  A 206 without an understandable Content-Range has first
 * HTTP_FIRST_BAD.
 */
#define HTTP_FIRST_BAD UINT64_MAX
void http_head_line(struct http_head *, const char *line, size_t len);

/* ETags that differ, or else dates that do: another file than before. */
bool http_head_differs(const struct http_head *, const char *etag, const char *last_modified);

/* What If-Range may name: a strong ETag, else the date; NULL if there is neither. */
const char *http_range_validator(const char *etag, const char *last_modified);

/* " Not Found", to follow the number; "" if unknown. */
const char *http_status_text(unsigned status);

#endif
