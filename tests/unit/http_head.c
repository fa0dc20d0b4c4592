/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Response heads: lengths, ranges, validators, and what is no such thing.
 */
#include "http/head.h"

#include "test.h"

static struct http_head
head(const char *const *lines)
{
	struct http_head h = { 0 };

	for (; *lines != NULL; lines++)
		http_head_line(&h, *lines, strlen(*lines));
	return h;
}

#define HEAD(...) head((const char *const[]){ __VA_ARGS__, "\r\n", NULL })

static void
test_whole(void)
{
	struct http_head h = HEAD("HTTP/1.1 200 OK\r\n", "content-length: 12\r\n", "ETag: \"a\"\r\n",
	    "Last-Modified:Tue, 01 Jan 2030 00:00:00 GMT\r\n", "Content-Range: bytes 1-2/3\r\n");

	CHECK(h.status == 200 && h.sized && h.bytes == 12 && h.first == 0);
	CHECK_STR(h.etag, "\"a\"");
	CHECK_STR(h.last_modified, "Tue, 01 Jan 2030 00:00:00 GMT");
	h = HEAD("HTTP/1.1 302 Found\r\n", "ETag: \"a\"\r\n", "HTTP/2 200\r\n", "content-length: -1\r\n");
	CHECK(h.status == 200 && !h.sized);
	CHECK_STR(h.etag, "");
	h = HEAD("HTTP/1.1 200 OK\r\n", "Content-Length: 99999999999999999999\r\n");
	CHECK(!h.sized);
}

static void
check_range(const char *range, uint64_t first, bool sized, uint64_t bytes)
{
	struct http_head h = HEAD("HTTP/1.1 206 Partial Content\r\n", "Content-Length: 7\r\n", range);

	if (h.first != first || h.sized != sized || h.bytes != bytes) {
		printf(
		    "# %s: %llu %d %llu\n", range, (unsigned long long)h.first, h.sized, (unsigned long long)h.bytes);
		test_failures++;
	}
}

static void
test_range(void)
{
	struct http_head h;

	check_range("Content-Range: bytes 3-9/10\r\n", 3, true, 10);
	check_range("Content-Range: bytes 3-9/*\r\n", 3, false, 0);
	check_range("Content-Range: bytes 3-8/10\r\n", HTTP_FIRST_BAD, false, 0);
	check_range("Content-Range: bytes 9-3/4\r\n", HTTP_FIRST_BAD, false, 0);
	check_range("Content-Range: bytes 3-10/10\r\n", HTTP_FIRST_BAD, false, 0);
	check_range("Content-Range: items 3-9/10\r\n", HTTP_FIRST_BAD, false, 0);
	check_range("Content-Range: bytes 3-9\r\n", HTTP_FIRST_BAD, false, 0);
	check_range("Content-Range:\r\n", HTTP_FIRST_BAD, false, 0);
	check_range("X: y\r\n", HTTP_FIRST_BAD, false, 0);
	h = HEAD(
	    "HTTP/1.1 206 Partial Content\r\n", "Content-Range: bytes 3-9/10\r\n", "Content-Range: bytes 3-0/1\r\n");
	CHECK(h.first == HTTP_FIRST_BAD && !h.sized);
}

static void
test_validators(void)
{
	struct http_head h = HEAD("HTTP/1.1 200 OK\r\n", "ETag: \"a\"\r\n", "Last-Modified: x\r\n");

	CHECK(!http_head_differs(&h, "\"a\"", "y"));
	CHECK(http_head_differs(&h, "\"b\"", "x"));
	CHECK(http_head_differs(&h, "", "y"));
	CHECK(!http_head_differs(&h, "", ""));
	CHECK_STR(http_range_validator("\"a\"", "x"), "\"a\"");
	CHECK_STR(http_range_validator("W/\"a\"", "x"), "x");
	CHECK(http_range_validator("W/\"a\"", "") == NULL);
}

static void
test_long(void)
{
	char line[5000];
	struct http_head h = { 0 };

	memset(line, 'a', sizeof(line));
	memcpy(line, "ETag: ", 6);
	http_head_line(&h, line, sizeof(line));
	http_head_line(&h, line, 600);
	CHECK_STR(h.etag, "");
	http_head_line(&h, line, 6 + HTTP_VALIDATOR_MAX - 1);
	CHECK(strlen(h.etag) == HTTP_VALIDATOR_MAX - 1);
}

TEST_MAIN({ "a whole file", test_whole }, { "ranges", test_range }, { "validators", test_validators },
    { "lines that are too long", test_long })
