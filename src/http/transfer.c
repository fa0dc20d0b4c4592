/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An attempt: options, header lines, and the body into its descriptor.
 */
#include "http/transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "http/head.h"

#define STALL_BYTES_S 100L /* fewer a second is a stall */
#define SKIP_MAX (64 * 1024) /* of an error's page, to keep the connection */

struct transfer *
transfer_new(const struct http_request *r)
{
	struct transfer *t = xcalloc(1, sizeof(*t));

	t->request = *r;
	t->request.url = xstrdup(r->url);
	t->request.name = xstrdup(r->name);
	t->url = t->request.url;
	t->at = r->have;
	t->high = r->have;
	if (r->etag != NULL && strlen(r->etag) < sizeof(t->etag))
		(void)strcpy(t->etag, r->etag);
	if (r->last_modified != NULL && strlen(r->last_modified) < sizeof(t->last_modified))
		(void)strcpy(t->last_modified, r->last_modified);
	t->conditional = r->have == 0 && (t->etag[0] != '\0' || t->last_modified[0] != '\0');
	return t;
}

void
transfer_reset(struct transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	t->easy = NULL;
	t->headers = NULL;
}

void
transfer_free(struct transfer *t)
{
	transfer_reset(t);
	free((char *)(uintptr_t)t->request.url);
	free((char *)(uintptr_t)t->request.name);
	free(t->redirected);
	free(t);
}

void
transfer_set_url(struct transfer *t, const char *url)
{
	char *copy = xstrdup(url);

	free(t->redirected);
	t->redirected = copy;
	t->url = copy;
}

bool
transfer_is_file(const struct transfer *t)
{
	return strncasecmp(t->url, "file:", 5) == 0;
}

/* --- what comes --- */

static int
give_up(struct transfer *t)
{
	t->gave_up = true;
	return -1;
}

static int
unwritten(struct transfer *t)
{
	t->unwritten = true;
	return give_up(t);
}

/* Whether these bytes are those that were asked for; if not, it is begun anew from 0. */
static bool
fits(struct transfer *t)
{
	const struct http_head *h = &t->head;

	return h->status != 206 || (h->first == t->at && !http_head_differs(h, t->etag, t->last_modified));
}

static int
check_length(struct transfer *t)
{
	const struct http_request *r = &t->request;
	char text[SIZE_TEXT_MAX];

	if (!t->head.sized)
		return 0;
	if (t->head.bytes > r->max_bytes) {
		(void)err_set(&t->err, "it is %" PRIu64 " bytes long; more than %s is not taken", t->head.bytes,
		    size_text(r->max_bytes, text));
		return give_up(t);
	}
	if (r->expect_bytes != 0 && t->head.bytes != r->expect_bytes) {
		(void)err_set(&t->err, "it is %" PRIu64 " bytes long, not %" PRIu64, t->head.bytes, r->expect_bytes);
		return give_up(t);
	}
	return 0;
}

static void
size_of_file(struct transfer *t)
{
	curl_off_t bytes = -1;

	(void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &bytes);
	t->head.sized = bytes >= 0;
	t->head.bytes = t->head.sized ? (uint64_t)bytes : 0;
}

int
transfer_begin(struct transfer *t)
{
	if (t->body)
		return 0;
	if (transfer_is_file(t))
		size_of_file(t);
	if (!fits(t))
		return -1;
	if (check_length(t) < 0)
		return -1;
	t->at = t->head.first;
	if (ftruncate(t->request.fd, (off_t)t->at) < 0) {
		(void)err_sys(&t->err, "cannot write '%s'", t->request.name);
		return unwritten(t);
	}
	if (t->request.events->begin(t->request.arg, &t->head, &t->err) < 0)
		return unwritten(t);
	(void)strcpy(t->etag, t->head.etag);
	(void)strcpy(t->last_modified, t->head.last_modified);
	t->conditional = false;
	t->body = true;
	return 0;
}

static size_t
on_header(char *line, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	/* What follows a chunked body is not of interest. */
	if (t->body)
		return size * n;
	http_head_line(&t->head, line, size * n);
	if (size * n <= 2)
		t->headed = t->head.status >= 200;
	if (t->headed && (t->head.status == 200 || t->head.status == 206) && transfer_begin(t) < 0)
		return 0;
	return size * n;
}

static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	char text[SIZE_TEXT_MAX];
	uint64_t limit;

	n *= size;
	if (transfer_is_file(t) && transfer_begin(t) < 0)
		return 0;
	if (!t->body) {
		t->skipped += n;
		return t->skipped > SKIP_MAX ? 0 : n;
	}
	limit = t->request.expect_bytes != 0 ? t->request.expect_bytes : t->request.max_bytes;
	if (n > limit - t->at) {
		(void)err_set(&t->err, "it is longer than %s", size_text(limit, text));
		(void)give_up(t);
		return 0;
	}
	if (pwrite_full(t->request.fd, data, n, t->at) < 0) {
		(void)err_sys(&t->err, "cannot write '%s'", t->request.name);
		(void)unwritten(t);
		return 0;
	}
	t->at += n;
	t->request.events->progress(t->request.arg, t->at, t->head.sized ? t->head.bytes : 0);
	return n;
}

/* --- what is sent --- */

static void
add_header(struct transfer *t, const char *name, const char *value)
{
	struct curl_slist *list;
	struct str s = { 0 };

	if (value == NULL || *value == '\0')
		return;
	str_addf(&s, "%s: %s", name, value);
	list = curl_slist_append(t->headers, s.p);
	if (list == NULL)
		abort();
	t->headers = list;
	str_release(&s);
}

static void
set_conditions(struct transfer *t)
{
	const char *validator = http_range_validator(t->etag, t->last_modified);
	char from[32];

	if (t->conditional && t->etag[0] != '\0')
		add_header(t, "If-None-Match", t->etag);
	else if (t->conditional)
		add_header(t, "If-Modified-Since", t->last_modified);
	else if (t->at > 0 && validator != NULL) {
		(void)snprintf(from, sizeof(from), "bytes=%" PRIu64 "-", t->at);
		add_header(t, "Range", from);
		add_header(t, "If-Range", validator);
	} else
		t->at = 0;
}

static void
set_protocols(CURL *e)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https,file");
#else
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS | CURLPROTO_FILE));
#endif
}

static void
set_certificates(CURL *e)
{
	const char *file = getenv("CURL_CA_BUNDLE");

	if (file == NULL || *file == '\0')
		file = getenv("SSL_CERT_FILE");
	if (file != NULL && *file != '\0')
		(void)curl_easy_setopt(e, CURLOPT_CAINFO, file);
}

void
transfer_start(struct transfer *t, unsigned timeout_s)
{
	CURL *e = curl_easy_init();

	if (e == NULL)
		abort();
	t->easy = e;
	t->head = (struct http_head){ 0 };
	t->headed = t->body = t->gave_up = false;
	t->skipped = 0;
	t->curl_error[0] = '\0';
	set_conditions(t);
	set_protocols(e);
	set_certificates(e);
	(void)curl_easy_setopt(e, CURLOPT_URL, t->url);
	(void)curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
	(void)curl_easy_setopt(e, CURLOPT_USERAGENT, "smol/" SMOL_VERSION);
	/* Not CURLOPT_NOSIGNAL: libcurl is to keep SIGPIPE away, which TLS on a dead connection raises. */
	(void)curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	(void)curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	(void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, (long)timeout_s);
	(void)curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_S);
	(void)curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)timeout_s);
	(void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	(void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	(void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->curl_error);
	(void)curl_easy_setopt(e, CURLOPT_PRIVATE, (char *)t);
}

/* --- how it ended --- */

static void
ended_early(struct transfer *t)
{
	if (t->head.sized)
		(void)err_set(
		    &t->err, "the connection ended after %" PRIu64 " of %" PRIu64 " bytes", t->at, t->head.bytes);
	else
		(void)err_set(&t->err, "the connection ended after %" PRIu64 " bytes", t->at);
}

bool
transfer_whole(struct transfer *t)
{
	uint64_t want = t->head.sized ? t->head.bytes : t->request.expect_bytes;

	return want == 0 || t->at == want;
}

void
transfer_explain(struct transfer *t, CURLcode code, unsigned timeout_s)
{
	long sent = 0;

	switch (code) {
	case CURLE_OK:
	case CURLE_PARTIAL_FILE:
		ended_early(t);
		break;
	case CURLE_GOT_NOTHING:
		(void)err_set(&t->err, "the server answers nothing");
		break;
	case CURLE_OPERATION_TIMEDOUT:
		(void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
		if (sent > 0)
			(void)err_set(
			    &t->err, "it stalls: under %ld bytes a second for %u seconds", STALL_BYTES_S, timeout_s);
		else
			(void)err_set(&t->err, "no connection within %u seconds", timeout_s);
		break;
	default:
		(void)err_set(&t->err, "%s", t->curl_error[0] != '\0' ? t->curl_error : curl_easy_strerror(code));
		break;
	}
}

bool
transfer_may_pass(CURLcode code)
{
	switch (code) {
	case CURLE_OK: /* but not whole */
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	default:
		return false;
	}
}
