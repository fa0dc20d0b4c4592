/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits for one text at the beginning of a line in a stream of the guest.
 * Carriage returns do not count, nor does the time that a kernel puts in front
 * of its lines: "[   1.1639193] ".
 */
#ifndef SMOL_INSTANCE_WATCH_H
#define SMOL_INSTANCE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum watch_stamp { WATCH_NO_STAMP, WATCH_IN_STAMP, WATCH_BEHIND_STAMP };

struct watch {
	const char *text; /* begins with '\n', which the beginning of the stream stands for too; NULL: nothing */
	size_t matched; /* bytes of text seen */
	enum watch_stamp stamp;
	bool ended; /* the stream's last byte was the text's last */
};

void watch_init(struct watch *, const char *text);

/* True if the text ended in these bytes. */
bool watch_feed(struct watch *, const uint8_t *, size_t len);

#endif
