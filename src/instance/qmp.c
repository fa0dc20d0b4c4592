/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QMP: lines in, events kept; a few short commands out.
 */
#include "instance/qmp.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1u << 20)

void
qmp_init(struct qmp *q, int fd)
{
	*q = (struct qmp){ .fd = fd };
}

void
qmp_release(struct qmp *q)
{
	if (q->fd >= 0)
		(void)close(q->fd);
	q->fd = -1;
	str_release(&q->line);
}

void
qmp_command(struct qmp *q, const char *name)
{
	char buf[96];
	int len = snprintf(buf, sizeof(buf), "{\"execute\":\"%s\"}\r\n", name);

	/* Short, and few of them: the socket always has room. */
	if (q->fd >= 0)
		(void)send(q->fd, buf, (size_t)len, MSG_NOSIGNAL);
}

static void
event(struct qmp *q, const char *name, const json_t *data)
{
	const char *reason = json_string_value(json_object_get(data, "reason"));

	if (strcmp(name, "SHUTDOWN") == 0)
		(void)snprintf(q->shutdown_reason, sizeof(q->shutdown_reason), "%s", reason == NULL ? "?" : reason);
	else if (strcmp(name, "GUEST_PANICKED") == 0)
		q->panicked = true;
}

static int
message(struct qmp *q, const json_t *msg, struct err *err)
{
	const char *name = json_string_value(json_object_get(msg, "event"));
	const json_t *error = json_object_get(msg, "error");

	if (name != NULL) {
		event(q, name, json_object_get(msg, "data"));
	} else if (error != NULL) {
		const char *desc = json_string_value(json_object_get(error, "desc"));

		return err_set(err, "it refused a command: %s", desc == NULL ? "no reason given" : desc);
	} else if (q->state == QMP_GREETING && json_object_get(msg, "QMP") != NULL) {
		q->state = QMP_NEGOTIATING;
		qmp_command(q, "qmp_capabilities");
	} else if (q->state == QMP_NEGOTIATING && json_object_get(msg, "return") != NULL)
		q->state = QMP_READY;
	return 0;
}

/* All complete lines; the rest stays for the next read. */
static int
lines(struct qmp *q, struct err *err)
{
	char *start = q->line.p, *end = q->line.p + q->line.len, *nl;
	int rv = 0;

	while (rv == 0 && (nl = memchr(start, '\n', (size_t)(end - start))) != NULL) {
		json_t *msg = json_loadb(start, (size_t)(nl - start), 0, NULL);

		rv = json_is_object(msg) ? message(q, msg, err) : err_set(err, "its control channel is not QMP");
		json_decref(msg);
		start = nl + 1;
	}
	q->line.len = (size_t)(end - start);
	memmove(q->line.p, start, q->line.len);
	return rv;
}

int
qmp_read(struct qmp *q, struct err *err)
{
	char buf[4096];
	ssize_t n;

	while (q->fd >= 0) {
		n = recv(q->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n <= 0) {
			(void)close(q->fd);
			q->fd = -1;
			return 0;
		}
		str_addn(&q->line, buf, (size_t)n);
		if (lines(q, err) < 0)
			return -1;
		if (q->line.len > LINE_MAX_BYTES)
			return err_set(err, "its control channel sent a line over %u bytes", LINE_MAX_BYTES);
	}
	return 0;
}
