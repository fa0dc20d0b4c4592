/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the smol pkg commands have in common: their options, and the packages
 * that can be had.
 */
#ifndef SMOL_CMD_PKG_H
#define SMOL_CMD_PKG_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "service/service.h"
#include "service/workspace.h"
#include "source/packages.h"

struct pkg_args {
	struct arena arena;
	struct workspace workspace;
	struct service service; /* none: the defaults, and NAME=VALUE */
	struct fetch_options options;
	const char *arch;
	char **vars; /* NAME=VALUE */
	size_t nvars;
	const char **words;
	size_t nwords;
	bool json, all;
};

/* Options, variables and words, in any order; --all only where it is known. */
int pkg_args_parse(struct pkg_args *, int argc, char **argv, bool knows_all, struct err *);
void pkg_args_release(struct pkg_args *);

/* The defaults, with ADDPKGS=words if there are some: what is wanted. */
int pkg_service(struct pkg_args *, const char *words, struct err *);

/* A command's run(): show() with the repositories open, nothing wanted. */
int pkg_show(int argc, char **argv, bool knows_all,
    int (*show)(struct pkg_args *, const struct package_repos *, struct err *), struct err *);

/* Text of a repository: JSON, or null where it is "" or not UTF-8; a terminal's, without what it would obey. */
json_t *pkg_json(const char *text);
void pkg_print(const char *text);

/* Numbers: 0 is not known, and null. */
json_t *pkg_json_number(uint64_t);

/* The object to stdout. */
int pkg_json_print(json_t *, struct err *);

#endif
