/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a machine: wanted, forced, found.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "instance/instance_impl.h"

#define STOP_MS 10000 /* a guest that was asked to end */
#define QUIT_MS 2000 /* from a polite request to SIGKILL */

static void
ask_to_quit(struct instance *in)
{
	struct err ignored;

	in->kill_at_ms = now_ms() + QUIT_MS;
	if (!in->control.ready || control_ask(&in->control, CONTROL_QUIT, NULL, NULL, NULL, &ignored) < 0)
		process_signal(&in->process, SIGTERM);
}

void
instance_end(struct instance *in, enum instance_end how, int sig)
{
	bool first = !in->ending && !in->finished;

	in->ending = true;
	if (first && !in->stopping) {
		in->result->end = how;
		in->result->signal = sig;
	}
	/* Else only its last output was still to be written. */
	if (in->process.reaped)
		return;
	if (first)
		ask_to_quit(in);
	else
		process_signal(&in->process, SIGKILL);
}

static void
stop_answered(void *arg, json_t *result, const char *error)
{
	struct instance *in = arg;

	(void)error;
	if (result == NULL && !in->process.reaped)
		instance_end(in, in->result->end, in->result->signal);
}

void
instance_stop(struct instance *in, enum instance_end how, int sig, uint64_t timeout_ms)
{
	struct err ignored;

	if (!in->stopping && !in->ending && !in->finished && in->started &&
	    control_ask(&in->control, CONTROL_STOP, NULL, stop_answered, in, &ignored) == 0) {
		in->stopping = true;
		in->stop_at_ms = now_ms() + timeout_ms;
		in->result->end = how;
		in->result->signal = sig;
	} else
		instance_end(in, how, sig);
}

uint64_t
instance_stop_timeout_ms(const struct instance *in)
{
	return in->options->stop_timeout_ms > 0 ? in->options->stop_timeout_ms : STOP_MS;
}

void
instance_finish(struct instance *in, enum instance_end how)
{
	if (in->ending || in->finished)
		return;
	in->finished = true;
	if (!in->stopping)
		in->result->end = how;
	/* It may have reset at once: then only this was still to be read. */
	if (!in->process.reaped)
		ask_to_quit(in);
}

void
instance_fail(struct instance *in)
{
	if (!in->failed)
		instance_end(in, INSTANCE_ENDED, 0);
	in->failed = true;
}

/* Told to by those whom we gave the means: the process id, the QMP port. */
static bool
stopped(const struct instance *in)
{
	return (in->machine->pidfile != NULL && in->control.end == CONTROL_SIGNALLED) ||
	       (in->machine->qmp != NULL && in->control.end == CONTROL_TOLD);
}

/* The backend ended by itself, but not for the guest. */
static int
ended_early(struct instance *in)
{
	const char *reason = in->control.end_reason;
	char what[64 + CONTROL_REASON_MAX];

	if (in->control.end == CONTROL_FAILED && in->process.said.len > 0)
		return process_failed_status(&in->process, in->err);
	/* What it was told by a signal it also says itself: ours is clearer. */
	str_release(&in->process.said);
	(void)snprintf(
	    what, sizeof(what), "it was told to end from outside (%s)", *reason == '\0' ? "a signal" : reason);
	return process_failed(&in->process, what, in->err);
}

int
instance_verdict(struct instance *in)
{
	const struct control *c = &in->control;

	if (in->failed)
		return -1;
	if (in->ending || in->finished || in->stopping)
		return 0;
	process_listen(&in->process);
	if (c->end == CONTROL_PANICKED || in->channels[0].panicked) {
		in->result->end = INSTANCE_PANICKED;
		return 0;
	}
	if (WIFSIGNALED(in->process.status) || (c->end == CONTROL_RUNNING && in->process.status != 0))
		return process_failed_status(&in->process, in->err);
	if (!in->started && c->end != CONTROL_FAILED)
		return process_failed(&in->process, "it ended before the machine started", in->err);
	if (c->end == CONTROL_EXITED) {
		in->result->end = INSTANCE_EXITED;
		in->result->status = c->end_code;
	} else if (stopped(in))
		in->result->end = INSTANCE_STOPPED;
	else if (c->end >= CONTROL_SIGNALLED)
		return ended_early(in);
	else if (c->end == CONTROL_RESTARTED)
		(void)snprintf(
		    in->result->why, sizeof(in->result->why), "%.*s", (int)sizeof(in->result->why) - 1, c->end_reason);
	return 0;
}
