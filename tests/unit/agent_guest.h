/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-agent's Linux build (SMOL_AGENT names it) as an ordinary process on a
 * pair of sockets, a client of it, and jobs: streams that are fed and kept.
 */
#ifndef SMOL_AGENT_GUEST_H
#define SMOL_AGENT_GUEST_H

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defs.h"
#include "base/str.h"
#include "instance/agent_client.h"
#include "test.h"

#define DEADLINE_MS 120000

struct guest {
	pid_t pid;
	int ours, theirs;
	struct agent_client client;
	unsigned opened, lost;
};

struct job {
	struct guest *guest;
	struct agent_stream *stream; /* NULL: done */
	const char *input; /* NULL: nothing */
	size_t input_len, input_at;
	bool keep_open, hold; /* its input; do not take its output */
	struct str out, err;
	size_t held;
	enum agent_end end;
	uint32_t status;
	char text[300];
};

static void
guest_opened(void *arg)
{
	((struct guest *)arg)->opened++;
}

static void
guest_lost(void *arg, const char *why)
{
	(void)why;
	((struct guest *)arg)->lost++;
}

static const struct agent_client_ops guest_ops = { guest_opened, NULL, guest_lost };

/* The agent on the other end; -1: it cannot be had. */
static inline int
guest_spawn(struct guest *g)
{
	const char *path = getenv("SMOL_AGENT");

	if (path == NULL)
		return -1;
	g->pid = fork();
	if (g->pid == 0) {
		(void)dup2(g->theirs, 3);
		(void)execl(path, path, "-f", "3", (char *)NULL);
		_exit(127);
	}
	return g->pid < 0 ? -1 : 0;
}

static inline void
guest_kill(struct guest *g)
{
	(void)kill(g->pid, SIGKILL);
	(void)waitpid(g->pid, NULL, 0);
}

/* -1: skip. */
static inline int
guest_start(struct guest *g)
{
	int fds[2];

	*g = (struct guest){ .ours = -1 };
	if (getenv("SMOL_AGENT") == NULL) {
		test_skip("no smol-agent for this host");
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return -1;
	g->ours = fds[0];
	g->theirs = fds[1];
	(void)fcntl(g->ours, F_SETFL, O_NONBLOCK);
	agent_client_init(&g->client, AGENT_LINK_PORT, g->ours, &guest_ops, g);
	return guest_spawn(g);
}

static inline void
guest_end(struct guest *g)
{
	agent_client_release(&g->client);
	(void)close(g->ours);
	(void)close(g->theirs);
	guest_kill(g);
}

/* One round of the loop; false: the connection has failed. */
static inline bool
guest_step(struct guest *g)
{
	struct pollfd p;
	struct err err;
	int timeout = agent_client_timeout(&g->client);

	agent_client_prepare(&g->client, &p);
	(void)poll(&p, 1, timeout < 0 || timeout > 100 ? 100 : timeout);
	return agent_client_handle(&g->client, &p, &err) == 0;
}

static inline bool
guest_until_open(struct guest *g, unsigned sessions)
{
	uint64_t until = clock_now_ns() / 1000000 + DEADLINE_MS;

	while (g->opened < sessions || !g->client.link.is_open) {
		if (!guest_step(g) || clock_now_ns() / 1000000 > until)
			return false;
	}
	return true;
}

/* --- jobs --- */

static void
job_room(void *arg)
{
	struct job *j = arg;
	size_t n = u64_min(agent_stream_room(j->stream), j->input_len - j->input_at);

	agent_stream_write(j->stream, j->input + j->input_at, n);
	j->input_at += n;
	if (j->input_at == j->input_len && !j->keep_open)
		agent_stream_eof(j->stream);
}

static void
job_data(void *arg, bool err, const uint8_t *data, size_t n)
{
	struct job *j = arg;

	if (j->hold) {
		j->held += n;
		return;
	}
	str_addn(err ? &j->err : &j->out, (const char *)data, n);
	agent_stream_taken(j->stream, n);
}

static void
job_done(void *arg, enum agent_end end, uint32_t status, const char *text)
{
	struct job *j = arg;

	j->stream = NULL;
	j->end = end;
	j->status = status;
	(void)snprintf(j->text, sizeof(j->text), "%s", text);
}

static const struct agent_stream_ops job_ops = { job_data, job_room, job_done };

/* input's fields may be set before. */
static inline void
job_request(struct job *j, struct guest *g, const struct agent_request *r)
{
	struct err err = { 0 };

	j->guest = g;
	j->stream = agent_stream_open(&g->client, r, &job_ops, j, &err);
	if (j->stream == NULL) {
		printf("# %s\n", err.msg);
		test_failures++;
		return;
	}
	job_room(j);
}

static inline bool
job_wait(struct job *j)
{
	uint64_t until = clock_now_ns() / 1000000 + DEADLINE_MS;

	while (j->stream != NULL) {
		if (!guest_step(j->guest) || clock_now_ns() / 1000000 > until) {
			printf("# the stream does not end\n");
			test_failures++;
			return false;
		}
	}
	return true;
}

static inline void
job_free(struct job *j)
{
	str_release(&j->out);
	str_release(&j->err);
	*j = (struct job){ 0 };
}

static inline void
job_shell(struct job *j, struct guest *g, const char *script)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };

	job_request(j, g, &(struct agent_request){ .kind = AGENT_EXEC, .argv = argv });
}

static inline const char *
job_out(const struct job *j)
{
	return j->out.p == NULL ? "" : j->out.p;
}

#endif
