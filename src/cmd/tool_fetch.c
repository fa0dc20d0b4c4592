/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FETCH, inside: asks the smol outside for a file, and copies it to where it
 * is wanted.  Its options are those that scripts give to ftp, curl and
 * smolBSD's fetch.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "build/tool.h"
#include "cmd/tool.h"

struct request {
	const char *url, *to, *digest;
};

static int
parse(struct request *r, int argc, char **argv, struct err *err)
{
	static const struct option longs[] = { { "digest", required_argument, NULL, 'd' }, { NULL, 0, NULL, 0 } };
	int ch;

	/* How to connect, and what to say meanwhile, is not a script's business. */
	while ((ch = getopt_long(argc, argv, "o:kLsSfqVv", longs, NULL)) != -1) {
		if (ch == '?')
			return err_usage(err, "usage: fetch [-o FILE] [--digest SHA256:HEX] URL");
		if (ch == 'o')
			r->to = optarg;
		if (ch == 'd')
			r->digest = optarg;
	}
	if (argc - optind != 1)
		return err_usage(err, "usage: fetch [-o FILE] [--digest SHA256:HEX] URL");
	r->url = argv[optind];
	return 0;
}

/* The answer's end is sent with the packet. */
static int
ask(const struct request *r, int sock, int answer, struct err *err)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct str packet = { 0 };
	struct iovec iov;
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	ssize_t n;

	str_addn(&packet, r->url, strlen(r->url) + 1);
	if (r->digest != NULL)
		str_addn(&packet, r->digest, strlen(r->digest) + 1);
	if (packet.len > TOOL_REQUEST_MAX) {
		str_release(&packet);
		return err_set(err, "the URL is too long");
	}
	iov = (struct iovec){ packet.p, packet.len };
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &answer, sizeof(answer));
	n = sendmsg(sock, &m, 0);
	str_release(&packet);
	return n < 0 ? err_sys(err, "cannot ask for '%s'", r->url) : 0;
}

/* The name of what came. */
static int
wait_for(int fd, char name[TOOL_ANSWER_MAX + 1], struct err *err)
{
	size_t got = 0;
	ssize_t n;

	while (got < TOOL_ANSWER_MAX && (n = read(fd, name + got, TOOL_ANSWER_MAX - got)) != 0) {
		if (n < 0 && errno != EINTR)
			return err_sys(err, "no answer came");
		got += n > 0 ? (size_t)n : 0;
	}
	name[got] = '\0';
	name[strcspn(name, "\n")] = '\0';
	if (str_starts(name, "ok ") && strchr(name + 3, '/') == NULL) {
		memmove(name, name + 3, strlen(name + 3) + 1);
		return 0;
	}
	return err_set(err, "%s", str_starts(name, "error ") ? name + 6 : "no answer came");
}

static int
copy_to(const char *name, const char *to, struct err *err)
{
	char path[TOOL_ANSWER_MAX + 32], buf[65536];
	bool standard = strcmp(to, "-") == 0;
	cleanup_close int in = -1;
	int out, rv = 0;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/build/fetched/%s", name);
	in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return err_sys(err, "cannot read '%s'", path);
	out = standard ? STDOUT_FILENO : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out < 0)
		return err_sys(err, "cannot write '%s'", to);
	while (rv == 0 && (n = read(in, buf, sizeof(buf))) != 0)
		if (n < 0 || write_full(out, buf, (size_t)n) < 0)
			rv = err_sys(err, "cannot write '%s'", to);
	if (!standard && close(out) < 0 && rv == 0)
		rv = err_sys(err, "cannot write '%s'", to);
	return rv;
}

/* As ftp and fetch do it: the last part of the URL, without what asks. */
static char *
name_of(const char *url)
{
	const char *slash = strrchr(url, '/');
	char *name = xstrdup(slash == NULL ? url : slash + 1);

	name[strcspn(name, "?#")] = '\0';
	return name;
}

int
tool_fetch(int argc, char **argv, struct err *err)
{
	const char *number = getenv(TOOL_SOCKET);
	struct request r = { 0 };
	char name[TOOL_ANSWER_MAX + 1];
	cleanup_free char *own = NULL;
	int answer[2], rv;

	if (parse(&r, argc, argv, err) < 0)
		return -1;
	if (r.to == NULL)
		r.to = own = name_of(r.url);
	if (*r.to == '\0')
		return err_usage(err, "'%s' does not name a file: fetch -o FILE URL", r.url);
	if (pipe2(answer, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	rv = ask(&r, atoi(number), answer[1], err);
	(void)close(answer[1]);
	if (rv == 0)
		rv = wait_for(answer[0], name, err);
	(void)close(answer[0]);
	return rv == 0 ? copy_to(name, r.to, err) : -1;
}
