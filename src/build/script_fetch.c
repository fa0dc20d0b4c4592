/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Downloads for scripts: they have no network, so they ask (tool.h), and what
 * comes is checked like any other download and lies in fetched/, which they
 * can only read.  A request is what a stranger wrote.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "build/script.h"
#include "build/tool.h"
#include "http/http.h"

#define LISTING_MAX (8 * 1024 * 1024)

/* --- one file --- */

static int
check_url(const char *url, bool local, struct err *err)
{
	if (!http_url_ok(url) || (!local && str_starts(url, "file:")))
		return err_set(err, "'%.200s' is not the URL of a file that smol fetches: http or https", url);
	return 0;
}

/* Into fetched/NAME. */
static int
get(struct script_room *room, const struct fetch_options *o, const char *url, const char *digest, const char *name,
    struct err *err)
{
	struct fetch_options options = *o;
	struct fetch_item item = { .url = url, .digest_from = "the script" };
	struct str path = { 0 };
	int rv = 0;

	if (o->offline)
		return err_set(err, "nothing is fetched (--offline): %.200s", url);
	if (digest != NULL && !digest_parse(&item.digest, digest))
		return err_set(err, "'%.200s' is not a digest such as SHA256:0123...", digest);
	/* Events of it would mix with what the script prints. */
	options.event = NULL;
	str_addf(&path, "/proc/self/fd/%d/%s", room->fetch, name);
	item.path = path.p;
	rv = fetch_run(&item, 1, &options, err);
	if (rv == 0 && chmod(path.p, 0644) < 0)
		rv = err_sys(err, "cannot share '%s'", path.p);
	str_release(&path);
	return rv;
}

/* For the manifest. */
static int
remember(struct script_room *room, const char *url, const char *name, struct err *err)
{
	cleanup_close int fd = openat(room->fetch, name, O_RDONLY | O_CLOEXEC);
	struct script_fetched *f;
	struct digest d;

	if (fd < 0)
		return err_sys(err, "cannot read what was fetched");
	if (digest_file(fd, DIGEST_SHA256, &d, err) < 0)
		return -1;
	f = vec_push(room->fetched, room->nfetched, room->cap_fetched);
	f->url = xstrdup(url);
	memcpy(f->digest, d.bytes, sizeof(f->digest));
	return 0;
}

static char *
next_name(const struct script_room *room)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%zu", room->nfetched + 1);
	return xstrdup(name);
}

static char *
fetch_one(struct script_room *room, const struct fetch_options *o, const char *url, const char *digest, struct err *err)
{
	char *name = next_name(room);

	if (get(room, o, url, digest, name, err) == 0 && remember(room, url, name, err) == 0)
		return name;
	free(name);
	return NULL;
}

char *
script_fetch(struct script_room *room, const struct fetch_options *o, const char *url, bool local, struct err *err)
{
	return check_url(url, local, err) < 0 ? NULL : fetch_one(room, o, url, NULL, err);
}

/* --- DIR/PATTERN: the one name of a listing that matches --- */

int
script_listing_find(const char *text, const char *pattern, struct str *found, struct err *err)
{
	const char *p, *end;
	struct str name = { 0 };
	int rv = 0;

	for (p = strstr(text, "href=\""); p != NULL && rv == 0; p = strstr(end, "href=\"")) {
		p += strlen("href=\"");
		end = p + strcspn(p, "\"");
		name.len = 0;
		str_addn(&name, p, (size_t)(end - p));
		if (name.len == 0 || strchr(name.p, '/') != NULL || fnmatch(pattern, name.p, 0) != 0)
			continue;
		if (found->len > 0 && strcmp(found->p, name.p) != 0)
			rv = err_set(err, "'%.100s' is more than one file: %.100s, %.100s", pattern, found->p, name.p);
		found->len = 0;
		str_add(found, name.p);
	}
	str_release(&name);
	if (rv == 0 && found->len == 0)
		return err_set(err, "no file there is '%.200s'", pattern);
	return rv;
}

/* The URL with the pattern resolved, the caller's. */
static char *
resolve_url(struct script_room *room, const struct fetch_options *o, const char *url, struct err *err)
{
	const char *slash = strrchr(url, '/');
	struct str dir = { 0 }, found = { 0 };
	cleanup_free char *name = next_name(room), *text = NULL;
	struct str file = { 0 };
	int rv;

	str_addn(&dir, url, (size_t)(slash - url) + 1);
	rv = get(room, o, dir.p, NULL, name, err);
	str_addf(&file, "/proc/self/fd/%d/%s", room->fetch, name);
	if (rv == 0) {
		text = file_read(file.p, LISTING_MAX, NULL, err);
		rv = text == NULL ? -1 : script_listing_find(text, slash + 1, &found, err);
	}
	if (rv == 0)
		str_add(&dir, found.p);
	(void)unlink(file.p);
	str_release(&file);
	str_release(&found);
	if (rv == 0)
		return dir.p;
	(void)err_wrap(err, "%.200s", dir.p);
	str_release(&dir);
	return NULL;
}

static char *
fetch_pattern(
    struct script_room *room, const struct fetch_options *o, const char *url, const char *digest, struct err *err)
{
	cleanup_free char *whole = NULL;

	if (strrchr(url, '*') == NULL)
		return fetch_one(room, o, url, digest, err);
	whole = resolve_url(room, o, url, err);
	return whole == NULL ? NULL : fetch_one(room, o, whole, digest, err);
}

/* --- requests --- */

/* A packet and the descriptor that came with it; 0: none came. */
static ssize_t
receive(int sock, char buf[TOOL_REQUEST_MAX + 1], int *fd)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = buf, .iov_len = TOOL_REQUEST_MAX };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	ssize_t n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&m);

	*fd = -1;
	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

/* Short, and at once or not at all: whoever asked may not read. */
static void
reply(int fd, const char *word, const char *text)
{
	char line[TOOL_ANSWER_MAX];
	struct stat st;
	int n;

	if (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode) || fcntl(fd, F_SETFL, O_WRONLY | O_NONBLOCK) < 0)
		return;
	n = snprintf(line, sizeof(line), "%s %s\n", word, text);
	(void)!write(fd, line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

void
script_fetch_serve(struct script_room *room, const struct fetch_options *o, int sock)
{
	char buf[TOOL_REQUEST_MAX + 1];
	cleanup_close int fd = -1;
	ssize_t n = receive(sock, buf, &fd);
	cleanup_free char *name = NULL;
	struct err err = { 0 };
	size_t url;

	if (n <= 0 || fd < 0)
		return;
	url = strlen(buf);
	if (check_url(buf, false, &err) == 0)
		name = fetch_pattern(
		    room, o, buf, url + 1 < (size_t)n && buf[url + 1] != '\0' ? buf + url + 1 : NULL, &err);
	if (name == NULL) {
		free(room->unfetched);
		room->unfetched = xstrdup(err.msg);
	}
	reply(fd, name != NULL ? "ok" : "error", name != NULL ? name : err.msg);
}
