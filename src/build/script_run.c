/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripts, one after the other, in one sandbox: by an sh that starts an sh for
 * each.
 *
 * sh is bash where there is one, in its POSIX mode: what it traces goes to a
 * descriptor of its own, by which the line that ended a script is known, and
 * its echo and RANDOM are as in NetBSD's sh, for which scripts were written.
 * (Debian's dash knows no LINENO, and mixes traces with what scripts say.)
 * Any other sh will do, but then no line is told beyond sh's own messages.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/spawn.h"
#include "build/script.h"
#include "build/tool.h"
#include "host/host.h"

#define TAIL_MAX 4096
#define TRACE_MAX 512
/* Scripts use descriptors up to 9. */
#define FD_FROM 100

struct run {
	struct script_room *room;
	struct build *b;
	const struct plan_step *steps;
	size_t nsteps;
	char **scripts; /* as they are seen inside */
	int output[2], trace[2], sock[2];
	struct str tail; /* the end of what it said */
	struct str traced; /* what is traced after the last newline */
	size_t now; /* the script that runs, as the traces say */
	char line[TRACE_MAX]; /* the last whole line of them */
	const struct sandbox_view *view;
};

/* --- in the child --- */

static void
set_environment(const struct run *r)
{
	const struct service *s = r->b->plan->service;
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	char number[16];
	size_t i;

	(void)snprintf(number, sizeof(number), "%d", r->sock[1]);
	(void)clearenv();
	if (epoch != NULL)
		(void)setenv("SOURCE_DATE_EPOCH", epoch, 1);
	for (i = 0; i < tool_nvariables; i++)
		(void)setenv(tool_variables[i].name, tool_variables[i].value, 1);
	(void)setenv("TAR", tool_tar(), 1);
	(void)setenv("ARCH", s->arch, 1);
	(void)setenv("SERVICE", s->name, 1);
	(void)setenv("PKGVERS", s->pkgvers == NULL ? "" : s->pkgvers, 1);
	if (s->packages_url != NULL)
		(void)setenv("PKGSITE", s->packages_url, 1);
	if (s->svcimg != NULL)
		(void)setenv("SVCIMG", s->svcimg, 1);
	if (s->tag != NULL)
		(void)setenv("IMGTAG", s->tag, 1);
	for (i = 0; i < s->ngiven; i++)
		(void)setenv(s->given[i].name, s->given[i].value, 0);
	(void)setenv(TOOL_SOCKET, number, 1);
}

static int
prepare(const void *arg, struct err *err)
{
	const struct run *r = arg;
	const struct sandbox s = { .view = r->view, .network = r->b->options->network, .tasks = 4096 };

	set_environment(r);
	(void)umask(022);
	return sandbox_enter(&s, err);
}

/*
 * "=N" goes before the traces of a script, so that it is known which.  $0 is
 * the script, as if sh had been given it.
 */
static const char with_bash[] =
    "fd=$1; shift; n=0\n"
    "for s; do\n"
    "	echo \"=$n\" >&\"$fd\"; n=$((n + 1))\n"
    "	/bin/bash --posix -c 'PS4=\"+\\$BASH_SOURCE:\\$LINENO:\"; BASH_XTRACEFD=$1; shift\n"
    "set -x; . \"$0\"' \"$s\" \"$fd\" || exit\n"
    "done\n";
static const char with_sh[] = "fd=$1; shift; n=0\n"
			      "for s; do\n"
			      "	echo \"=$n\" >&\"$fd\"; n=$((n + 1))\n"
			      "	/bin/sh \"$s\" || exit\n"
			      "done\n";

static pid_t
start(struct run *r)
{
	bool bash = access("/bin/bash", X_OK) == 0;
	const char **argv = xcalloc(r->nsteps + 6, sizeof(*argv));
	const int keep[] = { r->sock[1], r->trace[1] };
	char fd[16];
	pid_t pid;

	(void)snprintf(fd, sizeof(fd), "%d", r->trace[1]);
	argv[0] = bash ? "/bin/bash" : "/bin/sh";
	argv[1] = "-c";
	argv[2] = bash ? with_bash : with_sh;
	argv[3] = "sh";
	argv[4] = fd;
	memcpy(argv + 5, r->scripts, r->nsteps * sizeof(*argv));
	pid = spawn_start(&(struct spawn){ .argv = argv,
			      .in = -1,
			      .out = r->output[1],
			      .err = r->output[1],
			      .keep = keep,
			      .nkeep = nitems(keep),
			      .new_session = true,
			      .die_with_parent = true,
			      .prepare = prepare,
			      .prepare_arg = r },
	    r->b->err);
	free(argv);
	return pid;
}

/* --- what comes from it --- */

/* The last of it is kept. */
static void
add_tail(struct run *r, const char *data, size_t len)
{
	size_t drop;

	str_addn(&r->tail, data, len);
	if (r->tail.len <= 2 * TAIL_MAX)
		return;
	drop = r->tail.len - TAIL_MAX;
	memmove(r->tail.p, r->tail.p + drop, TAIL_MAX + 1);
	r->tail.len = TAIL_MAX;
}

/* Else it is the rest of a command of several lines. */
static void
add_line(struct run *r, const char *line)
{
	if (*line == '+')
		(void)snprintf(r->line, sizeof(r->line), "%s", line);
	if (*line != '=')
		return;
	r->now = strtoul(line + 1, NULL, 10);
	r->line[0] = '\0';
}

static void
add_trace(struct run *r, const char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (data[i] != '\n') {
			if (r->traced.len < TRACE_MAX - 1)
				str_addn(&r->traced, data + i, 1);
			continue;
		}
		add_line(r, r->traced.len == 0 ? "" : r->traced.p);
		r->traced.len = 0;
	}
}

static bool
take(struct run *r, struct pollfd *p, bool trace)
{
	const struct build_options *o = r->b->options;
	char buf[16384];
	ssize_t n = read(p->fd, buf, sizeof(buf));

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0) {
		p->fd = -1;
		return false;
	}
	if (trace)
		add_trace(r, buf, (size_t)n);
	else
		add_tail(r, buf, (size_t)n);
	if (!trace && o->output != NULL && o->verbose)
		o->output(o->output_arg, buf, (size_t)n);
	return true;
}

/* Until it and all that it started have ended. */
static void
attend(struct run *r)
{
	struct pollfd fds[3] = { { .fd = r->output[0], .events = POLLIN }, { .fd = r->trace[0], .events = POLLIN },
		{ .fd = r->sock[0], .events = POLLIN } };

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents != 0)
			(void)take(r, &fds[0], false);
		if (fds[1].revents != 0)
			(void)take(r, &fds[1], true);
		if ((fds[2].revents & POLLIN) != 0)
			script_fetch_serve(r->room, &r->b->options->fetch, r->sock[0]);
		else if (fds[2].revents != 0)
			fds[2].fd = -1;
	}
}

/* --- how it ended --- */

/* "+++../service/x/postinst/a.sh:12:grep x y" to its parts. */
static bool
parse_trace(struct run *r, const char **file, unsigned *line, const char **command)
{
	char *p = r->line + strspn(r->line, "+"), *colon;

	*file = p;
	for (colon = strchr(p, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
		*line = (unsigned)strtoul(colon + 1, &p, 10);
		if (p == colon + 1 || *p != ':')
			continue;
		*colon = '\0';
		*command = p + 1;
		return *line > 0;
	}
	return false;
}

static int
explain(struct run *r, int code)
{
	const struct build_options *o = r->b->options;
	size_t now = r->now < r->nsteps ? r->now : 0;
	const char *file, *command, *shown = plan_relative(r->b->plan, r->steps[now].source);
	struct err *err = r->b->err;
	unsigned line = 0;

	if (o->output != NULL && !o->verbose && r->tail.len > 0)
		o->output(o->output_arg, r->tail.p, r->tail.len);
	if (code == 128 + SANDBOX_TOO_MANY)
		(void)err_set(err, "it started process after process, and was ended");
	else if (code > 128 && code < 128 + NSIG)
		(void)err_set(err, "it was ended by signal %d (%s)", code - 128, strsignal(code - 128));
	else
		(void)err_set(err, "it ended with status %d", code);
	if (!parse_trace(r, &file, &line, &command))
		return err_wrap(err, "script %s", shown);
	(void)err_wrap(err, "at '%.200s'", command);
	if (strcmp(file, r->scripts[now]) == 0)
		return err_wrap(err, "script %s:%u", shown, line);
	(void)err_wrap(err, "%s:%u", file, line);
	return err_wrap(err, "script %s", shown);
}

/* --- around it --- */

static int
high(int fd)
{
	int to = fcntl(fd, F_DUPFD_CLOEXEC, FD_FROM);

	(void)close(fd);
	return to;
}

static int
open_channels(struct run *r)
{
	if (pipe2(r->output, O_CLOEXEC) < 0 || pipe2(r->trace, O_CLOEXEC) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, r->sock) < 0)
		return err_sys(r->b->err, "cannot make a pipe");
	r->trace[1] = high(r->trace[1]);
	r->sock[1] = high(r->sock[1]);
	if (r->trace[1] < 0 || r->sock[1] < 0)
		return err_sys(r->b->err, "cannot make a pipe");
	return 0;
}

static void
close_channels(struct run *r)
{
	int *fds[] = { r->output, r->trace, r->sock };
	size_t i;

	for (i = 0; i < 2 * nitems(fds); i++)
		if (fds[i / 2][i % 2] >= 0)
			(void)close(fds[i / 2][i % 2]);
}

static int
run(struct run *r)
{
	void (*before)(int);
	int status = 0, code;
	pid_t pid = open_channels(r) < 0 ? -1 : start(r);

	if (pid < 0) {
		close_channels(r);
		return -1;
	}
	(void)close(r->output[1]);
	(void)close(r->trace[1]);
	(void)close(r->sock[1]);
	r->output[1] = r->trace[1] = r->sock[1] = -1;
	/* Whoever asked for a file may have gone. */
	before = signal(SIGPIPE, SIG_IGN);
	attend(r);
	(void)signal(SIGPIPE, before);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	close_channels(r);
	code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return code == 0 ? 0 : explain(r, code);
}

/* As it is seen inside: a URL's file in fetched/, a service's below ../service. */
static char *
inside(struct script_room *room, struct build *b, const char *script)
{
	const struct service *s = b->plan->service;
	struct str path = { 0 };
	char *name;

	if (strstr(script, "://") != NULL) {
		name = script_fetch(room, &b->options->fetch, script, true, b->err);
		if (name == NULL) {
			(void)err_wrap(b->err, "script %s", script);
			return NULL;
		}
		str_addf(&path, "/build/fetched/%s", name);
		free(name);
		return path.p;
	}
	str_addf(&path, "../service/%s%s", s->name, script + strlen(s->dir));
	return path.p;
}

/* The directory with the service, and the program that smol is. */
static void
set_paths(const struct build *b, char **services, char **program)
{
	const char *dir = b->plan->service->dir, *slash = strrchr(dir, '/');
	cleanup_free char *programs = host_program_dir();
	struct str s = { 0 };

	str_addf(&s, "%.*s", slash == NULL ? 1 : (int)(slash - dir), slash == NULL ? "." : dir);
	*services = s.p;
	s = (struct str){ 0 };
	str_addf(&s, "%s/smol", programs == NULL ? "" : programs);
	*program = s.p;
}

static int
run_steps(struct run *r)
{
	size_t i;
	int rv = 0;

	r->scripts = xcalloc(r->nsteps, sizeof(*r->scripts));
	for (i = 0; i < r->nsteps && rv == 0; i++) {
		r->scripts[i] = inside(r->room, r->b, r->steps[i].source);
		rv = r->scripts[i] == NULL ? -1 : 0;
	}
	if (rv == 0)
		rv = run(r);
	for (i = 0; i < r->nsteps; i++)
		free(r->scripts[i]);
	free(r->scripts);
	str_release(&r->tail);
	str_release(&r->traced);
	return rv;
}

int
script_run(struct script_room *room, struct build *b, const struct plan_step *steps, size_t n)
{
	struct sandbox_mount mounts[] = { { NULL, "/build/service" }, { NULL, "/build/bin" },
		{ NULL, "/build/bin/" TOOL_PROGRAM }, { NULL, "/build/etc" }, { NULL, "/build/fetched" } };
	const struct sandbox_view view = { .build = room->on_disk ? room->dir : NULL,
		.memory = room->fd,
		.start = "/build/root",
		.mounts = mounts,
		.nmounts = nitems(mounts),
		.etc = "/build/etc",
		.owners = room->owners };
	struct run r = { .room = room,
		.b = b,
		.steps = steps,
		.nsteps = n,
		.view = &view,
		.output = { -1, -1 },
		.trace = { -1, -1 },
		.sock = { -1, -1 } };
	cleanup_free char *services = NULL, *program = NULL;

	set_paths(b, &services, &program);
	mounts[0].from = services;
	mounts[2].from = program;
	return run_steps(&r);
}
