/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several clients of one agent, and sessions that begin anew: hosts and agents
 * that vanish in the midst of a frame, clients that break the rules.
 */
#include <errno.h>

#include "instance/agent_mux.h"

#include "agent_guest.h"

static struct agent_mux mux;
static bool mux_failed;

/* One round for the mux and two clients (NULL: none). */
static bool
step(struct guest *a, struct guest *b)
{
	struct pollfd p[AGENT_MUX_FDS + 2];
	struct guest *all[2] = { a, b };
	struct err err;
	size_t i;
	bool good = true;

	agent_mux_prepare(&mux, p);
	for (i = 0; i < 2; i++) {
		p[AGENT_MUX_FDS + i].fd = -1;
		if (all[i] != NULL)
			agent_client_prepare(&all[i]->client, &p[AGENT_MUX_FDS + i]);
	}
	(void)poll(p, nitems(p), agent_mux_timeout(&mux) < 0 ? 100 : u64_min(100, (uint64_t)agent_mux_timeout(&mux)));
	if (!mux_failed && agent_mux_handle(&mux, p, &err) != 0)
		mux_failed = true;
	for (i = 0; i < 2; i++) {
		if (all[i] != NULL)
			good &= agent_client_handle(&all[i]->client, &p[AGENT_MUX_FDS + i], &err) == 0;
	}
	return good;
}

/* Until it is over; false: it did not end. */
static bool
wait_for(struct job *j, struct guest *a, struct guest *b)
{
	uint64_t until = clock_now_ns() / 1000000 + DEADLINE_MS;

	while (j->stream != NULL) {
		if (!step(a, b) || clock_now_ns() / 1000000 > until)
			return false;
	}
	return true;
}

/* agent: the process and its end; its client is not used. */
static bool
mux_begin(struct guest *agent)
{
	mux_failed = false;
	if (guest_start(agent) != 0) {
		if (test_skipped == NULL)
			CHECK(!"the agent starts");
		return false;
	}
	agent_mux_init(&mux, agent->ours, NULL, NULL);
	return true;
}

static void
mux_end(struct guest *agent)
{
	agent_mux_release(&mux);
	guest_end(agent);
}

static void
join(struct guest *c)
{
	struct err err = { 0 };
	int fds[2];

	*c = (struct guest){ .pid = -1 };
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	c->ours = fds[0];
	CHECK(agent_mux_take(&mux, fds[1], &err) == 0);
	agent_client_init(&c->client, AGENT_LINK_CLIENT, c->ours, &guest_ops, c);
}

static void
leave(struct guest *c)
{
	agent_client_release(&c->client);
	(void)close(c->ours);
}

static void
until_open(struct guest *a, struct guest *b)
{
	uint64_t until = clock_now_ns() / 1000000 + DEADLINE_MS;

	while ((!a->client.link.is_open || (b != NULL && !b->client.link.is_open)) && clock_now_ns() / 1000000 < until)
		(void)step(a, b);
	CHECK(a->client.link.is_open);
}

static bool
gone(pid_t pid)
{
	unsigned i;

	for (i = 0; i < 200 && kill(pid, 0) == 0; i++) {
		struct timespec ms = { 0, 10000000 };

		(void)nanosleep(&ms, NULL);
	}
	return kill(pid, 0) != 0 && errno == ESRCH;
}

static void
test_two_clients(void)
{
	struct guest agent, a, b;
	struct job ja = { 0 }, jb = { 0 };

	if (!mux_begin(&agent))
		return;
	join(&a);
	join(&b);
	until_open(&a, &b);
	CHECK(str_starts(a.client.link.info.name, "Linux "));
	job_shell(&ja, &a, "sleep 0.2; echo first");
	job_shell(&jb, &b, "echo second; exit 4");
	CHECK(wait_for(&jb, &a, &b) && jb.status == 4);
	CHECK_STR(job_out(&jb), "second\n");
	CHECK(wait_for(&ja, &a, &b) && ja.status == 0);
	CHECK_STR(job_out(&ja), "first\n");
	job_free(&ja);
	job_free(&jb);
	leave(&a);
	leave(&b);
	mux_end(&agent);
}

/* In the midst of a stream: its process gets SIGHUP, the other's goes on. */
static void
test_client_vanishes(void)
{
	struct guest agent, a, b;
	struct job ja = { .keep_open = true }, jb = { .keep_open = true };
	pid_t pid;

	if (!mux_begin(&agent))
		return;
	join(&a);
	join(&b);
	until_open(&a, &b);
	job_shell(&ja, &a, "echo $$; exec sleep 1000");
	job_shell(&jb, &b, "read x; echo got $x");
	while (memchr(job_out(&ja), '\n', ja.out.len) == NULL && step(&a, &b))
		;
	pid = (pid_t)strtol(job_out(&ja), NULL, 10);
	CHECK(pid > 1 && kill(pid, 0) == 0);
	leave(&a);
	while (mux.clients[0].link.fd >= 0 && step(NULL, &b))
		;
	while (!gone(pid) && step(NULL, &b))
		break;
	(void)step(NULL, &b);
	CHECK(gone(pid));
	agent_stream_write(jb.stream, "it\n", 3);
	CHECK(wait_for(&jb, NULL, &b));
	CHECK_STR(job_out(&jb), "got it\n");
	job_free(&ja);
	job_free(&jb);
	leave(&b);
	mux_end(&agent);
}

static void
test_client_breaks_rules(void)
{
	uint8_t frame[AGENT_HEAD_SIZE + AGENT_PAYLOAD_MAX] = { 0 };
	struct guest agent, a, b;
	struct job jb = { 0 };
	unsigned kind;
	size_t len;

	if (!mux_begin(&agent))
		return;
	join(&b);
	until_open(&b, NULL);
	for (kind = 0; kind <= AGENT_NTYPES; kind++) {
		join(&a);
		until_open(&a, &b);
		len = kind == 0 ? sizeof(frame) : 7;
		agent_head_put(frame, (uint8_t)kind, kind == AGENT_OPEN ? 0 : 1, (uint32_t)(len == 7 ? 7 : 0xffffffff));
		CHECK(write(a.ours, frame, len == 7 ? AGENT_HEAD_SIZE + 7 : len) > 0);
		job_shell(&jb, &b, "echo fine");
		CHECK(wait_for(&jb, NULL, &b));
		CHECK_STR(job_out(&jb), "fine\n");
		job_free(&jb);
		leave(&a);
		(void)step(NULL, &b);
	}
	CHECK(mux.port.is_open && b.lost == 0);
	leave(&b);
	mux_end(&agent);
}

static void
test_agent_restarts(void)
{
	struct guest agent, a;
	struct job j = { .keep_open = true };

	if (!mux_begin(&agent))
		return;
	join(&a);
	until_open(&a, NULL);
	job_shell(&j, &a, "sleep 1000");
	(void)step(&a, NULL);
	guest_kill(&agent);
	CHECK(guest_spawn(&agent) == 0);
	CHECK(wait_for(&j, &a, NULL) && j.end == AGENT_FAILED);
	CHECK_STR(j.text, "the agent has begun anew");
	while (!mux.port.is_open && step(&a, NULL))
		;
	j.keep_open = false;
	job_shell(&j, &a, "echo again");
	CHECK(wait_for(&j, &a, NULL));
	CHECK_STR(job_out(&j), "again\n");
	job_free(&j);
	leave(&a);
	mux_end(&agent);
}

/* --- sessions of the port --- */

/* A host that dies in a frame, and the next one on the same port. */
static void
test_host_restarts(void)
{
	uint8_t head[AGENT_HEAD_SIZE];
	struct guest g;
	struct job j = { .keep_open = true };
	pid_t pid;
	unsigned i;

	if (guest_start(&g) != 0)
		return;
	for (i = 0; i < 5; i++) {
		CHECK(guest_until_open(&g, 1));
		j.keep_open = true;
		job_shell(&j, &g, "echo $$; exec sleep 1000");
		while (memchr(job_out(&j), '\n', j.out.len) == NULL && guest_step(&g))
			;
		pid = (pid_t)strtol(job_out(&j), NULL, 10);
		agent_head_put(head, AGENT_DATA, 1, 16000);
		CHECK(write(g.ours, head, i == 0 ? 5 : sizeof(head)) > 0);
		agent_client_release(&g.client);
		job_free(&j);
		g.opened = 0;
		agent_client_init(&g.client, AGENT_LINK_PORT, g.ours, &guest_ops, &g);
		CHECK(guest_until_open(&g, 1));
		CHECK(gone(pid));
	}
	job_shell(&j, &g, "echo last");
	CHECK(job_wait(&j));
	CHECK_STR(job_out(&j), "last\n");
	job_free(&j);
	guest_end(&g);
}

/* What is no frame, and frames out of place: the agent begins anew, and lives. */
static void
test_hostile_host(void)
{
	uint8_t junk[3 * AGENT_FRAME_MAX];
	uint32_t seed = 1;
	struct guest g;
	struct job j = { 0 };
	unsigned round;
	size_t i;

	if (guest_start(&g) != 0)
		return;
	for (round = 0; round < 30; round++) {
		CHECK(guest_until_open(&g, round / 2 + 1));
		for (i = 0; i < sizeof(junk); i++) {
			seed = seed * 1103515245 + 12345;
			junk[i] = (uint8_t)(seed >> 16);
		}
		/* Every other time with heads that are good. */
		for (i = 0; round % 2 == 1 && i + 64 < sizeof(junk); i += 64)
			agent_head_put(junk + i, (uint8_t)(1 + junk[i] % (AGENT_NTYPES - 1)), junk[i + 20] % 4, 52);
		i = 0;
		while (i < sizeof(junk)) {
			ssize_t n = write(g.ours, junk + i, sizeof(junk) - i);

			if (n > 0)
				i += (size_t)n;
			else if (!guest_step(&g))
				break;
		}
		agent_client_release(&g.client);
		g.opened = round / 2 + 1;
		agent_client_init(&g.client, AGENT_LINK_PORT, g.ours, &guest_ops, &g);
		while (!g.client.link.is_open && guest_step(&g))
			;
		CHECK(g.client.link.is_open);
	}
	job_shell(&j, &g, "echo alive");
	CHECK(job_wait(&j));
	CHECK_STR(job_out(&j), "alive\n");
	job_free(&j);
	guest_end(&g);
}

TEST_MAIN({ "two clients", test_two_clients }, { "a client vanishes", test_client_vanishes },
    { "a client breaks the rules", test_client_breaks_rules }, { "the agent restarts", test_agent_restarts },
    { "the host restarts in a frame", test_host_restarts }, { "a hostile host", test_hostile_host })
