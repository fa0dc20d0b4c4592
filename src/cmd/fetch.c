/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol fetch: what services need from outside, to where build and run look.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/fetch_progress.h"
#include "service/service.h"
#include "service/workspace.h"
#include "source/fetch.h"

#define TIMEOUT_MAX_S 3600
#define RETRIES_MAX 100

typedef int fetch_fn(const struct workspace *, const struct service *, const struct fetch_options *, struct err *);

/* The machine's, and the one in an image for a BIOS. */
static int
fetch_kernels(const struct workspace *w, const struct service *s, const struct fetch_options *o, struct err *err)
{
	return fetch_kernel(w, s, o, err) < 0 ? -1 : fetch_bios_kernel(w, s, o, err);
}

static const struct kind {
	const char *name;
	fetch_fn *fetch;
	const char *list; /* the variable that words go to which are no service; NULL: only services */
	bool needs_words;
} kinds[] = {
	{ "kernel", fetch_kernels, NULL, false },
	{ "sets", fetch_sets, "SETS", false },
	{ "pkgs", fetch_packages, "ADDPKGS", true },
	{ "live", fetch_live, NULL, false },
};

struct args {
	const char *arch;
	const struct kind *kind;
	char **vars; /* NAME=VALUE */
	size_t nvars;
	const char **services;
	size_t nservices;
	struct str list; /* the other words */
	struct fetch_options options;
	bool json, quiet;
};

static const struct option longs[] = {
	{ "arch", required_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'j' },
	{ "offline", no_argument, NULL, 'o' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "retries", required_argument, NULL, 'r' },
	{ "timeout", required_argument, NULL, 't' },
	{ "unverified", no_argument, NULL, 'u' },
	{ NULL, 0, NULL, 0 },
};

static int
parse_number(const char *text, uint64_t min, uint64_t max, const char *what, unsigned *out, struct err *err)
{
	uint64_t n;

	if (parse_u64(text, min, max, what, &n, err) < 0)
		return -1;
	*out = (unsigned)n;
	return 0;
}

static int
parse_options(struct args *a, int argc, char **argv, struct err *err)
{
	struct fetch_options *o = &a->options;
	int ch;

	while ((ch = cmd_getopt(argc, argv, "q", longs, err)) != -1) {
		if (ch == -2)
			return -1;
		if (ch == 'a')
			a->arch = optarg;
		if (ch == 'r' && parse_number(optarg, 0, RETRIES_MAX, "number of retries", &o->retries, err) < 0)
			return -1;
		if (ch == 't' && parse_number(optarg, 1, TIMEOUT_MAX_S, "timeout", &o->timeout_s, err) < 0)
			return -1;
		a->json |= ch == 'j';
		a->quiet |= ch == 'q';
		o->offline |= ch == 'o';
		o->unverified |= ch == 'u';
	}
	return 0;
}

static int
add_word(struct args *a, struct arena *arena, const struct workspace *w, char *word, struct err *err)
{
	size_t i;

	if (strchr(word, '=') != NULL) {
		a->vars[a->nvars++] = word;
		return 0;
	}
	if (a->kind == NULL) {
		for (i = 0; i < nitems(kinds); i++)
			if (strcmp(word, kinds[i].name) == 0)
				a->kind = &kinds[i];
		return a->kind != NULL
			   ? 0
			   : err_usage(
				 err, "cannot fetch '%s': kernel, sets, pkgs or live; see 'smol fetch --help'", word);
	}
	if (workspace_name_ok(word) && strcmp(word, "common") != 0 && workspace_service(w, arena, word) != NULL)
		a->services[a->nservices++] = word;
	else if (a->kind->list != NULL)
		str_addf(&a->list, "%s%s", a->list.len > 0 ? " " : "", word);
	else
		return err_usage(err, "there is no service '%s': there are %s", word, workspace_services(w, arena));
	return 0;
}

static int
parse(struct args *a, struct arena *arena, const struct workspace *w, int argc, char **argv, struct err *err)
{
	a->vars = arena_calloc(arena, (size_t)argc + 1, sizeof(*a->vars));
	a->services = arena_calloc(arena, (size_t)argc, sizeof(*a->services));
	for (;;) {
		if (parse_options(a, argc, argv, err) < 0)
			return -1;
		if (optind >= argc)
			break;
		if (add_word(a, arena, w, argv[optind++], err) < 0)
			return -1;
	}
	if (a->kind == NULL)
		return err_usage(err, "what is to be fetched? kernel, sets, pkgs or live; see 'smol fetch --help'");
	return 0;
}

/* For one service, or for none: the defaults, and the words. */
static int
fetch_one(const struct args *a, struct arena *arena, const struct workspace *w, const char *name, struct err *err)
{
	struct service_request request = { .name = name, .inputs_only = true, .arch = a->arch, .vars = a->vars };
	struct service service;

	request.nvars = a->nvars;
	if (name == NULL && a->list.len > 0)
		a->vars[request.nvars++] = arena_printf(arena, "%s=%s", a->kind->list, a->list.p);
	if (service_load(arena, w, &request, &service, err) < 0)
		return -1;
	if (name == NULL && a->kind->needs_words && service.npackages == 0)
		return err_usage(err, "which %s? name them, or a service; see 'smol fetch --help'", a->kind->name);
	return a->kind->fetch(w, &service, &a->options, err);
}

static int
fetch_all(const struct args *a, struct arena *arena, const struct workspace *w, struct err *err)
{
	size_t i;

	for (i = 0; i < a->nservices; i++)
		if (fetch_one(a, arena, w, a->services[i], err) < 0)
			return -1;
	if (a->nservices == 0 || a->list.len > 0)
		return fetch_one(a, arena, w, NULL, err);
	return 0;
}

static int
print_json(json_t *files, struct err *err)
{
	json_t *j = json_pack("{s:O}", "files", files);

	(void)json_dumpf(j, stdout, JSON_INDENT(2));
	(void)printf("\n");
	json_decref(j);
	return cmd_flush(err);
}

static int
fetch(struct args *a, struct arena *arena, const struct workspace *w, struct err *err)
{
	struct fetch_progress progress;
	json_t *files = a->json ? json_array() : NULL;
	struct err flush = { 0 };
	int rv;

	fetch_progress_init(&progress, a->quiet, a->json ? NULL : stdout, files);
	a->options.event = fetch_progress_event;
	a->options.arg = &progress;
	rv = fetch_all(a, arena, w, err);
	if (progress.not_utf8 && rv == 0)
		rv = err_set(err, "a path is not UTF-8, which JSON needs");
	if ((a->json ? print_json(files, &flush) : cmd_flush(&flush)) < 0 && rv == 0) {
		*err = flush;
		rv = -1;
	}
	json_decref(files);
	return rv;
}

static int
run(int argc, char **argv, struct err *err)
{
	struct args a = { 0 };
	struct workspace w;
	struct arena arena;
	int rv;

	arena_init(&arena);
	fetch_options_init(&a.options);
	rv = workspace_find(&arena, &w, err);
	if (rv == 0)
		rv = parse(&a, &arena, &w, argc, argv, err);
	if (rv == 0)
		rv = fetch(&a, &arena, &w, err);
	str_release(&a.list);
	arena_release(&arena);
	return rv;
}

const struct command cmd_fetch = {
	.name = "fetch",
	.args = "[--arch ARCH] [OPTION]... kernel|sets|pkgs|live [NAME=VALUE]... [SERVICE|SET|PACKAGE]...",
	.summary = "fetch kernels, sets, packages or the live image",
	.help = "  kernel             the kernel, from KDIST, to kernels/; with BIOSBOOT=y BIOSKERNEL's too\n"
		"  sets               sets of services, or by name (base etc), from DIST/sets, to sets/ARCH/\n"
		"  pkgs               packages of services (ADDPKGS), or by name, and what they need, from\n"
		"                     PKGSITE, to pkgs/ARCH/\n"
		"  live               NetBSD's live image, from LIVEIMGGZ, unpacked to images/\n"
		"\n"
		"  --arch ARCH        amd64, i386 or evbarm-aarch64 (the host's)\n"
		"  --json             print what became of each file as JSON\n"
		"  --offline          fetch nothing; what is missing is an error\n"
		"  -q, --quiet        print nothing but errors\n"
		"  --retries N        attempts after the first, where one may help (4)\n"
		"  --timeout S        seconds for a connection, and of a stall (30)\n"
		"  --unverified       take files of which no list has a digest\n"
		"\n"
		"Files are checked by the digests that their directory publishes, before they have\n"
		"their names.  What is here already and unchanged there is not fetched again.\n"
		"\n"
		"example: smol fetch sets bozohttpd\n",
	.run = run,
};
