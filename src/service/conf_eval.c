/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running sh over a conf in the sandbox, and making one line of what it says.
 */
#include "service/conf_eval.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/spawn.h"
#include "host/sandbox.h"

#define MESSAGES_MAX 4096

/* --- what sh complains about --- */

/* The length of a first part "text" of "text: rest"; 0 if there is none. */
static size_t
part(const char *s, size_t len)
{
	const char *end = memmem(s, len, ": ", 2);

	return end == NULL ? 0 : (size_t)(end - s);
}

/* "12", or "line 12" in whatever language. */
static unsigned
line_number(const char *s, size_t len)
{
	const char *blank = memchr(s, ' ', len);
	size_t skip = blank == NULL ? 0 : (size_t)(blank - s) + 1, i;

	for (i = skip; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return 0;
	return len - skip >= 1 && len - skip <= 6 ? (unsigned)strtoul(s + skip, NULL, 10) : 0;
}

static bool
is_file_name(const char *s, size_t len)
{
	return memchr(s, '/', len) != NULL && memchr(s, ' ', len) == NULL;
}

/*
 *	sh: 3: etc/x.conf: foo: not found		dash
 *	etc/x.conf: line 3: foo: command not found	bash
 *	sh: etc/x.conf: line 3: foo: not found		busybox
 *	etc/x.conf[3]: foo: not found			ksh
 */
static bool
complaint_in(const char *s, size_t len, const struct conf_place *place, struct err *err)
{
	const char *file = NULL, *bracket, *note = "";
	size_t file_len = 0, n;
	unsigned line = 0, i;

	for (i = 0; (n = part(s, len)) != 0; i++, s += n + 2, len -= n + 2) {
		bracket = memchr(s, '[', n);
		if (i == 0 && bracket != NULL && s[n - 1] == ']' && is_file_name(s, n)) {
			file = s;
			file_len = (size_t)(bracket - s);
			line = line_number(bracket + 1, n - file_len - 2);
		} else if (i > 0 && line == 0 && line_number(s, n) != 0) {
			line = line_number(s, n);
		} else if (file == NULL && is_file_name(s, n)) {
			file = s;
			file_len = n;
		} else if (i > 0 || n != 2 || strncmp(s, "sh", n) != 0) {
			break;
		}
	}
	if (line == 0)
		return false;
	if (memmem(s, len, "Read-only", 9) != NULL || memmem(s, len, "ermission denied", 16) != NULL)
		note = " (a conf can write nothing)";
	(void)err_set(err, "%.*s%s", (int)len, s, note);
	if (file == NULL || (strlen(place->script) == file_len && strncmp(file, place->script, file_len) == 0))
		(void)err_wrap(err, "%s:%u", place->shown, line);
	else
		(void)err_wrap(err, "%.*s:%u", (int)file_len, file, line);
	return true;
}

bool
conf_complaint(const char *messages, const struct conf_place *place, struct err *err)
{
	size_t len;

	for (; *messages != '\0'; messages += len + (messages[len] == '\n')) {
		len = strcspn(messages, "\n");
		if (complaint_in(messages, len, place, err))
			return true;
	}
	return false;
}

/* The last line of s, which is changed. */
static const char *
last_line(char *s)
{
	size_t len = s == NULL ? 0 : strlen(s);
	char *start;

	while (len > 0 && s[len - 1] == '\n')
		s[--len] = '\0';
	if (len == 0)
		return "";
	start = strrchr(s, '\n');
	return start == NULL ? s : start + 1;
}

/* --- running it --- */

struct run {
	const struct conf_script *script;
	char *path, *root; /* absolute */
	pid_t pid;
	struct str report, messages;
	bool too_much;
	int status;
};

/* The shell's text: $1 is the file.  What the file defines must not stand in for what reports. */
static void
driver(const struct conf_script *c, struct str *out)
{
	size_t i;

	str_add(out, "exec 9>&1 >/dev/null\nsvc=$2\nunset");
	for (i = 0; i < c->nnames; i++)
		if (!c->names[i].environment)
			str_addf(out, " %s", c->names[i].name);
	/* The file's own "." may be an alias of the prelude's; this one is none. */
	str_addf(out, "\n%s\\. \"$1\" 9>&-\n{\n", c->prelude == NULL ? "" : c->prelude);
	for (i = 0; i < c->nnames; i++)
		str_addf(out, "case ${%s+x} in x) \\command printf '%s=%%s\\0' \"$%s\" ;; esac\n", c->names[i].name,
		    c->names[i].name, c->names[i].name);
	str_add(out, "\\command printf 'end\\0'\n} >&9\n");
}

/* In the child. */
static int
prepare(const void *arg, struct err *err)
{
	const struct run *r = arg;
	const struct sandbox s = {
		.time_ms = r->script->time_ms, .cpu_s = 5, .memory_bytes = UINT64_C(1) << 30, .tasks = 500
	};

	if (chdir(r->root) < 0)
		return err_sys(err, "cannot enter '%s'", r->root);
	return sandbox_enter(&s, err);
}

static int
start(struct run *r, const char *text, int report, int messages, struct err *err)
{
	const char *argv[] = { "/bin/sh", "-c", text, "sh", r->path, r->script->svc, NULL };

	r->pid = spawn_start(&(struct spawn){ .argv = argv,
				 .in = -1,
				 .out = report,
				 .err = messages,
				 .new_session = true,
				 .die_with_parent = true,
				 .prepare = prepare,
				 .prepare_arg = r },
	    err);
	return r->pid < 0 ? -1 : 0;
}

/* Reads what there is; closes and forgets the descriptor at its end. */
static void
take(struct pollfd *p, struct str *out, size_t max, bool *too_much)
{
	char buf[8192];
	ssize_t n = read(p->fd, buf, sizeof(buf));
	size_t room = max - out->len;

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		(void)close(p->fd);
		p->fd = -1;
		return;
	}
	if ((size_t)n > room && too_much != NULL)
		*too_much = true;
	str_addn(out, buf, (size_t)n > room ? room : (size_t)n);
}

static void
collect(struct run *r, int report, int messages)
{
	struct pollfd fds[2] = { { .fd = report, .events = POLLIN }, { .fd = messages, .events = POLLIN } };

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].fd >= 0 && fds[0].revents != 0)
			take(&fds[0], &r->report, CONF_REPORT_MAX, &r->too_much);
		if (fds[1].fd >= 0 && fds[1].revents != 0)
			take(&fds[1], &r->messages, MESSAGES_MAX, NULL);
		if (r->too_much)
			(void)kill(r->pid, SIGTERM);
	}
	while (waitpid(r->pid, &r->status, 0) < 0 && errno == EINTR)
		continue;
}

static bool
is_whole(const struct str *report)
{
	return report->len >= 4 && memcmp(report->p + report->len - 4, "end", 4) == 0 &&
	       (report->len == 4 || report->p[report->len - 5] == '\0');
}

/* Why there is no whole report, or why it must not count. */
static int
judge(struct run *r, struct err *err)
{
	const char *path = r->script->path, *last;
	int code = WIFEXITED(r->status) ? WEXITSTATUS(r->status) : 128 + WTERMSIG(r->status);

	if (r->too_much)
		return err_set(err, "%s: its variables hold more than 1 MiB", path);
	if (code == 128 + SANDBOX_TOO_LONG)
		return err_set(err, "%s: it was not done after %g seconds, and was ended; does it wait for something?",
		    path, r->script->time_ms / 1000.0);
	if (code == 128 + SANDBOX_TOO_MANY)
		return err_set(err, "%s: it started process after process, and was ended", path);
	str_add(&r->messages, "");
	if (conf_complaint(r->messages.p, &(struct conf_place){ .script = r->path, .shown = path }, err))
		return -1;
	if (is_whole(&r->report))
		return 0;
	last = last_line(r->messages.p);
	if (code > 128 && code < 128 + NSIG)
		return err_set(err, "%s: sh was ended by signal %d (%s)%s%s", path, code - 128, strsignal(code - 128),
		    *last == '\0' ? "" : ": ", last);
	return err_set(err, "%s: it ended sh with status %d, by 'exit' or after 'set -e'; let it go on to its end%s%s",
	    path, code, *last == '\0' ? "" : ": ", last);
}

static bool
is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Where it runs: ROOT for ROOT/etc/x.conf. */
static int
find_places(struct run *r, struct err *err)
{
	char *slash;
	int i;

	r->path = realpath(r->script->path, NULL);
	if (r->path == NULL)
		return err_sys(err, "cannot read '%s'", r->script->path);
	if (is_dir(r->script->root)) {
		r->root = xstrdup(r->script->root);
		return 0;
	}
	r->root = xstrdup(r->path);
	for (i = 0; i < 2; i++) {
		slash = strrchr(r->root, '/');
		slash[slash == r->root] = '\0';
	}
	return 0;
}

static int
run(struct run *r, struct err *err)
{
	int report[2], messages[2], rv;
	struct str text = { 0 };

	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	if (pipe2(messages, O_CLOEXEC) < 0) {
		(void)err_sys(err, "cannot make a pipe");
		(void)close(report[0]);
		(void)close(report[1]);
		return -1;
	}
	driver(r->script, &text);
	rv = start(r, text.p, report[1], messages[1], err);
	str_release(&text);
	(void)close(report[1]);
	(void)close(messages[1]);
	if (rv == 0) {
		collect(r, report[0], messages[0]);
		return judge(r, err);
	}
	(void)close(report[0]);
	(void)close(messages[0]);
	return err_wrap(err, "cannot evaluate '%s'", r->script->path);
}

int
conf_eval(const struct conf_script *script, struct str *report, struct err *err)
{
	struct run r = { .script = script };
	int rv = find_places(&r, err);

	if (rv == 0)
		rv = run(&r, err);
	if (rv == 0)
		*report = r.report;
	else
		str_release(&r.report);
	str_release(&r.messages);
	free(r.path);
	free(r.root);
	return rv;
}
