/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients of the control socket: one request of each under way at a time.
 */
#include "instance/clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "instance/unix_socket.h"

struct client {
	struct clients *clients;
	int fd; /* -1: gone, but an answer is still under way */
	bool asking;
	size_t len;
	char line[CLIENTS_LINE_MAX];
};

/* What is asked of the backend, with the names of its arguments. */
static const struct {
	const char *name;
	enum control_verb verb;
	const char *args[2];
} requests[] = {
	{ "status", CONTROL_STATUS, { NULL } },
	{ "pause", CONTROL_PAUSE, { NULL } },
	{ "resume", CONTROL_RESUME, { NULL } },
	{ "metrics", CONTROL_METRICS, { NULL } },
	{ "balloon", CONTROL_BALLOON, { "bytes" } },
	{ "resize", CONTROL_SIZE, { "columns", "rows" } },
	{ "commit", CONTROL_COMMIT, { "disk" } },
	{ "reset", CONTROL_RESET, { "disk" } },
};

void
clients_init(struct clients *all, struct control *control, const struct clients_ops *ops, void *instance)
{
	*all = (struct clients){ .fd = -1, .control = control, .ops = ops, .instance = instance };
}

int
clients_open(struct clients *all, const char *path, struct err *err)
{
	all->fd = unix_socket_listen(path, err);
	if (all->fd < 0)
		return -1;
	all->path = xstrdup(path);
	return 0;
}

/* --- one client --- */

static void
hang_up(struct client *c)
{
	struct clients *all = c->clients;
	size_t i;

	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	if (c->asking)
		return;
	for (i = 0; i < CLIENTS_MAX; i++)
		if (all->all[i] == c)
			all->all[i] = NULL;
	free(c);
}

/* Takes the object. */
static void
reply(struct client *c, json_t *object)
{
	cleanup_free char *text = json_dumps(object, JSON_COMPACT);
	size_t len = text == NULL ? 0 : strlen(text);

	json_decref(object);
	if (text != NULL)
		text[len++] = '\n';
	/* All of it, or it does not read. */
	if (c->fd >= 0 && (text == NULL || send(c->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len))
		hang_up(c);
}

static void
refuse(struct client *c, const char *why)
{
	reply(c, json_pack("{s:b, s:s}", "ok", 0, "error", why));
}

static void
answered(void *arg, json_t *result, const char *error)
{
	struct client *c = arg;
	json_t *object;

	c->asking = false;
	if (c->fd < 0) {
		hang_up(c);
		return;
	}
	if (result == NULL) {
		refuse(c, error);
		return;
	}
	object = json_pack("{s:b}", "ok", 1);
	(void)json_object_update(object, result);
	if (json_object_get(result, "state") != NULL)
		c->clients->ops->status(c->clients->instance, object);
	reply(c, object);
}

/* --- requests --- */

static int
number(const json_t *request, const char *name, uint64_t *value, struct err *err)
{
	const json_t *v = json_object_get(request, name);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return err_set(err, "\"%s\" is missing, or not a number from 0 up", name);
	*value = (uint64_t)json_integer_value(v);
	return 0;
}

static int
ask(struct client *c, const json_t *request, size_t row, struct err *err)
{
	uint64_t args[2] = { 0, 0 };
	size_t i;

	for (i = 0; i < nitems(args); i++)
		if (requests[row].args[i] != NULL && number(request, requests[row].args[i], &args[i], err) < 0)
			return -1;
	c->asking = true;
	if (control_ask(c->clients->control, requests[row].verb, args, answered, c, err) == 0)
		return 0;
	c->asking = false;
	return -1;
}

static int
stop(struct client *c, const json_t *request, struct err *err)
{
	uint64_t timeout_ms = 0;

	if (json_object_get(request, "timeout_ms") != NULL && number(request, "timeout_ms", &timeout_ms, err) < 0)
		return -1;
	c->clients->ops->stop(c->clients->instance, timeout_ms);
	reply(c, json_pack("{s:b}", "ok", 1));
	return 0;
}

/* The connection is the console's from now on; the client is forgotten. */
static int
attach(struct client *c, struct err *err)
{
	static const char ok[] = "{\"ok\":true}\n";
	int fd = dup(c->fd);

	if (fd < 0)
		return err_sys(err, "cannot keep the connection");
	if (c->clients->ops->attach(c->clients->instance, fd, err) < 0) {
		(void)close(fd);
		return -1;
	}
	(void)send(c->fd, ok, sizeof(ok) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	hang_up(c);
	return 0;
}

int
clients_parse(const char *line, size_t len, json_t **request, struct err *err)
{
	json_error_t error;

	*request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (*request == NULL)
		return err_set(err, "this is not JSON: %s", error.text);
	if (json_string_value(json_object_get(*request, "command")) != NULL)
		return 0;
	json_decref(*request);
	*request = NULL;
	return err_set(err, "want an object with a \"command\"");
}

static int
obey(struct client *c, const json_t *request, struct err *err)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	size_t i;

	for (i = 0; i < nitems(requests); i++)
		if (strcmp(command, requests[i].name) == 0)
			return ask(c, request, i, err);
	if (strcmp(command, "stop") == 0)
		return stop(c, request, err);
	if (strcmp(command, "attach") == 0)
		return attach(c, err);
	if (strcmp(command, "quit") != 0)
		return err_set(err, "there is no command \"%.40s\"", command);
	c->clients->ops->quit(c->clients->instance);
	reply(c, json_pack("{s:b}", "ok", 1));
	return 0;
}

/* The first complete line, if no other is under way; false: there is none. */
static bool
next(struct client *c)
{
	char *nl = memchr(c->line, '\n', c->len), copy[CLIENTS_LINE_MAX];
	size_t len = nl == NULL ? 0 : (size_t)(nl - c->line);
	struct err err = { 0 };
	json_t *request = NULL;

	if (nl == NULL || c->asking)
		return false;
	memcpy(copy, c->line, len);
	c->len -= len + 1;
	memmove(c->line, nl + 1, c->len);
	if (clients_parse(copy, len, &request, &err) < 0 || obey(c, request, &err) < 0)
		refuse(c, err.msg);
	json_decref(request);
	return true;
}

/* --- all --- */

static bool
is_there(const struct clients *all, const struct client *c)
{
	size_t i;

	for (i = 0; i < CLIENTS_MAX; i++)
		if (all->all[i] == c)
			return c->fd >= 0;
	return false;
}

static void
client_read(struct clients *all, struct client *c)
{
	ssize_t n;

	if (c->len == sizeof(c->line)) { /* a line that long is none */
		hang_up(c);
		return;
	}
	n = recv(c->fd, c->line + c->len, sizeof(c->line) - c->len, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
		hang_up(c);
		return;
	}
	c->len += n < 0 ? 0 : (size_t)n;
	while (is_there(all, c) && next(c))
		continue;
}

static void
client_accept(struct clients *all)
{
	int fd = accept4(all->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;
	size_t i;

	for (i = 0; i < CLIENTS_MAX && all->all[i] != NULL; i++)
		continue;
	if (fd < 0)
		return;
	if (i == CLIENTS_MAX) {
		(void)close(fd);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->clients = all;
	c->fd = fd;
	all->all[i] = c;
}

void
clients_prepare(const struct clients *all, struct pollfd p[CLIENTS_FDS])
{
	size_t i;

	p[0] = (struct pollfd){ all->fd, POLLIN, 0 };
	for (i = 0; i < CLIENTS_MAX; i++) {
		const struct client *c = all->all[i];

		p[1 + i] = (struct pollfd){ c == NULL || c->asking ? -1 : c->fd, POLLIN, 0 };
	}
}

void
clients_handle(struct clients *all, const struct pollfd p[CLIENTS_FDS])
{
	size_t i;

	for (i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = all->all[i];

		if (c == NULL)
			continue;
		/* A line that came with one before it waits until that is answered. */
		while (is_there(all, c) && next(c))
			continue;
		if (p[1 + i].revents != 0 && is_there(all, c) && !c->asking)
			client_read(all, c);
	}
	if (p[0].revents != 0)
		client_accept(all);
}

void
clients_release(struct clients *all)
{
	size_t i;

	for (i = 0; i < CLIENTS_MAX; i++)
		if (all->all[i] != NULL)
			hang_up(all->all[i]);
	if (all->fd >= 0)
		(void)close(all->fd);
	if (all->path != NULL)
		(void)unlink(all->path);
	free(all->path);
	all->fd = -1;
	all->path = NULL;
}
