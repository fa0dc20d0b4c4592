/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control lines in, replies out, in the loop's thread.
 *
 * The control socket; pause and resume; KVM's statistics (metrics).
 * #syscalls loop: recvfrom sendto poll ppoll ioctl:1=KVM_KVMCLOCK_CTRL pread64
 */
#include "vmm/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/defs.h"
#include "vmm/vcpu.h"

#define WORDS_MAX 3

/* Does it, and says more than "ok" in reply; -1 and err. */
typedef int command_fn(struct control *, char **words, struct str *reply, struct err *);

static int
do_status(struct control *c, char **words, struct str *reply, struct err *err)
{
	(void)words;
	(void)err;
	str_add(reply, atomic_load(&c->vm->paused) ? " paused" : " running");
	return 0;
}

static int
do_pause(struct control *c, char **words, struct str *reply, struct err *err)
{
	(void)words;
	(void)reply;
	return atomic_load(&c->vm->paused) ? 0 : vcpu_pause_all(c->vm, err);
}

static int
do_resume(struct control *c, char **words, struct str *reply, struct err *err)
{
	(void)words;
	(void)reply;
	(void)err;
	if (atomic_load(&c->vm->paused))
		vcpu_resume_all(c->vm);
	return 0;
}

static int
do_stop(struct control *c, char **words, struct str *reply, struct err *err)
{
	(void)words;
	(void)reply;
	return stop_ask(c->stop, err);
}

static int
do_quit(struct control *c, char **words, struct str *reply, struct err *err)
{
	(void)words;
	(void)reply;
	(void)err;
	vm_end(c->vm, VM_STOPPED, NULL);
	return 0;
}

static int
do_metrics(struct control *c, char **words, struct str *reply, struct err *err)
{
	(void)words;
	(void)err;
	str_add(reply, " ");
	metrics_print(&c->metrics, reply);
	return 0;
}

static int
do_balloon(struct control *c, char **words, struct str *reply, struct err *err)
{
	uint64_t bytes;

	(void)reply;
	if (parse_u64(words[1], 0, UINT64_MAX, "size", &bytes, err) < 0)
		return -1;
	if (c->devices->balloon == NULL)
		return err_set(err, "the machine has no balloon");
	virtio_balloon_set_target(c->devices->balloon, bytes);
	return 0;
}

static int
do_size(struct control *c, char **words, struct str *reply, struct err *err)
{
	uint64_t cols, rows;

	(void)reply;
	if (parse_u64(words[1], 1, UINT16_MAX, "number of columns", &cols, err) < 0 ||
	    parse_u64(words[2], 1, UINT16_MAX, "number of rows", &rows, err) < 0)
		return -1;
	if (c->devices->console == NULL)
		return err_set(err, "the machine has no console with a size");
	virtio_console_resize(c->devices->console, (uint16_t)cols, (uint16_t)rows);
	return 0;
}

/* The disk that a command names; NULL and err. */
static struct virtio_block *
disk(struct control *c, const char *word, struct err *err)
{
	uint64_t n;

	if (parse_u64(word, 0, CONFIG_DISKS_MAX, "disk number", &n, err) < 0)
		return NULL;
	if (n < c->devices->nblocks)
		return &c->devices->blocks[n];
	(void)err_set(err, "the machine has no disk %u", (unsigned)n);
	return NULL;
}

static int
do_commit(struct control *c, char **words, struct str *reply, struct err *err)
{
	struct virtio_block *b = disk(c, words[1], err);

	(void)reply;
	return b == NULL ? -1 : virtio_block_commit(b, err);
}

static int
do_reset(struct control *c, char **words, struct str *reply, struct err *err)
{
	struct virtio_block *b = disk(c, words[1], err);

	(void)reply;
	return b == NULL ? -1 : virtio_block_reset(b, err);
}

static const struct {
	const char *word;
	unsigned n; /* words, with it */
	command_fn *fn;
} commands[] = {
	{ "status", 1, do_status },
	{ "pause", 1, do_pause },
	{ "resume", 1, do_resume },
	{ "stop", 1, do_stop },
	{ "quit", 1, do_quit },
	{ "metrics", 1, do_metrics },
	{ "balloon", 2, do_balloon },
	{ "size", 3, do_size },
	{ "commit", 2, do_commit },
	{ "reset", 2, do_reset },
};

/* line is cut up. */
static int
run(struct control *c, char *line, struct str *reply, struct err *err)
{
	char *words[WORDS_MAX] = { NULL }, *word;
	unsigned n;
	size_t i;

	for (n = 0; (word = strsep(&line, " ")) != NULL; n++)
		if (n < nitems(words))
			words[n] = word;
	for (i = 0; i < nitems(commands); i++) {
		if (strcmp(words[0], commands[i].word) != 0)
			continue;
		return n == commands[i].n
			   ? commands[i].fn(c, words, reply, err)
			   : err_set(err, "'%s' has %u words, not %u", commands[i].word, n, commands[i].n);
	}
	return err_set(err, "'%.40s' is not known", words[0]);
}

static void
add_error(struct control *c, const char *text)
{
	str_addf(&c->out, "error %s\n", text);
}

/* One line, without its end; len bytes and a NUL behind. */
static void
command(struct control *c, char *line, size_t len)
{
	struct err err = { 0 };
	size_t before = c->out.len, i;

	for (i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || (unsigned char)line[i] > '~') {
			add_error(c, "the line holds what is no text");
			return;
		}
	str_add(&c->out, "ok");
	if (run(c, line, &c->out, &err) == 0) {
		str_add(&c->out, "\n");
		return;
	}
	c->out.len = before;
	add_error(c, err.msg);
}

/* --- lines in --- */

/* The first line of what is there; false if it is not whole. */
static bool
next(struct control *c)
{
	char *end = memchr(c->in, '\n', c->nin);
	size_t len = end == NULL ? c->nin : (size_t)(end - c->in);

	if (end == NULL && c->nin < sizeof(c->in))
		return false;
	if (end == NULL && !c->skipping)
		add_error(c, "the line is too long");
	if (end != NULL && !c->skipping) {
		*end = '\0';
		command(c, c->in, len);
	}
	c->skipping = end == NULL;
	len += end != NULL;
	c->nin -= len;
	memmove(c->in, c->in + len, c->nin);
	return true;
}

static void
send_out(struct control *c)
{
	ssize_t n;

	while (c->out_sent < c->out.len && c->source.fd >= 0) {
		n = send(c->source.fd, c->out.p + c->out_sent, c->out.len - c->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		/* Nobody reads any more. */
		c->gone = c->gone || n < 0;
		c->out_sent = n < 0 ? c->out.len : c->out_sent + (size_t)n;
	}
	if (c->out_sent == c->out.len)
		c->out_sent = c->out.len = 0;
}

/* Commands as long as their replies are taken. */
static void
work(struct control *c)
{
	send_out(c);
	while (c->out.len == 0 && next(c))
		send_out(c);
}

size_t
control_feed(struct control *c, const char *bytes, size_t n)
{
	size_t taken = u64_min(n, sizeof(c->in) - c->nin);

	memcpy(c->in + c->nin, bytes, taken);
	c->nin += taken;
	work(c);
	return taken;
}

static void
watch(struct control *c)
{
	struct err ignored;
	uint32_t events = c->gone ? 0 : EPOLLIN;

	if (c->out.len > 0)
		events = EPOLLOUT;
	(void)loop_set(c->loop, &c->source, events, &ignored);
}

static void
socket_event(void *arg, uint32_t events)
{
	struct control *c = arg;
	ssize_t n;

	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && c->nin < sizeof(c->in) && !c->gone) {
		n = recv(c->source.fd, c->in + c->nin, sizeof(c->in) - c->nin, MSG_DONTWAIT);
		if (n > 0)
			c->nin += (size_t)n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			c->gone = true;
	}
	work(c);
	watch(c);
}

/* --- its life --- */

void
control_init(struct control *c, int fd, struct loop *loop, struct vm *vm, struct devices *devices, struct stop *stop,
    const struct metrics *metrics)
{
	memset(c, 0, sizeof(*c));
	c->loop = loop;
	c->vm = vm;
	c->devices = devices;
	c->stop = stop;
	c->metrics = *metrics;
	c->source = (struct loop_source){ .fd = fd, .fn = socket_event, .arg = c };
}

int
control_start(struct control *c, struct err *err)
{
	return c->source.fd < 0 ? 0 : loop_set(c->loop, &c->source, EPOLLIN, err);
}

void
control_release(struct control *c)
{
	str_release(&c->out);
}

void
control_started(struct control *c)
{
	if (c->source.fd < 0)
		return;
	str_add(&c->out, "event started\n");
	send_out(c);
	watch(c);
}

void
control_ended(struct control *c, enum vm_end end, const char *why)
{
	struct pollfd p = { .fd = c->source.fd, .events = POLLOUT };
	uint64_t until = vm_now_ns() + CONTROL_FLUSH_MS * UINT64_C(1000000), now;

	if (c->source.fd < 0 || vm_end_name(end) == NULL)
		return;
	str_addf(&c->out, "event ended %s%s%s\n", vm_end_name(end), why[0] == '\0' ? "" : " ", why);
	for (send_out(c); c->out.len > 0 && (now = vm_now_ns()) < until; send_out(c))
		if (poll(&p, 1, (int)((until - now) / 1000000) + 1) < 0 && errno != EINTR)
			break;
}
