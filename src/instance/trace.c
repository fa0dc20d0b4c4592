/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stages by what the console says, and by whether a port answers.
 */
#include "instance/trace.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "instance/trace_probe.h"

static const struct {
	const char *name, *text;
} stages[TRACE_STAGES] = {
	[TRACE_EXEC] = { "exec", "monitor is started" },
	[TRACE_MACHINE] = { "machine", "machine is made" },
	[TRACE_RUN] = { "run", "first instruction" },
	[TRACE_BANNER] = { "banner", "kernel's first line" },
	[TRACE_INIT] = { "init", "kernel starts init" },
	[TRACE_LINE] = { "line", "first line of user space" },
	[TRACE_PORT] = { "port", "port answers" },
};

void
trace_init(struct trace *t)
{
	*t = (struct trace){ .begin_ns = clock_now_ns(), .pipe = { -1, -1 } };
}

void
trace_release(struct trace *t)
{
	json_decref(t->metrics);
	t->metrics = NULL;
}

void
trace_stamp(struct trace *t, enum trace_stage stage)
{
	if (t->at_ns[stage] == 0)
		t->at_ns[stage] = clock_now_ns();
}

static void
replace(struct trace *t, enum trace_stage stage, const json_t *metrics, const char *name)
{
	json_int_t ns = json_integer_value(json_object_get(metrics, name));

	if (ns > 0)
		t->at_ns[stage] = (uint64_t)ns;
}

void
trace_metrics(struct trace *t, json_t *metrics)
{
	json_decref(t->metrics);
	t->metrics = json_incref(metrics);
	replace(t, TRACE_MACHINE, metrics, "vm_ns");
	replace(t, TRACE_RUN, metrics, "run_ns");
}

const char *
trace_stage_name(enum trace_stage stage)
{
	return stages[stage].name;
}

const char *
trace_stage_text(enum trace_stage stage)
{
	return stages[stage].text;
}

/* --- lines --- */

/* Behind a kernel's time, or NULL. */
static const char *
behind_stamp(const char *line)
{
	if (*line != '[')
		return NULL;
	line += 1 + strspn(line + 1, " 0123456789.");
	return *line == ']' ? line + 1 + (line[1] == ' ') : NULL;
}

/* True if it ends the boot. */
static bool
see_line(struct trace *t, const char *line)
{
	const char *kernel = behind_stamp(line);

	if (kernel != NULL) {
		trace_stamp(t, TRACE_BANNER);
		/* NetBSD's sys/kern/init_main.c and kern_subr.c; Linux's init/main.c. */
		if (str_starts(kernel, "root file system type:") ||
		    (str_starts(kernel, "Run /") && strstr(kernel, " as init")))
			trace_stamp(t, TRACE_INIT);
	} else if (*line != '\0') {
		trace_stamp(t, TRACE_LINE);
	}
	if (t->until != NULL)
		return strstr(line, t->until) != NULL;
	return t->port == 0 && t->at_ns[TRACE_LINE] != 0;
}

static bool
see_bytes(struct trace *t, const uint8_t *p, size_t n)
{
	bool done = false;

	for (; n > 0; p++, n--) {
		if (*p == '\n') {
			t->line[t->len] = '\0';
			t->len = 0;
			done |= see_line(t, t->line);
		} else if (isprint(*p) && t->len < sizeof(t->line) - 1)
			t->line[t->len++] = (char)*p;
	}
	return done;
}

/* --- the front --- */

struct front_trace {
	struct front front;
	struct trace *trace;
};

static void
prepare(struct front *f, bool keys, struct pollfd p[FRONT_FDS])
{
	const struct trace *t = ((struct front_trace *)f)->trace;

	(void)keys;
	p[0] = (struct pollfd){ t->pipe[0], POLLIN, 0 };
}

static enum front_event
handle(struct front *f, const struct pollfd p[FRONT_FDS], struct relay *keys, struct err *err)
{
	struct trace *t = ((struct front_trace *)f)->trace;
	bool done = see_bytes(t, f->out.bytes + f->out.start, f->out.len);
	char byte;

	(void)keys;
	(void)err;
	f->out.start = f->out.len = 0;
	if (p[0].revents != 0 && read(t->pipe[0], &byte, 1) == 1) {
		t->at_ns[TRACE_PORT] = atomic_load(&t->answered_ns);
		t->timed_out = t->at_ns[TRACE_PORT] == 0;
		done |= t->until == NULL || t->timed_out;
	}
	if (!done || t->done)
		return FRONT_OK;
	t->done = true;
	return FRONT_DONE;
}

static void
release(struct front *f)
{
	trace_probe_stop(((struct front_trace *)f)->trace);
	free(f);
}

static const struct front_ops trace_ops = { .prepare = prepare, .handle = handle, .free = release };

struct front *
front_trace_new(struct trace *t, struct err *err)
{
	struct front_trace *f;

	if (trace_probe_start(t, err) < 0)
		return NULL;
	f = xcalloc(1, sizeof(*f));
	f->front.ops = &trace_ops;
	f->trace = t;
	return &f->front;
}
