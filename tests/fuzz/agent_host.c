/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hostile guest says to the host: bytes into a client on the console
 * port.  The first of each chunk says how many follow; the nonce of the host is
 * put where a WELCOME wants it, so that sessions do begin.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/defs.h"
#include "instance/agent_client.h"

static struct agent_client client;
static struct agent_stream *streams[4];

static void
done(void *arg, enum agent_end end, uint32_t status, const char *text)
{
	(void)end;
	(void)status;
	(void)text;
	*(struct agent_stream **)arg = NULL;
}

static void
data(void *arg, bool err, const uint8_t *bytes, size_t n)
{
	struct agent_stream *s = *(struct agent_stream **)arg;

	(void)err;
	(void)bytes;
	if (n % 2 == 0)
		agent_stream_taken(s, n);
}

static void
room(void *arg)
{
	struct agent_stream *s = *(struct agent_stream **)arg;
	static const uint8_t zeros[4096];

	if (s != NULL)
		agent_stream_write(s, zeros, u64_min(agent_stream_room(s), sizeof(zeros)));
}

static const struct agent_stream_ops stream_ops = { data, room, done };

static void
opened(void *arg)
{
	const char *argv[] = { "x", NULL };
	struct agent_request r = { .kind = AGENT_EXEC, .argv = argv };
	struct err err;
	size_t i;

	(void)arg;
	client.last = 0;
	for (i = 0; i < nitems(streams); i++) {
		if (streams[i] == NULL)
			streams[i] = agent_stream_open(&client, &r, &stream_ops, &streams[i], &err);
	}
}

static void
event(void *arg, const struct agent_state *s)
{
	(void)arg;
	(void)s;
}

static void
lost(void *arg, const char *why)
{
	(void)arg;
	(void)why;
}

static const struct agent_client_ops ops = { opened, event, lost };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	uint8_t chunk[256], drain[65536];
	struct pollfd in = { .revents = POLLIN | POLLOUT };
	struct err err;
	int fds[2];
	size_t n, i;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)
		return 0;
	agent_client_init(&client, AGENT_LINK_PORT, fds[0], &ops, NULL);
	in.fd = fds[0];
	(void)agent_client_handle(&client, &in, &err);
	while (size > 1) {
		n = u64_min(p[0] + 1U, size - 1);
		memcpy(chunk, p + 1, n);
		for (i = 0; i + 24 <= n; i++) {
			if (chunk[i] == AGENT_MAGIC0 && chunk[i + 2] == AGENT_WELCOME)
				put_le64(chunk + i + 16, client.link.nonce);
		}
		p += n + 1;
		size -= n + 1;
		if (write(fds[1], chunk, n) < 0 || agent_client_handle(&client, &in, &err) != 0)
			break;
		while (read(fds[1], drain, sizeof(drain)) > 0)
			;
	}
	agent_client_release(&client);
	for (i = 0; i < nitems(streams); i++)
		streams[i] = NULL;
	(void)close(fds[0]);
	(void)close(fds[1]);
	return 0;
}
