/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few header fields that matter to a download.
 */
#include "http/head.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/defs.h"
#include "base/str.h"

#define LINE_MAX_BYTES 1024

static void
keep(char to[HTTP_VALIDATOR_MAX], const char *value)
{
	if (strlen(value) < HTTP_VALIDATOR_MAX)
		(void)strcpy(to, value);
}

static bool
read_number(const char **p, uint64_t *n)
{
	size_t digits = strspn(*p, "0123456789");

	if (digits == 0 || digits > 18)
		return false;
	*n = strtoull(*p, NULL, 10);
	*p += digits;
	return true;
}

static void
content_length(struct http_head *h, const char *value)
{
	uint64_t n;

	if (h->status == 206 || !read_number(&value, &n) || *value != '\0')
		return;
	h->sized = true;
	h->bytes = n;
}

/* "bytes 100-199/200", the length perhaps "*" (RFC 9110 §14.4). */
static void
content_range(struct http_head *h, const char *value)
{
	uint64_t first, last, bytes = 0;
	bool sized;

	if (h->status != 206)
		return;
	/* Of two such lines the last counts, whole or not at all. */
	h->first = HTTP_FIRST_BAD;
	h->sized = false;
	h->bytes = 0;
	if (strncasecmp(value, "bytes ", 6) != 0)
		return;
	value += 6;
	if (!read_number(&value, &first) || *value++ != '-' || !read_number(&value, &last) || *value++ != '/')
		return;
	sized = strcmp(value, "*") != 0;
	/* The rest of the file is wanted, not a part of it. */
	if (first > last || (sized && (!read_number(&value, &bytes) || *value != '\0' || last + 1 != bytes)))
		return;
	h->first = first;
	h->sized = sized;
	h->bytes = bytes;
}

static void
status_line(struct http_head *h, const char *line)
{
	const char *blank = strchr(line, ' ');

	*h = (struct http_head){ 0 };
	if (blank != NULL)
		h->status = (unsigned)strtoul(blank + 1, NULL, 10);
	h->first = h->status == 206 ? HTTP_FIRST_BAD : 0;
}

void
http_head_line(struct http_head *h, const char *text, size_t len)
{
	char line[LINE_MAX_BYTES], *value;

	if (len >= sizeof(line))
		return;
	memcpy(line, text, len);
	while (len > 0 && isspace((unsigned char)line[len - 1]))
		len--;
	line[len] = '\0';
	if (str_starts(line, "HTTP/")) {
		status_line(h, line);
		return;
	}
	value = strchr(line, ':');
	if (value == NULL)
		return;
	*value++ = '\0';
	value += strspn(value, " \t");
	if (strcasecmp(line, "ETag") == 0)
		keep(h->etag, value);
	else if (strcasecmp(line, "Last-Modified") == 0)
		keep(h->last_modified, value);
	else if (strcasecmp(line, "Content-Length") == 0)
		content_length(h, value);
	else if (strcasecmp(line, "Content-Range") == 0)
		content_range(h, value);
}

bool
http_head_differs(const struct http_head *h, const char *etag, const char *last_modified)
{
	if (h->etag[0] != '\0' && etag[0] != '\0')
		return strcmp(h->etag, etag) != 0;
	return h->last_modified[0] != '\0' && last_modified[0] != '\0' && strcmp(h->last_modified, last_modified) != 0;
}

const char *
http_range_validator(const char *etag, const char *last_modified)
{
	if (etag[0] == '"')
		return etag;
	return last_modified[0] != '\0' ? last_modified : NULL;
}

const char *
http_status_text(unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} texts[] = {
		{ 206, " Partial Content" },
		{ 304, " Not Modified" },
		{ 400, " Bad Request" },
		{ 401, " Unauthorized" },
		{ 403, " Forbidden" },
		{ 404, " Not Found" },
		{ 407, " Proxy Authentication Required" },
		{ 408, " Request Timeout" },
		{ 410, " Gone" },
		{ 416, " Range Not Satisfiable" },
		{ 429, " Too Many Requests" },
		{ 500, " Internal Server Error" },
		{ 502, " Bad Gateway" },
		{ 503, " Service Unavailable" },
		{ 504, " Gateway Timeout" },
	};
	size_t i;

	for (i = 0; i < nitems(texts); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "";
}
