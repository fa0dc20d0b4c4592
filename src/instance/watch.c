/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The matcher.  Only a '\n' can be the beginning of the text and the end of
 * what was seen of it: that keeps what to do on a mismatch simple.
 */
#include "instance/watch.h"

#include <ctype.h>

void
watch_init(struct watch *w, const char *text)
{
	*w = (struct watch){ .text = text, .matched = text == NULL ? 0 : 1 };
}

static bool
at_line_start(const struct watch *w)
{
	return w->matched > 0 && w->text[w->matched - 1] == '\n';
}

static void
feed(struct watch *w, char c)
{
	if (w->text[w->matched] == c) {
		w->matched++;
		return;
	}
	/* A new line may have begun. */
	w->matched = at_line_start(w);
	if (w->text[w->matched] == c)
		w->matched++;
	else
		w->matched = c == '\n';
}

/* True if it belongs to a time stamp. */
static bool
stamp(struct watch *w, char c)
{
	if (w->stamp == WATCH_NO_STAMP) {
		if (c != '[' || !at_line_start(w))
			return false;
		w->stamp = WATCH_IN_STAMP;
	} else if (w->stamp == WATCH_IN_STAMP && c == ']') {
		w->stamp = WATCH_BEHIND_STAMP;
	} else if (w->stamp == WATCH_BEHIND_STAMP && c == ' ') {
		w->stamp = WATCH_NO_STAMP;
	} else if (w->stamp == WATCH_BEHIND_STAMP || (!isdigit((unsigned char)c) && c != ' ' && c != '.')) {
		w->stamp = WATCH_NO_STAMP;
		w->matched = c == '\n';
	}
	return true;
}

bool
watch_feed(struct watch *w, const uint8_t *p, size_t len)
{
	bool found = false;
	size_t i;

	for (i = 0; w->text != NULL && i < len; i++) {
		if (p[i] == '\r')
			continue;
		w->ended = false;
		if (stamp(w, (char)p[i]))
			continue;
		feed(w, (char)p[i]);
		w->ended = w->text[w->matched] == '\0';
		if (w->ended) {
			found = true;
			w->matched = p[i] == '\n';
		}
	}
	return found;
}
