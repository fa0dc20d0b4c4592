/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hostile host says to the agent: bytes into its port, with a kernel
 * that has no processes.  The agent's own files are compiled in; its nonce is 0.
 */
#define AGENT_LINUX
#include "../../guest/agent/port.c"
#include "../../guest/agent/start.c"
#include "../../guest/agent/stream.c"

struct config config;
struct agent agent;

static const uint8_t *bytes;
static size_t left;
static long processes;

long
sys_read(int fd, void *buf, size_t n)
{
	if (fd != 3)
		return fd % 3 == 0 ? 0 : -EAGAIN;
	if (n > left)
		n = left;
	if (n > 100)
		n = 100;
	__builtin_memcpy(buf, bytes, n);
	bytes += n;
	left -= n;
	return n == 0 ? -EAGAIN : (long)n;
}

long
sys_write(int fd, const void *buf, size_t n)
{
	(void)buf;
	if (fd != 3 && processes % 3 == 0)
		return -EAGAIN;
	return n > 1000 ? 1000 : (long)n;
}

long
process_start(const struct start *s, const struct start *base, const char *console, struct process *p)
{
	(void)base;
	(void)console;
	if (s->argc > ARGS_MAX || s->user == NULL || text_len(s->user) > AGENT_PAYLOAD_MAX)
		__builtin_trap();
	processes++;
	*p = (struct process){ .pid = processes, .in = 10, .out = 11, .err = 12, .report = 13 };
	return 0;
}

const char *
request(const struct start *s)
{
	return s->argc == 1 ? "no" : NULL;
}

void
service_state(uint8_t event[AGENT_EVENT_SIZE])
{
	memset(event, 0, AGENT_EVENT_SIZE);
}

long
sys_open(const char *path, int flags, uint32_t mode)
{
	(void)path;
	(void)flags;
	(void)mode;
	return 3;
}

void
sys_close(int fd)
{
	(void)fd;
}

void
sys_nonblock(int fd, bool on)
{
	(void)fd;
	(void)on;
}

uint32_t
sys_tty_raw(int fd)
{
	(void)fd;
	return 65536;
}

void
sys_tty_size(int fd, unsigned rows, unsigned columns)
{
	(void)fd;
	(void)rows;
	(void)columns;
}

void
sys_random(void *buf, size_t n)
{
	memset(buf, 0, n);
}

void
sys_name(char *buf, size_t size)
{
	(void)text_copy(buf, size, "a name");
}

long
sys_kill(long pid, uint32_t sig)
{
	(void)pid;
	(void)sig;
	return 0;
}

uint32_t
sys_end(int status, uint32_t *value)
{
	*value = (uint32_t)status;
	return 0;
}

const char *
sys_error(long negative_errno)
{
	(void)negative_errno;
	return "an error";
}

size_t
text_len(const char *s)
{
	return __builtin_strlen(s);
}

bool
text_copy(char *to, size_t size, const char *from)
{
	size_t n = text_len(from) < size ? text_len(from) : size - 1;

	memcpy(to, from, n);
	to[n] = '\0';
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	static struct sys_poll polls[1 + STREAM_POLLS];
	size_t i;

	bytes = p;
	left = size;
	processes = 0;
	if (!port_open("port", -1))
		return 0;
	while (left > 0 || port_pending()) {
		port_prepare(&polls[0]);
		stream_prepare(polls + 1);
		for (i = 0; i < nitems(polls); i++) {
			polls[i].readable = polls[i].fd >= 0 && polls[i].read;
			polls[i].writable = polls[i].fd >= 0 && polls[i].write;
		}
		if (!port_handle(&polls[0]))
			break;
		stream_handle(polls + 1);
		if (processes > 1)
			(void)stream_reaped(1 + (long)(left % (size_t)processes), 0);
		if (!port_flush())
			break;
	}
	port_close();
	return 0;
}
