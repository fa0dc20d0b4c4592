/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a machine ended, in words.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "instance/instance.h"

static const char *const texts[] = {
	[INSTANCE_ENDED] = "the guest ended",
	[INSTANCE_EXITED] = "",
	[INSTANCE_DONE] = "the guest is done",
	[INSTANCE_HALTED] = "the guest has halted",
	[INSTANCE_PANICKED] = "the guest panicked",
	[INSTANCE_STOPPED] = "stopped from outside",
	[INSTANCE_LEFT] = "the program at the console ended, and the machine with it",
	[INSTANCE_INTERRUPTED] = "interrupted",
	[INSTANCE_NO_READER] = "",
};

char *
instance_result_text(const struct instance_result *r, char buf[INSTANCE_RESULT_MAX])
{
	if (r->end == INSTANCE_INTERRUPTED && r->signal != SIGINT)
		(void)snprintf(buf, INSTANCE_RESULT_MAX, "ended by signal %d (%s)", r->signal, strsignal(r->signal));
	else if (r->end == INSTANCE_EXITED)
		(void)snprintf(buf, INSTANCE_RESULT_MAX, "the guest ended with status %u", r->status);
	else if (r->end == INSTANCE_ENDED && *r->why != '\0')
		(void)snprintf(buf, INSTANCE_RESULT_MAX, "%s (%s)", texts[r->end], r->why);
	else
		(void)snprintf(buf, INSTANCE_RESULT_MAX, "%s%s", texts[r->end], r->killed ? ", by force" : "");
	return buf;
}
