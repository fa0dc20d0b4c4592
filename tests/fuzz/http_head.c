/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile response heads, line by line: strings end, and a range never begins
 * behind its file's end.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_head h = { 0 };
	const uint8_t *newline;
	size_t n;

	for (; len > 0; data += n, len -= n) {
		newline = memchr(data, '\n', len);
		n = newline == NULL ? len : (size_t)(newline - data) + 1;
		http_head_line(&h, (const char *)data, n);
		if (memchr(h.etag, '\0', sizeof(h.etag)) == NULL ||
		    memchr(h.last_modified, '\0', sizeof(h.last_modified)) == NULL)
			abort();
		if (h.status == 206 && h.first != HTTP_FIRST_BAD && h.sized && h.first >= h.bytes)
			abort();
	}
	return 0;
}
