/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process for a stream, or for the service: user, directory, environment,
 * descriptors, program.  Fails in the child are told by the report, a pipe that
 * closes by itself when another program takes over.
 */
#include "agent.h"

#define DEFAULT_PATH "/usr/bin:/bin:/usr/sbin:/sbin:/usr/pkg/bin:/usr/pkg/sbin:/usr/local/bin:/usr/local/sbin"

static int report = -1; /* the child's */
static char *env[2 * ARGS_MAX + 8];
static size_t nenv;

void
process_fail(uint32_t status, const char *what, const char *name, long error)
{
	char text[4 + REPORT_MAX];
	char *p = text + 4;

	put_le32(text, status);
	(void)text_copy(p, REPORT_MAX, what);
	if (name != NULL) {
		(void)text_add(p, REPORT_MAX, " '");
		(void)text_add(p, REPORT_MAX - 64, name);
		(void)text_add(p, REPORT_MAX, "'");
	}
	if (error != 0) {
		(void)text_add(p, REPORT_MAX, ": ");
		(void)text_add(p, REPORT_MAX, sys_error(error));
	}
	(void)sys_write(report, text, 4 + text_len(p));
	sys_exit((int)status);
}

/* --- environment --- */

static bool
same_name(const char *a, const char *b)
{
	while (*a != '\0' && *a != '=' && *a == *b) {
		a++;
		b++;
	}
	return *a == '=' && *b == '=';
}

static void
env_set(char *entry)
{
	size_t i;

	for (i = 0; i < nenv && !same_name(env[i], entry); i++)
		;
	if (i == nenv && nenv < nitems(env) - 1)
		nenv++;
	if (i < nenv)
		env[i] = entry;
}

static const char *
env_get(const char *name)
{
	size_t i, n = text_len(name);

	for (i = 0; i < nenv; i++) {
		if (text_starts(env[i], name) && env[i][n] == '=')
			return env[i] + n + 1;
	}
	return "";
}

/* Sets NAME=VALUE in storage that stays. */
static void
env_add(char *buf, size_t size, const char *name, const char *value)
{
	(void)text_copy(buf, size, name);
	(void)text_add(buf, size, value);
	env_set(buf);
}

static void
env_make(const struct start *s, const struct start *base, const struct user *u)
{
	static char home[272], user[80], logname[80], shell[144];
	size_t i;

	env_set("PATH=" DEFAULT_PATH);
	if (s->flags & AGENT_OPEN_PTY)
		env_set("TERM=vt100");
	env_add(home, sizeof(home), "HOME=", u->home);
	if (u->name[0] != '\0') {
		env_add(user, sizeof(user), "USER=", u->name);
		env_add(logname, sizeof(logname), "LOGNAME=", u->name);
	}
	if (u->shell[0] != '\0')
		env_add(shell, sizeof(shell), "SHELL=", u->shell);
	for (i = 0; base != NULL && i < base->envc; i++)
		env_set(base->env[i]);
	for (i = 0; s != base && i < s->envc; i++)
		env_set(s->env[i]);
	env[nenv] = NULL;
}

/* --- the child --- */

static _Noreturn void
run(const struct start *s)
{
	const char *name = s->argv[0], *path = env_get("PATH"), *end;
	char file[PATH_MAX];
	long r, worst = -ENOENT;

	if (text_find(name, '/') != NULL) {
		r = sys_execve(name, s->argv, env);
		process_fail(r == -ENOENT ? 127 : 126, "cannot run", name, r);
	}
	for (; name[0] != '\0' && *path != '\0'; path = *end == ':' ? end + 1 : end) {
		end = text_find(path, ':');
		if (end == NULL)
			end = path + text_len(path);
		if ((size_t)(end - path) + text_len(name) + 2 > sizeof(file))
			continue;
		memcpy(file, path, (size_t)(end - path));
		file[end - path] = '\0';
		(void)text_add(file, sizeof(file), end == path ? "" : "/");
		(void)text_add(file, sizeof(file), name);
		r = sys_execve(file, s->argv, env);
		if (r != -ENOENT && r != -ENOTDIR)
			worst = r;
	}
	process_fail(worst == -ENOENT ? 127 : 126, "cannot run", name, worst);
}

static void
become(const struct start *s, const struct start *base, struct user *u)
{
	bool named = s->user[0] != '\0', service = base != NULL && base->user != NULL && base->user[0] != '\0';
	const char *spec = named ? s->user : service && s->kind == AGENT_EXEC ? base->user : "";
	long r;

	if (!user_find(spec, u))
		process_fail(126, "no such user or group", spec, 0);
	/* Somebody else's agent, in a test: only as himself. */
	if (sys_geteuid() != 0 && spec[0] == '\0')
		return;
	r = sys_become(u->uid, u->gid, u->groups, u->ngroups, u->name);
	if (r < 0)
		process_fail(126, "cannot become user", spec, r);
}

static void
enter_dir(const struct start *s, const struct start *base, const struct user *u)
{
	const char *dir = s->dir;
	long r;

	if (dir[0] == '\0' && base != NULL && base->dir != NULL && s->kind == AGENT_EXEC)
		dir = base->dir;
	if (dir[0] != '\0') {
		r = sys_chdir(dir);
		if (r < 0)
			process_fail(126, "cannot enter", dir, r);
	} else if (s->user[0] == '\0' || sys_chdir(u->home) < 0) {
		(void)sys_chdir("/");
	}
}

static void
close_others(void)
{
	int fd;

	for (fd = 3; fd < 16 + 5 * STREAMS; fd++) {
		if (fd != report)
			sys_close(fd);
	}
}

/* fds: its standard input, output and error. */
static _Noreturn void
child(const struct start *s, const struct start *base, const int fds[3], bool terminal)
{
	struct user u;
	long r = 0;
	int i;

	(void)sys_setsid();
	if (terminal)
		(void)sys_tty_control(fds[0]);
	/* None of them is 0, 1 or 2: the agent has those open. */
	for (i = 0; i < 3 && r >= 0; i++)
		r = sys_dup2(fds[i], i);
	sys_signals_default();
	sys_umask(022);
	become(s, base, &u);
	enter_dir(s, base, &u);
	/* No other program follows that would close them. */
	if (s->kind == AGENT_PUT || s->kind == AGENT_GET)
		close_others();
	if (s->kind == AGENT_PUT)
		tar_in(s->argv[0], (s->flags & AGENT_OPEN_NO_OWNERS) == 0 && sys_geteuid() == 0);
	if (s->kind == AGENT_GET)
		tar_out(s->argv[0]);
	env_make(s, base, &u);
	run(s);
}

/* --- the parent --- */

static void
close_all(const int *fds, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < i && fds[k] != fds[i]; k++)
			;
		if (fds[i] >= 0 && k == i)
			sys_close(fds[i]);
	}
}

/* ours: in, out, err; theirs the same. */
static long
make_files(const struct start *s, const char *console, int ours[3], int theirs[3])
{
	int in[2], out[2], err[2];
	long r;

	if (console != NULL) {
		r = sys_open(console, O_RDWR | O_NOCTTY, 0);
		theirs[0] = theirs[1] = theirs[2] = (int)r;
		return r;
	}
	if (s->flags & AGENT_OPEN_PTY) {
		r = sys_pty(&ours[0], &theirs[0]);
		if (r < 0)
			return r;
		ours[1] = ours[0];
		theirs[1] = theirs[2] = theirs[0];
		sys_tty_size(ours[0], s->rows, s->columns);
		return 0;
	}
	if ((r = sys_pipe(in)) < 0)
		return r;
	theirs[0] = in[0];
	ours[0] = in[1];
	if ((r = sys_pipe(out)) < 0)
		return r;
	theirs[1] = out[1];
	ours[1] = out[0];
	if ((r = sys_pipe(err)) < 0)
		return r;
	theirs[2] = err[1];
	ours[2] = err[0];
	return 0;
}

long
process_start(const struct start *s, const struct start *base, const char *console, struct process *p)
{
	int ours[3] = { -1, -1, -1 }, theirs[3] = { -1, -1, -1 }, pipe[2] = { -1, -1 }, i;
	long r = make_files(s, console, ours, theirs);

	if (r >= 0)
		r = sys_pipe(pipe);
	if (r >= 0)
		r = sys_fork();
	if (r == 0) {
		report = pipe[1];
		child(s, base, theirs, console != NULL || (s->flags & AGENT_OPEN_PTY) != 0);
	}
	close_all(theirs, 3);
	close_all(&pipe[1], 1);
	if (r < 0) {
		close_all(ours, 3);
		close_all(pipe, 1);
		return r;
	}
	for (i = 0; i < 3; i++) {
		if (ours[i] >= 0)
			sys_nonblock(ours[i], true);
	}
	sys_nonblock(pipe[0], true);
	*p = (struct process){ .pid = r, .in = ours[0], .out = ours[1], .err = ours[2], .report = pipe[0] };
	return 0;
}
