/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options and output of the smol pkg commands.
 */
#include "cmd/pkg.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/image_arg.h"

static const struct option longs[] = {
	{ "all", no_argument, NULL, 'A' },
	{ "arch", required_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'j' },
	{ "offline", no_argument, NULL, 'o' },
	{ NULL, 0, NULL, 0 },
};

static int
parse_options(struct pkg_args *a, int argc, char **argv, bool knows_all, struct err *err)
{
	int ch;

	while ((ch = cmd_getopt(argc, argv, "", longs, err)) != -1) {
		if (ch == -2)
			return -1;
		if (ch == 'A' && !knows_all)
			return err_usage(err, "--all is for smol pkg search");
		if (ch == 'a')
			a->arch = optarg;
		a->all |= ch == 'A';
		a->json |= ch == 'j';
		a->options.offline |= ch == 'o';
	}
	return 0;
}

/* "PKGSITE=x", but not "curl>=8". */
static bool
is_variable(const char *word)
{
	size_t len = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	return len > 0 && word[len] == '=';
}

int
pkg_args_parse(struct pkg_args *a, int argc, char **argv, bool knows_all, struct err *err)
{
	*a = (struct pkg_args){ 0 };
	arena_init(&a->arena);
	fetch_options_init(&a->options);
	a->vars = arena_calloc(&a->arena, (size_t)argc + 1, sizeof(*a->vars));
	a->words = arena_calloc(&a->arena, (size_t)argc, sizeof(*a->words));
	for (;;) {
		if (parse_options(a, argc, argv, knows_all, err) < 0)
			return -1;
		if (optind >= argc)
			break;
		if (is_variable(argv[optind]))
			a->vars[a->nvars++] = argv[optind];
		else
			a->words[a->nwords++] = argv[optind];
		optind++;
	}
	if (a->nwords == 0)
		return err_usage(err, "which package? see 'smol %s --help'", argv[0]);
	return workspace_find(&a->arena, &a->workspace, err);
}

void
pkg_args_release(struct pkg_args *a)
{
	arena_release(&a->arena);
}

int
pkg_service(struct pkg_args *a, const char *words, struct err *err)
{
	struct service_request request = {
		.inputs_only = true,
		.arch = a->arch,
		.vars = a->vars,
		.nvars = a->nvars,
	};

	if (words != NULL)
		a->vars[request.nvars++] = arena_printf(&a->arena, "ADDPKGS=%s", words);
	return service_load(&a->arena, &a->workspace, &request, &a->service, err);
}

int
pkg_show(int argc, char **argv, bool knows_all,
    int (*show)(struct pkg_args *, const struct package_repos *, struct err *), struct err *err)
{
	struct package_repos repos;
	struct pkg_args a;
	int rv = pkg_args_parse(&a, argc, argv, knows_all, err);

	if (rv == 0)
		rv = pkg_service(&a, NULL, err);
	if (rv == 0)
		rv = packages_open(&a.arena, &a.workspace, &a.service, &a.options, &repos, err);
	if (rv == 0) {
		rv = show(&a, &repos, err);
		packages_close(&repos);
	}
	pkg_args_release(&a);
	return rv;
}

json_t *
pkg_json(const char *text)
{
	json_t *j = *text == '\0' ? NULL : json_string(text);

	return j == NULL ? json_null() : j;
}

void
pkg_print(const char *text)
{
	struct str s = { 0 };

	str_add_escaped(&s, text, false);
	(void)fputs(s.len > 0 ? s.p : "", stdout);
	str_release(&s);
}

json_t *
pkg_json_number(uint64_t n)
{
	return n == 0 ? json_null() : json_integer((json_int_t)n);
}

int
pkg_json_print(json_t *j, struct err *err)
{
	if (j == NULL)
		return err_set(err, "a name is not UTF-8, which JSON needs");
	(void)json_dumpf(j, stdout, JSON_INDENT(2));
	(void)printf("\n");
	json_decref(j);
	return cmd_flush(err);
}
