/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands: one file each, which parses arguments, calls the stations and
 * prints.  A command is a row: main() finds it in its table, prints help from
 * it, runs it, and prints its error once.
 */
#ifndef SMOL_CMD_CMD_H
#define SMOL_CMD_CMD_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct command {
	const char *name; /* "run", "image make" */
	const char *args; /* "[-p HOST:GUEST]... IMAGE|SERVICE" */
	const char *summary; /* one line, lower case, no full stop */
	const char *help; /* options, a line each, and an example */
	/*
	 * argv[0] is the command's name.  Returns the exit status, or -1 with
	 * err (status 2 if err->usage, else 1).
	 */
	int (*run)(int argc, char **argv, struct err *);
};

extern const struct command cmd_build;
extern const struct command cmd_fetch;
extern const struct command cmd_image_cat;
extern const struct command cmd_image_check;
extern const struct command cmd_image_cp;
extern const struct command cmd_image_df;
extern const struct command cmd_image_diff;
extern const struct command cmd_image_ls;
extern const struct command cmd_image_make;
extern const struct command cmd_image_needs;
extern const struct command cmd_image_resize;
extern const struct command cmd_image_tree;
extern const struct command cmd_kernel_inspect;
extern const struct command cmd_kernel_list;
extern const struct command cmd_kernel_trim;
extern const struct command cmd_pkg_info;
extern const struct command cmd_pkg_resolve;
extern const struct command cmd_pkg_search;
extern const struct command cmd_run;
extern const struct command cmd_start;
extern const struct command cmd_trace;

/* What "--help" prints; the exit status. */
int cmd_help(const struct command *);

/*
 * getopt_long(3) that fills err instead of printing: '?' is never returned,
 * a bad option gives -2.  shorts must not begin with ':' or '+'; options end at
 * the first argument that is none.
 */
int cmd_getopt(int argc, char **argv, const char *shorts, const struct option *longs, struct err *);

/* stdout flushed and whole: a full disk behind a redirection is an error. */
int cmd_flush(struct err *);

/*
 * Progress on stderr, for what takes over a second at a terminal: a callback
 * with this as its argument; cmd_progress_end() wipes the line.
 */
struct cmd_progress {
	const char *what; /* "writing x.img" */
	uint64_t start_ns, shown_ns;
	bool quiet, shown;
};

void cmd_progress_init(struct cmd_progress *, const char *what, bool quiet);
void cmd_progress(void *arg, uint64_t done, uint64_t total);
void cmd_progress_end(struct cmd_progress *);

/* True if colour or progress suits that stream: a terminal, TERM not dumb, NO_COLOR unset. */
bool cmd_is_terminal(int fd);

#endif
