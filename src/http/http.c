/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop: transfers are started when they are due, and what becomes of each
 * attempt decides whether it ends, is redirected or is tried again.
 */
#include "http/http.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"
#include "http/head.h"
#include "http/libcurl.h"
#include "http/transfer.h"

#define GOING_MAX 6
#define REDIRECTS_MAX 10
#define WAIT_FIRST_MS 500
#define WAIT_MAX_MS 30000
#define RETRY_AFTER_MAX_S 300
#define PROGRESS_BYTES (1024 * 1024) /* an attempt that brought so much was worth it */
#define MS UINT64_C(1000000)

struct http {
	CURLM *multi;
	struct http_options options;
	struct transfer **list; /* not ended */
	size_t n, cap;
	unsigned going;
};

struct http *
http_new(const struct http_options *options, struct err *err)
{
	struct http *h;
	CURLM *multi;

	if (libcurl_load(err) < 0)
		return NULL;
	multi = curl_multi_init();
	if (multi == NULL) {
		(void)err_set(err, "libcurl does not start");
		return NULL;
	}
	h = xcalloc(1, sizeof(*h));
	h->multi = multi;
	h->options = *options;
	return h;
}

bool
http_url_ok(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0 ||
	       strncasecmp(url, "file://", 7) == 0;
}

void
http_add(struct http *h, const struct http_request *r)
{
	*vec_push(h->list, h->n, h->cap) = transfer_new(r);
}

/* --- an attempt --- */

static void
stop(struct http *h, struct transfer *t)
{
	if (t->going) {
		(void)curl_multi_remove_handle(h->multi, t->easy);
		h->going--;
	}
	t->going = false;
	transfer_reset(t);
}

/* Takes it off the list, tells its owner, frees it. */
static void
end(struct http *h, struct transfer *t, enum http_outcome outcome)
{
	size_t i;

	stop(h, t);
	for (i = 0; h->list[i] != t; i++)
		;
	h->list[i] = h->list[--h->n];
	t->request.events->end(t->request.arg, outcome, &t->err);
	transfer_free(t);
}

static void
again(struct http *h, struct transfer *t, uint64_t wait_ms)
{
	stop(h, t);
	t->due_ns = clock_now_ns() + wait_ms * MS;
}

/* Half a second, one, two, ...: a tenth to three tenths more or less, so that many do not come back at once. */
static uint64_t
back_off(unsigned attempts)
{
	uint64_t ms = attempts > 6 ? WAIT_MAX_MS : u64_min((uint64_t)WAIT_FIRST_MS << (attempts - 1), WAIT_MAX_MS);

	return ms * (70 + clock_now_ns() / 1000 % 61) / 100;
}

/* t->err tells why this attempt failed, and it may pass. */
static void
retry(struct http *h, struct transfer *t)
{
	size_t len = strlen(t->err.msg);
	uint64_t wait_ms;

	if (t->at >= t->high + PROGRESS_BYTES)
		t->attempts = 0;
	t->high = u64_max(t->high, t->at);
	if (t->attempts >= h->options.retries) {
		if (h->options.retries > 0)
			(void)snprintf(t->err.msg + len, sizeof(t->err.msg) - len, "; %u attempts", t->attempts + 1);
		end(h, t, HTTP_FAILED);
		return;
	}
	t->attempts++;
	wait_ms = u64_max(back_off(t->attempts), (uint64_t)t->retry_after_s * 1000);
	t->request.events->retry(t->request.arg, t->err.msg, wait_ms);
	t->url = t->request.url;
	t->redirects = 0;
	again(h, t, wait_ms);
}

/* What is there cannot be gone on with. */
static void
from_zero(struct http *h, struct transfer *t)
{
	bool had = t->at > 0;

	t->at = 0;
	t->etag[0] = t->last_modified[0] = '\0';
	if (had)
		again(h, t, 0);
	else
		end(h, t, HTTP_FAILED);
}

static void
redirect(struct http *h, struct transfer *t)
{
	char *to = NULL;

	(void)curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &to);
	if (to == NULL)
		(void)err_set(&t->err, "a redirect (%u) to nowhere", t->head.status);
	else if (strncasecmp(to, "https://", 8) != 0 && strncasecmp(to, "http://", 7) != 0)
		(void)err_set(&t->err, "a redirect to %.200s, which is refused: neither http nor https", to);
	else if (strncasecmp(t->url, "https://", 8) == 0 && strncasecmp(to, "https://", 8) != 0)
		(void)err_set(&t->err, "a redirect from https to %.200s, which is refused", to);
	else if (++t->redirects > REDIRECTS_MAX)
		(void)err_set(&t->err, "more than %d redirects, the last to %.200s", REDIRECTS_MAX, to);
	else {
		transfer_set_url(t, to);
		again(h, t, 0);
		return;
	}
	end(h, t, HTTP_FAILED);
}

/* An answer without the file. */
static void
status(struct http *h, struct transfer *t)
{
	unsigned s = t->head.status;
	curl_off_t after = 0;

	(void)err_set(&t->err, "HTTP %u%s", s, http_status_text(s));
	if (s == 304 && t->conditional)
		end(h, t, HTTP_UNCHANGED);
	else if (s >= 301 && s <= 308 && s != 304)
		redirect(h, t);
	else if (s == 404 || s == 410)
		end(h, t, HTTP_ABSENT);
	else if (s == 416 || s == 206)
		from_zero(h, t);
	else if (s == 408 || s == 425 || s == 429 || s == 500 || s == 502 || s == 503 || s == 504) {
		(void)curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &after);
		t->retry_after_s = after > 0 ? (uint64_t)after : 0;
		if (t->retry_after_s <= RETRY_AFTER_MAX_S) {
			retry(h, t);
			return;
		}
		(void)err_set(&t->err, "HTTP %u%s: it asks to come back in %" PRIu64 " seconds", s, http_status_text(s),
		    t->retry_after_s);
		end(h, t, HTTP_FAILED);
	} else
		end(h, t, HTTP_FAILED);
}

/* One attempt is over. */
static void
finish(struct http *h, struct transfer *t, CURLcode code)
{
	t->retry_after_s = 0;
	if (code == CURLE_OK && transfer_is_file(t))
		(void)transfer_begin(t);
	if (t->gave_up)
		end(h, t, t->unwritten ? HTTP_UNWRITTEN : HTTP_FAILED);
	else if (t->headed && !t->body)
		status(h, t);
	else if (code == CURLE_FILE_COULDNT_READ_FILE && transfer_is_file(t)) {
		(void)err_set(&t->err, "no such file, or it cannot be read");
		end(h, t, HTTP_ABSENT);
	} else if (code != CURLE_OK || !transfer_whole(t)) {
		transfer_explain(t, code, h->options.timeout_s);
		if (transfer_may_pass(code))
			retry(h, t);
		else
			end(h, t, HTTP_FAILED);
	} else
		end(h, t, HTTP_DONE);
}

/* --- the loop --- */

static void
start_due(struct http *h)
{
	uint64_t now = clock_now_ns();
	size_t i;

	for (i = 0; i < h->n && h->going < GOING_MAX; i++) {
		struct transfer *t = h->list[i];

		if (t->going || t->due_ns > now)
			continue;
		transfer_start(t, h->options.timeout_s);
		if (curl_multi_add_handle(h->multi, t->easy) != CURLM_OK)
			abort();
		t->going = true;
		h->going++;
	}
}

/* Whether there were any. */
static bool
read_messages(struct http *h)
{
	CURLMsg *m;
	bool any = false;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
		char *arg = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &arg);
		finish(h, (struct transfer *)(void *)arg, code);
		any = true;
	}
	return any;
}

unsigned
http_turn(struct http *h, unsigned wait_ms)
{
	uint64_t now;
	int running;
	size_t i;

	start_due(h);
	(void)curl_multi_perform(h->multi, &running);
	if (read_messages(h))
		return (unsigned)h->n;
	now = clock_now_ns();
	for (i = 0; i < h->n; i++)
		if (!h->list[i]->going && h->going < GOING_MAX)
			wait_ms = h->list[i]->due_ns <= now
				      ? 0
				      : (unsigned)u64_min(wait_ms, (h->list[i]->due_ns - now) / MS + 1);
	(void)curl_multi_poll(h->multi, NULL, 0, (int)wait_ms, NULL);
	return (unsigned)h->n;
}

void
http_free(struct http *h)
{
	size_t i;

	if (h == NULL)
		return;
	for (i = 0; i < h->n; i++) {
		stop(h, h->list[i]);
		transfer_free(h->list[i]);
	}
	free(h->list);
	(void)curl_multi_cleanup(h->multi);
	free(h);
}
