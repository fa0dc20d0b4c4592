/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams: each is a process with its pipes or its terminal.  What the host
 * sends waits in the stream's own buffer until the process takes it, and only
 * then is credited; what the process says is read when the host has given
 * credit for it.  So no stream holds up another.
 */
#include "agent.h"

static struct stream streams[STREAMS];
static struct start opening;
static unsigned first; /* whose turn it is */

static struct stream *
find(uint32_t id)
{
	size_t i;

	for (i = 0; i < STREAMS; i++) {
		if (streams[i].id == id)
			return &streams[i];
	}
	return NULL;
}

void
stream_done(uint32_t id, enum agent_end end, uint32_t status, const char *text)
{
	uint8_t done[AGENT_DONE_SIZE + REPORT_MAX] = { (uint8_t)end };
	size_t len = text_len(text);

	if (len > REPORT_MAX)
		len = REPORT_MAX;
	put_le32(done + 4, status);
	memcpy(done + AGENT_DONE_SIZE, text, len);
	port_send(AGENT_DONE, id, done, AGENT_DONE_SIZE + len);
}

/* --- opening and closing --- */

static const char *
open_process(uint32_t id, uint32_t credit)
{
	struct stream *s = find(0);
	struct process p;
	long r;

	if (s == NULL)
		return "too many streams";
	r = process_start(&opening, &config.service, NULL, &p);
	if (r < 0)
		return sys_error(r);
	s->id = id;
	s->pid = p.pid;
	s->in = p.in;
	s->out = p.out;
	s->err = p.err;
	s->report = p.report;
	s->pty = (opening.flags & AGENT_OPEN_PTY) != 0;
	s->in_eof = false;
	s->credit = credit;
	s->taken = 0;
	s->start = s->len = 0;
	return NULL;
}

void
stream_open(uint32_t id, const uint8_t *payload, size_t len)
{
	const char *wrong;

	if (find(id) != NULL) {
		port_lost();
		port_send(AGENT_LOST, 0, NULL, 0);
		return;
	}
	wrong = start_parse(&opening, (uint8_t *)payload, len);
	if (wrong == NULL && (opening.kind == AGENT_EXEC || opening.kind == AGENT_PUT || opening.kind == AGENT_GET)) {
		wrong = open_process(id, get_le32(payload + 12));
	} else if (wrong == NULL) {
		wrong = request(&opening);
		if (wrong == NULL)
			stream_done(id, AGENT_EXITED, 0, "");
	}
	if (wrong != NULL)
		stream_done(id, AGENT_FAILED, 1, wrong);
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		sys_close(*fd);
	*fd = -1;
}

static void
close_in(struct stream *s)
{
	/* A terminal is closed when its output ends. */
	if (s->pty)
		s->in = -1;
	else
		close_fd(&s->in);
	s->taken += (uint32_t)s->len;
	s->len = 0;
}

static void
forget(struct stream *s)
{
	if (s->pid != 0) {
		(void)sys_kill(-s->pid, AGENT_SIGHUP);
		(void)sys_kill(-s->pid, AGENT_SIGCONT);
	}
	close_in(s);
	close_fd(&s->out);
	close_fd(&s->err);
	close_fd(&s->report);
	s->id = 0;
}

void
stream_close_all(void)
{
	size_t i;

	for (i = 0; i < STREAMS; i++) {
		if (streams[i].id != 0)
			forget(&streams[i]);
	}
}

/* --- from the host --- */

static bool
add_input(struct stream *s, const uint8_t *p, size_t n)
{
	size_t end, part;

	if (s->in < 0 || s->in_eof) {
		s->taken += (uint32_t)n;
		return true;
	}
	if (n > STREAM_WINDOW - s->len)
		return false;
	end = (s->start + s->len) % STREAM_WINDOW;
	part = n < STREAM_WINDOW - end ? n : STREAM_WINDOW - end;
	memcpy(s->input + end, p, part);
	memcpy(s->input, p + part, n - part);
	s->len += n;
	return true;
}

static void
write_input(struct stream *s)
{
	static const char eof = 4; /* ^D */
	size_t part;
	long n = 1;

	while (s->len > 0 && n > 0) {
		part = s->len < STREAM_WINDOW - s->start ? s->len : STREAM_WINDOW - s->start;
		n = sys_write(s->in, s->input + s->start, part);
		if (n > 0) {
			s->start = (s->start + (size_t)n) % STREAM_WINDOW;
			s->len -= (size_t)n;
			s->taken += (uint32_t)n;
		} else if (n != -EAGAIN && n != -EINTR) {
			close_in(s);
			return;
		}
	}
	if (s->len == 0 && s->in_eof && s->in >= 0) {
		if (s->pty)
			(void)sys_write(s->in, &eof, 1);
		close_in(s);
	}
}

bool
stream_frame(const struct agent_head *h, const uint8_t *p)
{
	struct stream *s = h->stream == 0 ? NULL : find(h->stream);

	/* It may just have ended; the host cannot know. */
	if (s == NULL)
		return h->type >= AGENT_DATA && h->type <= AGENT_CLOSE && h->stream != 0;
	switch (h->type) {
	case AGENT_DATA:
		if (!add_input(s, p, h->length))
			return false;
		break;
	case AGENT_EOF:
		s->in_eof = true;
		break;
	case AGENT_CREDIT:
		if (h->length != 4)
			return false;
		s->credit += get_le32(p);
		break;
	case AGENT_SIGNAL:
		if (h->length != 4)
			return false;
		if (s->pid != 0)
			(void)sys_kill(-s->pid, get_le32(p));
		break;
	case AGENT_WINDOW:
		if (h->length != 4)
			return false;
		if (s->pty && s->out >= 0)
			sys_tty_size(s->out, get_le16(p), get_le16(p + 2));
		break;
	case AGENT_CLOSE:
		forget(s);
		stream_done(h->stream, AGENT_CLOSED, 0, "");
		return true;
	default:
		return false;
	}
	if (s->in >= 0)
		write_input(s);
	return true;
}

/* --- to the host --- */

static bool
may_send(const struct stream *s)
{
	return s->credit > 0 && port_has_room(1);
}

static void
read_output(struct stream *s, int *fd, uint8_t type)
{
	size_t max;
	uint8_t *p;
	long n;

	if (*fd < 0 || !may_send(s))
		return;
	p = port_payload(&max);
	n = sys_read(*fd, p, max < s->credit ? max : s->credit);
	if (n > 0) {
		port_commit(type, s->id, (size_t)n);
		s->credit -= (uint32_t)n;
	} else if (n == -EINTR || (n == -EAGAIN && s->pid != 0)) {
		return;
	} else {
		/* The end; or all that a process said that is no more, whoever may still have the other side. */
		if (s->pty)
			s->in = -1;
		close_fd(fd);
	}
}

static void
send_credit(struct stream *s)
{
	uint8_t credit[4];

	if (s->taken == 0 || (s->taken < STREAM_WINDOW / 4 && s->len > 0) || !port_has_room(sizeof(credit)))
		return;
	put_le32(credit, s->taken);
	s->taken = 0;
	port_send(AGENT_CREDIT, s->id, credit, sizeof(credit));
}

static void
finish(struct stream *s)
{
	char report[REPORT_MAX + 5] = "";
	uint32_t status;
	long n;

	if (s->pid != 0 || s->out >= 0 || s->err >= 0 || !port_has_room(AGENT_DONE_SIZE + REPORT_MAX))
		return;
	n = sys_read(s->report, report, sizeof(report) - 1);
	if (n > 4) {
		report[n] = '\0';
		stream_done(s->id, AGENT_FAILED, get_le32(report), report + 4);
	} else {
		enum agent_end end = (enum agent_end)sys_end(s->status, &status);

		stream_done(s->id, end, status, "");
	}
	forget(s);
}

/* --- the loop's --- */

void
stream_prepare(struct sys_poll p[STREAM_POLLS])
{
	size_t i;

	for (i = 0; i < STREAMS; i++, p += 3) {
		const struct stream *s = &streams[i];
		bool used = s->id != 0, may = used && may_send(s);

		p[0] = (struct sys_poll){ .fd = used && s->len > 0 ? s->in : -1, .write = true };
		p[1] = (struct sys_poll){ .fd = may ? s->out : -1, .read = true };
		p[2] = (struct sys_poll){ .fd = may ? s->err : -1, .read = true };
	}
}

void
stream_handle(const struct sys_poll p[STREAM_POLLS])
{
	size_t n, i;

	first++;
	for (n = 0; n < STREAMS; n++) {
		struct stream *s = &streams[i = (first + n) % STREAMS];

		if (s->id == 0)
			continue;
		if (p[3 * i].writable && s->in >= 0)
			write_input(s);
		if (p[3 * i + 1].readable || s->pid == 0)
			read_output(s, &s->out, AGENT_DATA);
		if (p[3 * i + 2].readable || s->pid == 0)
			read_output(s, &s->err, AGENT_ERRDATA);
		send_credit(s);
		finish(s);
	}
}

bool
stream_busy(void)
{
	size_t i;

	for (i = 0; i < STREAMS; i++) {
		const struct stream *s = &streams[i];

		if (s->id != 0 && s->pid == 0 && may_send(s))
			return true;
	}
	return false;
}

bool
stream_reaped(long pid, int status)
{
	size_t i;

	for (i = 0; i < STREAMS; i++) {
		if (streams[i].id != 0 && streams[i].pid == pid) {
			streams[i].pid = 0;
			streams[i].status = status;
			return true;
		}
	}
	return false;
}
