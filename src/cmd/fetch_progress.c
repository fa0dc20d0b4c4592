/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bars and lines of a fetch.
 */
#include "cmd/fetch_progress.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defs.h"
#include "base/str.h"
#include "cmd/cmd.h"

#define NS 1e9
#define REDRAW_NS 100000000
#define NAME_COLUMNS 24
#define BAR_COLUMNS_MAX 40
#define REST_COLUMNS 62 /* of a line without name and bar, at most */

void
fetch_progress_init(struct fetch_progress *p, bool quiet, FILE *results, json_t *json)
{
	*p = (struct fetch_progress){ .quiet = quiet, .results = quiet ? NULL : results, .json = json };
	p->terminal = !quiet && cmd_is_terminal(STDERR_FILENO);
}

static const char *
name_of(const struct fetch_item *item)
{
	const char *slash = strrchr(item->path, '/'), *name = slash == NULL ? item->path : slash + 1;

	return item->index ? name + 1 : name;
}

/* --- bars --- */

static size_t
columns(void)
{
	struct winsize ws;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 20 ? ws.ws_col : 80;
}

static void
wipe(struct fetch_progress *p)
{
	if (p->lines > 0)
		(void)fprintf(stderr, "\r\033[%zuA\033[J", p->lines);
	p->lines = 0;
}

static void
measure(struct fetch_bar *b, uint64_t now)
{
	double seconds = (double)(now - b->seen_ns) / NS, rate;

	if (seconds < 0.5)
		return;
	rate = (double)(b->item->done - u64_min(b->seen_done, b->item->done)) / seconds;
	b->rate = b->rate == 0 ? rate : 0.7 * b->rate + 0.3 * rate;
	b->seen_ns = now;
	b->seen_done = b->item->done;
}

static void
add_rate(const struct fetch_bar *b, struct str *line)
{
	char text[SIZE_TEXT_MAX];
	uint64_t left;

	if (b->rate < 1)
		return;
	str_addf(line, "  %s/s", size_text((uint64_t)b->rate, text));
	if (b->item->total < b->item->done)
		return;
	left = (uint64_t)((double)(b->item->total - b->item->done) / b->rate);
	if (left < 100 * 3600)
		str_addf(line, "  %" PRIu64 ":%02" PRIu64, left / 60, left % 60);
}

static void
add_bar(const struct fetch_item *item, size_t width, struct str *line)
{
	char text[2][SIZE_TEXT_MAX];
	uint64_t done = u64_min(item->done, item->total);
	size_t full, i;

	if (item->total == 0) {
		str_addf(line, " %s", size_text(item->done, text[0]));
		return;
	}
	full = (size_t)((double)width * (double)done / (double)item->total);
	if (width > 0)
		str_add(line, " [");
	for (i = 0; i < width; i++)
		str_add(line, i < full ? "#" : "-");
	str_addf(line, "%s %3u %%  %s of %s", width > 0 ? "]" : "",
	    (unsigned)(100.0 * (double)done / (double)item->total), size_text(item->done, text[0]),
	    size_text(item->total, text[1]));
}

static void
draw(struct fetch_progress *p)
{
	size_t wide = columns(), bar, i;
	struct str line = { 0 };

	bar = wide > NAME_COLUMNS + REST_COLUMNS ? u64_min(wide - NAME_COLUMNS - REST_COLUMNS, BAR_COLUMNS_MAX) : 0;
	wipe(p);
	for (i = 0; i < p->nbars; i++) {
		struct fetch_bar *b = &p->bars[i];

		line.len = 0;
		measure(b, p->shown_ns);
		str_addf(&line, "%-*.*s", NAME_COLUMNS, NAME_COLUMNS, name_of(b->item));
		if (b->note[0] != '\0')
			str_addf(&line, " %s", b->note);
		else {
			add_bar(b->item, bar, &line);
			add_rate(b, &line);
		}
		(void)fprintf(stderr, "%.*s\n", (int)wide - 1, line.p);
		p->lines++;
	}
	str_release(&line);
	(void)fflush(stderr);
}

static void
redraw(struct fetch_progress *p, bool now)
{
	uint64_t ns = clock_now_ns();

	if (!p->terminal || (!now && ns - p->shown_ns < REDRAW_NS))
		return;
	p->shown_ns = ns;
	draw(p);
}

static struct fetch_bar *
bar_of(struct fetch_progress *p, const struct fetch_item *item)
{
	size_t i;

	for (i = 0; i < p->nbars; i++)
		if (p->bars[i].item == item)
			return &p->bars[i];
	if (p->nbars == FETCH_BARS_MAX)
		return NULL;
	p->bars[i] = (struct fetch_bar){ .item = item, .seen_ns = clock_now_ns() };
	p->nbars++;
	return &p->bars[i];
}

static void
drop_bar(struct fetch_progress *p, const struct fetch_item *item)
{
	size_t i;

	for (i = 0; i < p->nbars && p->bars[i].item != item; i++)
		;
	if (i == p->nbars)
		return;
	p->nbars--;
	memmove(&p->bars[i], &p->bars[i + 1], (p->nbars - i) * sizeof(p->bars[0]));
}

/* --- lines --- */

static void
say(struct fetch_progress *p, const struct fetch_item *item, const char *what)
{
	struct fetch_bar *b;

	if (p->quiet)
		return;
	if (!p->terminal) {
		(void)fprintf(stderr, "%s: %s\n", name_of(item), what);
		return;
	}
	b = bar_of(p, item);
	if (b != NULL)
		(void)snprintf(b->note, sizeof(b->note), "%s", what);
	redraw(p, true);
}

static void
on_start(struct fetch_progress *p, const struct fetch_item *item)
{
	char text[2][SIZE_TEXT_MAX];
	struct fetch_bar *b = p->terminal ? bar_of(p, item) : NULL;

	if (b != NULL) {
		b->note[0] = '\0';
		b->seen_done = item->done;
		b->seen_ns = clock_now_ns();
	}
	if (p->quiet || p->terminal || item->index)
		return;
	(void)fprintf(stderr, "fetching %s", item->url);
	if (item->done > 0)
		(void)fprintf(stderr, ", from %s on", size_text(item->done, text[0]));
	if (item->total > 0)
		(void)fprintf(stderr, " (%s)", size_text(item->total, text[1]));
	(void)fprintf(stderr, "\n");
}

static void
on_retry(struct fetch_progress *p, const struct fetch_event *e)
{
	char note[FETCH_NOTE_MAX];

	if (e->wait_ms > 0)
		(void)snprintf(note, sizeof(note), "%.100s; again in %.1f s", e->text, (double)e->wait_ms / 1000);
	else
		(void)snprintf(note, sizeof(note), "%.100s; once more", e->text);
	say(p, e->item, note);
}

static const char *const outcomes[] = {
	[FETCH_NONE] = "none",
	[FETCH_FETCHED] = "fetched",
	[FETCH_UNCHANGED] = "unchanged",
	[FETCH_PRESENT] = "present",
	[FETCH_KEPT] = "kept",
	[FETCH_ABSENT] = "absent",
	[FETCH_FAILED] = "failed",
};

static void
print_result(struct fetch_progress *p, const struct fetch_item *item)
{
	char text[SIZE_TEXT_MAX];

	if (p->results == NULL)
		return;
	if (item->outcome == FETCH_FETCHED)
		(void)fprintf(p->results, "%s: fetched, %s, %s%s\n", item->path, size_text(item->done, text),
		    item->digest.kind == DIGEST_NONE ? "not checked" : digest_name(item->digest.kind),
		    item->digest.kind == DIGEST_NONE ? "" : " checked");
	else if (item->outcome == FETCH_KEPT)
		(void)fprintf(
		    p->results, "%s: kept, for it was changed here; remove it to fetch it anew\n", item->path);
	else if (item->outcome == FETCH_UNCHANGED)
		(void)fprintf(p->results, "%s: unchanged\n", item->path);
	(void)fflush(p->results);
}

static void
add_json(struct fetch_progress *p, const struct fetch_item *item)
{
	char digest[DIGEST_TEXT_MAX] = "";
	json_t *j;

	if (p->json == NULL)
		return;
	if (item->digest.kind != DIGEST_NONE)
		(void)digest_string(&item->digest, digest);
	j = json_pack("{s:s, s:s, s:s, s:I, s:s?, s:s?}", "path", item->path, "url", item->url, "outcome",
	    outcomes[item->outcome], "bytes", (json_int_t)item->done, "digest", *digest == '\0' ? NULL : digest,
	    "error", item->outcome == FETCH_FAILED ? item->err.msg : NULL);
	p->not_utf8 |= j == NULL || json_array_append_new(p->json, j) != 0;
}

static void
on_end(struct fetch_progress *p, const struct fetch_item *item)
{
	if (p->terminal)
		wipe(p);
	drop_bar(p, item);
	if (item->outcome == FETCH_FAILED && p->failed)
		(void)fprintf(stderr, "smol: %s\n", item->err.msg);
	p->failed |= item->outcome == FETCH_FAILED;
	if (!item->index || item->outcome == FETCH_FAILED)
		add_json(p, item);
	if (!item->index)
		print_result(p, item);
	redraw(p, true);
}

void
fetch_progress_event(void *arg, const struct fetch_event *e)
{
	struct fetch_progress *p = arg;

	switch (e->kind) {
	case FETCH_EVENT_START:
		on_start(p, e->item);
		break;
	case FETCH_EVENT_RETRY:
		on_retry(p, e);
		break;
	case FETCH_EVENT_WAIT:
		say(p, e->item, "another smol fetches it: waiting");
		break;
	case FETCH_EVENT_END:
		on_end(p, e->item);
		break;
	case FETCH_EVENT_PROGRESS:
	case FETCH_EVENT_TICK:
		redraw(p, false);
		break;
	}
}
