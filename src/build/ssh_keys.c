/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The public keys of those who may log in (sshd(8), AUTHORIZED_KEYS FILE
 * FORMAT, without options in front).  "user" in SSHKEYS stands for what the
 * user's agent holds and ~/.ssh/id_*.pub.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/spawn.h"
#include "base/str.h"
#include "build/step.h"

#define KEY_FILE_MAX (256 * 1024)

struct keys {
	struct str text;
	struct err *err;
};

/* "ssh-ed25519 AAAA... comment", of which the first two words are the key. */
static size_t
key_length(const char *line)
{
	static const char *const types[] = { "ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-" };
	size_t len = strcspn(line, " \t"), i;

	for (i = 0; i < nitems(types); i++) {
		if (!str_starts(line, types[i]) || line[len] == '\0')
			continue;
		len += strspn(line + len, " \t");
		return len + strcspn(line + len, " \t");
	}
	return 0;
}

/* False if the line is no key. */
static bool
add_key(struct keys *k, char *line)
{
	size_t end = strlen(line), len;
	char after;

	while (end > 0 && isspace((unsigned char)line[end - 1]))
		line[--end] = '\0';
	line += strspn(line, " \t");
	if (*line == '\0' || *line == '#')
		return true;
	len = key_length(line);
	if (len == 0)
		return false;
	after = line[len];
	line[len] = '\0';
	/* The agent and ~/.ssh hold the same key as a rule. */
	if (k->text.p == NULL || strstr(k->text.p, line) == NULL) {
		line[len] = after;
		str_addf(&k->text, "%s\n", line);
	}
	return true;
}

static int
add_text(struct keys *k, const char *from, char *text)
{
	char *line;
	unsigned n = 0;

	while ((line = strsep(&text, "\n")) != NULL) {
		n++;
		if (!add_key(k, line))
			return err_at(k->err, from, n, "this is no public key of ssh, as in 'ssh-ed25519 AAAA...'");
	}
	return 0;
}

static int
add_file(struct keys *k, const char *path)
{
	cleanup_free char *text = file_read(path, KEY_FILE_MAX, NULL, k->err);

	return text == NULL ? -1 : add_text(k, path, text);
}

/* Of each file that matches. */
static int
add_files(struct keys *k, const char *pattern)
{
	glob_t g = { 0 };
	size_t i;
	int rv = 0;

	if (glob(pattern, 0, NULL, &g) != 0)
		return 0;
	for (i = 0; i < g.gl_pathc && rv == 0; i++)
		if (!str_ends(g.gl_pathv[i], "-cert.pub"))
			rv = add_file(k, g.gl_pathv[i]);
	globfree(&g);
	return rv;
}

/* An agent that holds none says so on standard output; none of that is an error. */
static void
add_agent(struct keys *k)
{
	static const char *const argv[] = { "ssh-add", "-L", NULL };
	const char *socket = getenv("SSH_AUTH_SOCK");
	struct err ignored = { 0 };
	struct str out = { 0 };
	char buf[4096], *line, *text;
	int ends[2];
	ssize_t n;
	pid_t pid;

	if (socket == NULL || *socket == '\0' || pipe2(ends, O_CLOEXEC) < 0)
		return;
	pid = spawn_start(&(struct spawn){ .argv = argv, .in = -1, .out = ends[1], .err = -1 }, &ignored);
	(void)close(ends[1]);
	while (pid > 0 && ((n = read(ends[0], buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0 && out.len < KEY_FILE_MAX)
			str_addn(&out, buf, (size_t)n);
	(void)close(ends[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	for (text = out.p; text != NULL && (line = strsep(&text, "\n")) != NULL;)
		(void)add_key(k, line);
	str_release(&out);
}

static int
add_user(struct keys *k)
{
	const char *home = getenv("HOME");
	struct str pattern = { 0 };
	int rv;

	add_agent(k);
	if (home == NULL || *home == '\0')
		return 0;
	str_addf(&pattern, "%s/.ssh/id_*.pub", home);
	rv = add_files(k, pattern.p);
	str_release(&pattern);
	return rv;
}

static int
add_listed(struct keys *k, const struct service *s)
{
	cleanup_free char *list = xstrdup(s->ssh_keys);
	char *rest = list, *word;
	int rv = 0;

	while (rv == 0 && (word = strsep(&rest, " \t\n")) != NULL) {
		if (*word == '\0')
			continue;
		rv = strcmp(word, "user") == 0 ? add_user(k) : add_file(k, word);
	}
	return rv;
}

char *
ssh_keys_collect(const struct service *s, struct err *err)
{
	struct keys k = { .err = err };
	struct str pattern = { 0 };
	int rv = add_listed(&k, s);

	str_addf(&pattern, "%s/etc/*.pub", s->dir);
	if (rv == 0)
		rv = add_files(&k, pattern.p);
	str_release(&pattern);
	if (rv == 0 && k.text.len == 0)
		rv = err_set(err,
		    "there is no key to log in with: make one with ssh-keygen, or name public keys with SSHKEYS=FILE "
		    "(SSHKEYS= builds without)");
	if (rv == 0)
		return k.text.p;
	str_release(&k.text);
	return NULL;
}
