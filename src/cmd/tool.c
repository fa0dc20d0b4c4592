/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which tool it is; what NetBSD's cannot be; and rsynclite.
 */
#include "cmd/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/spawn.h"
#include "build/tool.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv, struct err *);
} tools[] = {
	{ "fetch", tool_fetch },
	{ "ftp", tool_fetch },
	{ "rsynclite", tool_rsynclite },
};

bool
tool_main(int argc, char **argv, int *status)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL, *name = slash == NULL ? argv[0] : slash + 1, *why;
	struct err err = { 0 };
	size_t i;

	/* Only in the sandbox: a link of that name elsewhere means nothing. */
	if (argc == 0 || getenv(TOOL_SOCKET) == NULL)
		return false;
	why = tool_refused(name);
	if (why != NULL) {
		(void)fprintf(stderr, "%s: it cannot run in a build: %s\n", name, why);
		*status = 127;
		return true;
	}
	for (i = 0; i < nitems(tools); i++) {
		if (strcmp(tools[i].name, name) != 0)
			continue;
		*status = tools[i].run(argc, argv, &err);
		if (*status < 0) {
			(void)fprintf(stderr, "%s: %s\n", name, err.msg);
			*status = err.usage ? 2 : 1;
		}
		return true;
	}
	return false;
}

/* --- rsynclite [--exclude=GLOB]... FROM TO: a file, or what is in a directory --- */

static int
copy(const char *const *argv, struct err *err)
{
	pid_t pid = spawn_start(&(struct spawn){ .argv = argv, .in = -1, .out = 1, .err = 2 }, err);
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int
tool_rsynclite(int argc, char **argv, struct err *err)
{
	static const char script[] = "from=$1 to=$2; shift 2; tar -C \"$from\" -cpf - \"$@\" . | tar -C \"$to\" -xpf -";
	const char **words = xcalloc((size_t)argc + 8, sizeof(*words)), *from, *to;
	struct stat st;
	int i, n = 6, rv;

	for (i = 1; i < argc && strncmp(argv[i], "--exclude=", 10) == 0; i++)
		words[n++] = argv[i];
	if (argc - i != 2) {
		free(words);
		return err_usage(err, "usage: rsynclite [--exclude=GLOB]... FROM TO");
	}
	from = argv[i];
	to = argv[i + 1];
	/* smolBSD's takes what is not there for nothing to do. */
	if (stat(from, &st) < 0)
		rv = 0;
	else if (S_ISDIR(st.st_mode)) {
		memcpy(words, (const char *[]){ "/bin/sh", "-c", script, "sh", from, to }, 6 * sizeof(*words));
		rv = dir_make(to, err) < 0 ? -1 : copy(words, err);
	} else {
		rv =
		    dir_make_parent(to, err) < 0 ? -1 : copy((const char *[]){ "cp", "-f", "--", from, to, NULL }, err);
	}
	free(words);
	return rv;
}
