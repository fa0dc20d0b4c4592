/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a fetch shows: on a terminal a bar for each file that comes, wiped when
 * it is there; elsewhere plain lines.  And a line, or JSON, for each that ended.
 */
#ifndef SMOL_CMD_FETCH_PROGRESS_H
#define SMOL_CMD_FETCH_PROGRESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "source/fetch.h"

#define FETCH_BARS_MAX 8
#define FETCH_NOTE_MAX 160

struct fetch_bar {
	const struct fetch_item *item;
	uint64_t seen_ns, seen_done; /* when the rate was last looked at */
	double rate; /* bytes a second, smoothed; 0: not known */
	char note[FETCH_NOTE_MAX]; /* instead of the bar: why it waits */
};

struct fetch_progress {
	bool quiet, terminal;
	FILE *results; /* lines of files that ended; NULL: none */
	json_t *json; /* array to add them to; NULL: none */
	bool not_utf8; /* one could not be added */
	bool failed; /* the first failure is the command's error, further ones are printed */
	struct fetch_bar bars[FETCH_BARS_MAX];
	size_t nbars, lines; /* lines: on the screen now */
	uint64_t shown_ns;
};

void fetch_progress_init(struct fetch_progress *, bool quiet, FILE *results, json_t *json);
/* For struct fetch_options; arg is the struct fetch_progress. */
void fetch_progress_event(void *arg, const struct fetch_event *);

#endif
