/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-vmm's lines:
 *
 *	pause				ok
 *	stop				error the guest has no power button
 *	metrics				ok {"state": "running", ...}
 *					event started
 *					event ended halted
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control.h"
#include "base/defs.h"

static const struct {
	const char *word;
	unsigned nargs;
} requests[CONTROL_VERBS] = {
	[CONTROL_STATUS] = { "status", 0 },
	[CONTROL_PAUSE] = { "pause", 0 },
	[CONTROL_RESUME] = { "resume", 0 },
	[CONTROL_STOP] = { "stop", 0 },
	[CONTROL_QUIT] = { "quit", 0 },
	[CONTROL_METRICS] = { "metrics", 0 },
	[CONTROL_BALLOON] = { "balloon", 1 },
	[CONTROL_SIZE] = { "size", 2 },
	[CONTROL_COMMIT] = { "commit", 1 },
	[CONTROL_RESET] = { "reset", 1 },
};

static const struct {
	const char *word;
	enum control_end end;
} ends[] = {
	{ "halted", CONTROL_HALTED },
	{ "reset", CONTROL_RESTARTED },
	{ "panicked", CONTROL_PANICKED },
	{ "exit", CONTROL_EXITED },
	{ "stopped", CONTROL_SIGNALLED },
	{ "failed", CONTROL_FAILED },
};

static int
request(enum control_verb verb, const uint64_t args[2], struct str *out, struct err *err)
{
	unsigned i;

	(void)err;
	str_add(out, requests[verb].word);
	for (i = 0; i < requests[verb].nargs; i++)
		str_addf(out, " %" PRIu64, args[i]);
	str_add(out, "\n");
	return 0;
}

/* "KIND [WHY]" */
static int
ended(struct control *c, const char *text, struct err *err)
{
	size_t i, len;

	for (i = 0; i < nitems(ends); i++) {
		len = strlen(ends[i].word);
		if (strncmp(text, ends[i].word, len) != 0 || (text[len] != ' ' && text[len] != '\0'))
			continue;
		text += len + (text[len] == ' ');
		control_ended(c, ends[i].end, text);
		if (ends[i].end == CONTROL_EXITED)
			c->end_code = (unsigned)strtoul(text, NULL, 10) >> 1; /* vmm/device/exit.h */
		return 0;
	}
	return err_set(err, "its control channel tells of an unknown end, '%.40s'", text);
}

/* "", "running", or JSON. */
static json_t *
result_of(const char *text)
{
	if (*text == '{')
		return json_loads(text, 0, NULL);
	return *text == '\0' ? json_object() : json_pack("{s:s}", "state", text);
}

static int
message(struct control *c, const char *text, struct err *err)
{
	if (strcmp(text, "event started") == 0) {
		c->ready = true;
		return 0;
	}
	if (str_starts(text, "event ended "))
		return ended(c, text + strlen("event ended "), err);
	if (str_starts(text, "error ")) {
		control_answered(c, NULL, text + strlen("error "));
		return 0;
	}
	if (strcmp(text, "ok") == 0 || str_starts(text, "ok ")) {
		json_t *result = result_of(text + strlen("ok") + (text[2] == ' '));

		control_answered(c, result, result == NULL ? "the monitor's answer makes no sense" : NULL);
		json_decref(result);
		return 0;
	}
	return err_set(err, "its control channel makes no sense: '%.40s'", text);
}

static int
line(struct control *c, const char *text, size_t len, struct err *err)
{
	cleanup_free char *copy = strndup(text, len);

	return message(c, copy == NULL ? "" : copy, err);
}

const struct control_ops control_vmm = { .line = line, .request = request };
