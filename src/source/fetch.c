/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fetches files, several at once: each waits for its lock, looks at what is
 * here, downloads, is checked and named.
 */
#include "source/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/lock.h"
#include "http/http.h"
#include "source/fetch_file.h"

#define TURN_MS 100

struct fetch;

struct job {
	struct fetch *fetch;
	struct fetch_file file;
	bool started, waiting; /* has its lock; has said that it waits */
};

struct fetch {
	const struct fetch_options *options;
	struct http *http;
	struct job *jobs;
	size_t n, left;
	const struct fetch_item *failed; /* the first */
};

void
fetch_options_init(struct fetch_options *o)
{
	const char *nonet = getenv("NONET");

	*o = (struct fetch_options){ .timeout_s = HTTP_TIMEOUT_S, .retries = HTTP_RETRIES };
	o->offline = nonet != NULL && *nonet != '\0';
}

static void
tell(const struct fetch *f, enum fetch_event_kind kind, const struct fetch_item *item, const char *text,
    uint64_t wait_ms)
{
	struct fetch_event e = { .kind = kind, .item = item, .text = text, .wait_ms = wait_ms };

	if (f->options->event != NULL)
		f->options->event(f->options->arg, &e);
}

static void
end(struct job *j, enum fetch_outcome outcome)
{
	struct fetch_item *item = j->file.item;

	item->outcome = outcome;
	if (outcome == FETCH_FAILED && j->fetch->failed == NULL)
		j->fetch->failed = item;
	fetch_file_release(&j->file);
	j->fetch->left--;
	tell(j->fetch, FETCH_EVENT_END, item, NULL, 0);
}

/* item->err has the reason. */
static void
fail(struct job *j, bool keep_part)
{
	fetch_file_abandon(&j->file, keep_part);
	end(j, FETCH_FAILED);
}

/* A reason that needs the URL with it. */
static void
fail_url(struct job *j, bool keep_part)
{
	(void)err_wrap(&j->file.item->err, "cannot fetch '%.500s'", j->file.item->url);
	fail(j, keep_part);
}

/* --- told by http --- */

static int
on_begin(void *arg, const struct http_head *head, struct err *err)
{
	struct job *j = arg;
	struct fetch_file *f = &j->file;
	struct fetch_item *item = f->item;

	f->coming = (struct fetch_state){ .bytes = head->sized ? head->bytes : 0 };
	(void)snprintf(f->coming.url, sizeof(f->coming.url), "%s", item->url);
	(void)strcpy(f->coming.etag, head->etag);
	(void)strcpy(f->coming.last_modified, head->last_modified);
	f->resumed &= head->first > 0;
	item->done = head->first;
	item->total = f->coming.bytes;
	/* Only what can be checked is gone on with by a later run. */
	if (item->digest.kind != DIGEST_NONE && (head->etag[0] == '"' || head->last_modified[0] != '\0')) {
		if (fetch_state_write(f->part_state_path, &f->coming, err) < 0)
			return -1;
	} else
		(void)unlink(f->part_state_path);
	tell(j->fetch, FETCH_EVENT_START, item, NULL, 0);
	return 0;
}

static void
on_progress(void *arg, uint64_t done, uint64_t total)
{
	struct job *j = arg;

	j->file.item->done = done;
	j->file.item->total = total;
	tell(j->fetch, FETCH_EVENT_PROGRESS, j->file.item, NULL, 0);
}

static void
on_retry(void *arg, const char *why, uint64_t wait_ms)
{
	struct job *j = arg;

	tell(j->fetch, FETCH_EVENT_RETRY, j->file.item, why, wait_ms);
}

static void download(struct job *);

static void
on_done(struct job *j)
{
	struct fetch_item *item = j->file.item;
	struct err err = { 0 };
	int rv = fetch_file_finish(&j->file, &err);

	if (rv == 0) {
		end(j, FETCH_FETCHED);
	} else if (rv < 0) {
		item->err = err;
		fail(j, false);
	} else if (j->file.resumed) {
		/* An earlier run's bytes, and a server that does not know its own files: once more, without them. */
		tell(j->fetch, FETCH_EVENT_RETRY, item, item->err.msg, 0);
		fetch_file_restart(&j->file);
		download(j);
	} else {
		fail_url(j, false);
	}
}

static void
on_end(void *arg, enum http_outcome outcome, const struct err *err)
{
	struct job *j = arg;
	struct fetch_item *item = j->file.item;

	switch (outcome) {
	case HTTP_DONE:
		on_done(j);
		break;
	case HTTP_UNCHANGED:
		fetch_file_abandon(&j->file, false);
		end(j, FETCH_UNCHANGED);
		break;
	case HTTP_ABSENT:
	case HTTP_FAILED:
		item->err = *err;
		if (outcome == HTTP_ABSENT && item->optional) {
			fetch_file_abandon(&j->file, false);
			end(j, FETCH_ABSENT);
		} else
			fail_url(j, outcome == HTTP_FAILED);
		break;
	case HTTP_UNWRITTEN:
		item->err = *err;
		fail(j, false);
		break;
	}
}

static const struct http_events events = { on_begin, on_progress, on_retry, on_end };

static void
download(struct job *j)
{
	struct fetch_file *f = &j->file;
	struct fetch_item *item = f->item;
	struct http_request r = {
		.url = item->url,
		.fd = f->part,
		.name = f->part_path,
		.have = f->have,
		.expect_bytes = item->bytes,
		.max_bytes = item->max_bytes == 0 ? FETCH_MAX_BYTES : item->max_bytes,
		.events = &events,
		.arg = j,
	};

	if (f->have > 0) {
		r.etag = f->coming.etag;
		r.last_modified = f->coming.last_modified;
	} else if (f->valid && item->digest.kind == DIGEST_NONE && strcmp(f->state.url, item->url) == 0) {
		r.etag = f->state.etag;
		r.last_modified = f->state.last_modified;
	}
	http_add(j->fetch->http, &r);
}

/* --- the loop --- */

static void
start(struct job *j)
{
	struct fetch_item *item = j->file.item;
	struct err err = { 0 };
	int rv = fetch_file_lock(&j->file, &err);

	if (rv == LOCK_BUSY) {
		if (!j->waiting)
			tell(j->fetch, FETCH_EVENT_WAIT, item, NULL, 0);
		j->waiting = true;
		return;
	}
	j->started = true;
	if (rv == 0)
		rv = fetch_file_look(&j->file, j->fetch->options->only_missing && !item->index, &err);
	if (rv < 0) {
		item->err = err;
		fail(j, true);
	} else if (rv > 0) {
		end(j, item->outcome);
	} else if (j->file.have > 0 && j->file.have == j->file.coming.bytes) {
		/* All of it came, and then its process was killed. */
		item->done = item->total = j->file.have;
		on_done(j);
	} else {
		download(j);
	}
}

static void
loop(struct fetch *f)
{
	size_t i;

	while (f->left > 0) {
		for (i = 0; i < f->n; i++)
			if (!f->jobs[i].started)
				start(&f->jobs[i]);
		if (f->left == 0)
			break;
		(void)http_turn(f->http, TURN_MS);
		tell(f, FETCH_EVENT_TICK, NULL, NULL, 0);
	}
}

int
fetch_run(struct fetch_item *items, size_t n, const struct fetch_options *o, struct err *err)
{
	struct http_options ho = { .timeout_s = o->timeout_s, .retries = o->retries };
	struct fetch f = { .options = o, .n = n, .left = n };
	size_t i;

	for (i = 0; i < n; i++)
		if (!http_url_ok(items[i].url))
			return err_usage(err, "cannot fetch '%.500s': want http://, https:// or file://", items[i].url);
	f.http = http_new(&ho, err);
	if (f.http == NULL)
		return -1;
	f.jobs = xcalloc(n, sizeof(*f.jobs));
	for (i = 0; i < n; i++) {
		items[i].outcome = FETCH_NONE;
		f.jobs[i].fetch = &f;
		fetch_file_init(&f.jobs[i].file, &items[i]);
	}
	loop(&f);
	http_free(f.http);
	free(f.jobs);
	if (f.failed == NULL)
		return 0;
	*err = f.failed->err;
	return -1;
}
