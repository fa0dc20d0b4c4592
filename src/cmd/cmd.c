/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the commands share: option parsing into a struct err, output checked.
 */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

int
cmd_getopt(int argc, char **argv, const char *shorts, const struct option *longs, struct err *err)
{
	char optstring[64];
	int at = optind, ch;

	(void)snprintf(optstring, sizeof(optstring), "+:%s", shorts);
	opterr = 0;
	ch = getopt_long(argc, argv, optstring, longs, NULL);
	if (ch != '?' && ch != ':')
		return ch;
	if (ch == ':')
		(void)err_usage(err, "option '%s' needs a value; see 'smol %s --help'", argv[optind - 1], argv[0]);
	else if (optopt != 0 && optind == at)
		(void)err_usage(err, "unknown option '-%c'; see 'smol %s --help'", optopt, argv[0]);
	else
		(void)err_usage(err, "unknown option '%s'; see 'smol %s --help'", argv[optind - 1], argv[0]);
	return -2;
}

int
cmd_help(const struct command *c)
{
	(void)printf("usage: smol %s %s\n\n%s.\n\n%s", c->name, c->args, c->summary, c->help);
	return fflush(stdout) == 0 ? 0 : 1;
}

int
cmd_flush(struct err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_sys(err, "cannot write the output");
	return 0;
}

bool
cmd_is_terminal(int fd)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	return isatty(fd) && term != NULL && strcmp(term, "dumb") != 0 && (no_color == NULL || *no_color == '\0');
}

void
cmd_progress_init(struct cmd_progress *p, const char *what, bool quiet)
{
	*p = (struct cmd_progress){ .what = what, .start_ns = clock_now_ns() };
	p->quiet = quiet || !cmd_is_terminal(STDERR_FILENO);
}

void
cmd_progress(void *arg, uint64_t done, uint64_t total)
{
	struct cmd_progress *p = arg;
	char text[2][SIZE_TEXT_MAX];
	uint64_t now;

	if (p->quiet)
		return;
	now = clock_now_ns();
	if (now - p->start_ns < 1000000000 || now - p->shown_ns < 100000000)
		return;
	p->shown_ns = now;
	p->shown = true;
	(void)fprintf(stderr, "\r%s: %3u %% (%s of %s)\033[K", p->what, total == 0 ? 0 : (unsigned)(done * 100 / total),
	    size_text(done, text[0]), size_text(total, text[1]));
}

void
cmd_progress_end(struct cmd_progress *p)
{
	if (p->shown)
		(void)fprintf(stderr, "\r\033[K");
	p->shown = false;
}
