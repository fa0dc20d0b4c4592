/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol: arguments to one row of the command table, run it, print its error
 * once.  Exit status: 0, 1 failure, 2 usage, or what the command says.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/defs.h"
#include "base/spawn.h"
#include "cmd/cmd.h"
#include "cmd/image_arg.h"
#include "cmd/tool.h"

static const struct command *const commands[] = {
	&cmd_build,
	&cmd_run,
	&cmd_fetch,
	&cmd_start,
	&cmd_trace,
	&cmd_pkg_search,
	&cmd_pkg_info,
	&cmd_pkg_resolve,
	&cmd_image_make,
	&cmd_image_ls,
	&cmd_image_cat,
	&cmd_image_tree,
	&cmd_image_check,
	&cmd_image_cp,
	&cmd_image_df,
	&cmd_image_diff,
	&cmd_image_needs,
	&cmd_image_resize,
	&cmd_kernel_list,
	&cmd_kernel_trim,
	&cmd_kernel_inspect,
};

static int
usage(FILE *out, const char *group)
{
	size_t i, len = strlen(group);

	(void)fprintf(out, "usage: smol %s%sCOMMAND [OPTION]... [ARGUMENT]...\n\n", group, len > 0 ? " " : "");
	for (i = 0; i < nitems(commands); i++)
		if (strncmp(commands[i]->name, group, len) == 0)
			(void)fprintf(out, "  %-12s  %s\n", commands[i]->name, commands[i]->summary);
	(void)fprintf(out, "\n'smol COMMAND --help' tells more, so does 'man smol-COMMAND'.\n");
	return out == stdout ? 0 : 2;
}

/* The row for argv[0] (and argv[1]: "image ls"); *words is how many it took. */
static const struct command *
find(int argc, char **argv, int *words)
{
	char two[64];
	size_t i;

	(void)snprintf(two, sizeof(two), "%s %s", argv[0], argc > 1 ? argv[1] : "");
	for (i = 0; i < nitems(commands); i++) {
		*words = strchr(commands[i]->name, ' ') != NULL ? 2 : 1;
		if (strcmp(commands[i]->name, *words == 2 ? two : argv[0]) == 0)
			return commands[i];
	}
	return NULL;
}

/* The first word of commands that have two. */
static bool
is_group(const char *word)
{
	size_t i, len = strlen(word);

	for (i = 0; i < nitems(commands); i++)
		if (strncmp(commands[i]->name, word, len) == 0 && commands[i]->name[len] == ' ')
			return true;
	return false;
}

static bool
wants_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

static int
run(const struct command *c, int argc, char **argv)
{
	struct err err = { 0 };
	struct str line = { 0 };
	char name[64];
	int rv;

	if (wants_help(argc, argv))
		return cmd_help(c);
	(void)snprintf(name, sizeof(name), "%s", c->name);
	argv[0] = name;
	rv = c->run(argc, argv, &err);
	if (rv >= 0)
		return rv;
	/* A message may quote names that an image or archive brought. */
	str_add_escaped(&line, err.msg, false);
	(void)fprintf(stderr, "smol: %s\n", line.len > 0 ? line.p : "");
	str_release(&line);
	return err.usage ? 2 : 1;
}

int
main(int argc, char **argv)
{
	const struct command *c;
	struct err err = { 0 };
	int words, status;

	if (spawn_std_open(&err) < 0)
		return 1;
	if (tool_main(argc, argv, &status))
		return status;
	if (argc < 2)
		return usage(stderr, "");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return usage(stdout, "");
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
		(void)printf("smol %s\n", SMOL_VERSION);
		return 0;
	}
	c = find(argc - 1, argv + 1, &words);
	if (c != NULL)
		return run(c, argc - words, argv + words);
	if (is_group(argv[1])) {
		if (argc > 2 && strcmp(argv[2], "--help") == 0)
			return usage(stdout, argv[1]);
		if (argc > 2)
			(void)fprintf(stderr, "smol: there is no command '%s %s'\n", argv[1], argv[2]);
		return usage(stderr, argv[1]);
	}
	(void)fprintf(stderr, "smol: there is no command '%s'; 'smol --help' lists them\n", argv[1]);
	return 2;
}
