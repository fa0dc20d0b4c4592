/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol build: a service directory into an image, or what that would do.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "build/build.h"
#include "cmd/cmd.h"
#include "cmd/fetch_progress.h"
#include "cmd/image_arg.h"
#include "cmd/image_result.h"
#include "cmd/minimise_print.h"
#include "plan/plan.h"
#include "service/service.h"
#include "service/workspace.h"

struct args {
	struct service_request request;
	bool dry_run, json, network, offline, quiet, verbose, check, explain;
};

static const struct option longs[] = {
	{ "arch", required_argument, NULL, 'a' },
	{ "check", no_argument, NULL, 'c' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "explain", no_argument, NULL, 'e' },
	{ "fs", required_argument, NULL, 'f' },
	{ "json", no_argument, NULL, 'j' },
	{ "network", no_argument, NULL, 'N' },
	{ "offline", no_argument, NULL, 'o' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "root", required_argument, NULL, 'r' },
	{ "tag", required_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

static int
parse_options(struct args *a, int argc, char **argv, struct err *err)
{
	int ch;

	while ((ch = cmd_getopt(argc, argv, "nqt:v", longs, err)) != -1) {
		if (ch == -2)
			return -1;
		if (ch == 'a')
			a->request.arch = optarg;
		if (ch == 'f')
			a->request.fs = optarg;
		if (ch == 'r')
			a->request.root_dir = optarg;
		if (ch == 't')
			a->request.tag = optarg;
		a->check |= ch == 'c';
		a->explain |= ch == 'e';
		a->dry_run |= ch == 'n';
		a->json |= ch == 'j';
		a->network |= ch == 'N';
		a->offline |= ch == 'o';
		a->quiet |= ch == 'q';
		a->verbose |= ch == 'v';
	}
	return 0;
}

/* Options, NAME=VALUE and the service, in any order; vars has room for argc. */
static int
parse(struct args *a, char **vars, int argc, char **argv, struct err *err)
{
	a->request.vars = vars;
	for (;;) {
		if (parse_options(a, argc, argv, err) < 0)
			return -1;
		if (optind >= argc)
			break;
		if (strchr(argv[optind], '=') != NULL)
			vars[a->request.nvars++] = argv[optind];
		else if (a->request.name == NULL)
			a->request.name = argv[optind];
		else
			return err_usage(
			    err, "one service at a time: '%s' and '%s' are named", a->request.name, argv[optind]);
		optind++;
	}
	return 0;
}

static int
no_service(struct arena *arena, const struct workspace *w, struct err *err)
{
	const char *names = workspace_services(w, arena);

	return err_usage(err, "which service? there %s %s", *names == '\0' ? "are none in" : "are",
	    *names == '\0' ? workspace_path(w, arena, "service") : names);
}

static int
print_plan_json(const struct plan *p, struct err *err)
{
	json_t *steps = json_array(), *j;
	struct str line = { 0 };
	int failed = 0;
	size_t i;

	for (i = 0; i < p->nsteps; i++) {
		line.len = 0;
		plan_step_print(&p->steps[i], &line);
		failed |= json_array_append_new(steps, json_string(line.p));
	}
	str_release(&line);
	j = json_pack("{s:s, s:s, s:o, s:{s:s, s:s, s:I, s:b}}", "service", p->service->name, "arch", p->service->arch,
	    "steps", steps, "image", "path", p->image, "label", p->label, "bytes", (json_int_t)p->bytes, "read_only",
	    p->read_only);
	if (j == NULL || failed != 0)
		return err_set(err, "a path is not UTF-8, which JSON needs");
	(void)json_dumpf(j, stdout, JSON_INDENT(2));
	(void)printf("\n");
	json_decref(j);
	return cmd_flush(err);
}

static int
print_plan(const struct plan *p, bool json, struct err *err)
{
	struct str text = { 0 };

	if (json)
		return print_plan_json(p, err);
	plan_print(p, &text);
	(void)fputs(text.p, stdout);
	str_release(&text);
	return cmd_flush(err);
}

static void
print_note(void *arg, const char *text)
{
	struct str line = { 0 };

	(void)arg;
	str_add_escaped(&line, text, false);
	(void)fprintf(stderr, "smol: %s\n", line.len > 0 ? line.p : "");
	str_release(&line);
}

/* What scripts say. */
static void
print_output(void *arg, const char *text, size_t len)
{
	(void)arg;
	(void)fwrite(text, 1, len, stderr);
}

static int
minimised(void *arg, const struct minimise *m, const struct build_result *r, struct err *err)
{
	const struct args *a = arg;

	if (a->check || a->explain)
		return minimise_print(m,
		    &(struct minimise_print){
			.explain = a->explain, .check = a->check, .json = a->json, .ns = r->minimise_ns },
		    err);
	if (!a->quiet)
		minimise_warn(m, a->json);
	return 0;
}

static int
build(struct args *a, const struct plan *p, struct err *err)
{
	struct cmd_progress progress;
	struct fetch_progress fetching;
	struct build_options options = { .progress = cmd_progress,
		.progress_arg = &progress,
		.output = print_output,
		.network = a->network,
		.verbose = a->verbose };
	struct build_result result;
	int rv;

	fetch_progress_init(&fetching, a->quiet, stderr, NULL);
	fetch_options_init(&options.fetch);
	options.fetch.offline |= a->offline;
	options.fetch.only_missing = true;
	options.note = a->quiet ? NULL : print_note;
	options.fetch.event = fetch_progress_event;
	options.fetch.arg = &fetching;
	options.minimised = minimised;
	options.minimised_arg = a;
	options.no_image = a->check || a->explain;
	cmd_progress_init(&progress, p->image, a->quiet);
	rv = build_run(p, &options, &result, err);
	cmd_progress_end(&progress);
	if (rv < 0)
		return err_wrap(err, "build %s", p->service->name);
	if (a->quiet || options.no_image)
		return 0;
	return image_result_print(p->image, &result.options, &result.image,
	    result.sets_ns + result.tree_ns + result.scripts_ns, a->json, err);
}

/* What the make files have to say. */
static void
print_notes(const struct service *s)
{
	size_t i;

	for (i = 0; i < s->nnotes; i++)
		(void)fprintf(stderr, "smol: %s\n", s->notes[i]);
}

static int
plan_and_build(struct args *a, struct arena *arena, struct err *err)
{
	struct workspace w;
	struct service service;
	struct plan plan;

	if (workspace_find(arena, &w, err) < 0)
		return -1;
	if (a->request.name == NULL)
		return no_service(arena, &w, err);
	if (service_load(arena, &w, &a->request, &service, err) < 0)
		return -1;
	if (a->explain && service.sailor == NULL)
		return err_usage(
		    err, "everything stays in the image of %s: that needs MINIMIZE and a sailor.conf", service.name);
	if (!a->quiet)
		print_notes(&service);
	plan_make(arena, &w, &service, &plan);
	return a->dry_run ? print_plan(&plan, a->json, err) : build(a, &plan, err);
}

static int
run(int argc, char **argv, struct err *err)
{
	struct args a = { 0 };
	struct arena arena;
	char **vars;
	int rv;

	arena_init(&arena);
	vars = arena_calloc(&arena, (size_t)argc, sizeof(*vars));
	rv = parse(&a, vars, argc, argv, err);
	if (rv == 0)
		rv = plan_and_build(&a, &arena, err);
	arena_release(&arena);
	return rv;
}

const struct command cmd_build = {
	.name = "build",
	.args = "[-t TAG] [--arch ARCH] [--fs FS] [--root DIR] [-n] [--json] [--network] [--offline] [-qv] [--check]\n"
		"\t[--explain] [NAME=VALUE]... SERVICE",
	.summary = "build the image of a service",
	.help = "  -t, --tag TAG      images/SERVICE-ARCH:TAG.img\n"
		"  --arch ARCH        amd64, i386 or evbarm-aarch64 (the host's)\n"
		"  --fs FS            ffs1, ffs2, or ext2 as smolBSD makes on Linux (ffs1)\n"
		"  --root DIR         a root directory made by hand, in place of the sets\n"
		"  -n, --dry-run      print the steps and do nothing\n"
		"  --json             print the result, or the steps, as JSON\n"
		"  --network          scripts have the host's network; without, only FETCH reaches it\n"
		"  --offline          fetch nothing; a missing set or package is an error\n"
		"  -q, --quiet        print nothing but errors\n"
		"  -v, --verbose      show what scripts say, not only when one fails\n"
		"  --check            no image: what programs in it would not find\n"
		"  --explain          no image: of each file why it stays, with MINIMIZE and sailor.conf\n"
		"  NAME=VALUE         a variable; wins over options.mk and own.mk\n"
		"\n"
		"variables: FROMIMG (an image to start from, in place of SETS), SETS, ADDSETS (sets,\n"
		"each with an optional :GLOB), ADDPKGS (packages), IMGSIZE (MB, or auto), MINIMIZE (y:\n"
		"the files and 10 %; +N: and N MB; with a sailor.conf only what it lists, and what that\n"
		"needs), MOUNTRO (y: the root is read-only), SSHKEYS, IMGTAG, SETSEXT, VERS, PKGVERS,\n"
		"DIST, PKGSITE; BIOSBOOT (y: a PC's BIOS boots it), BIOSCONSOLE, BIOSKERNEL, SMOLIFY.\n"
		"Sets are looked for in sets/ARCH/ of the workspace and of the store, packages in\n"
		"pkgs/ARCH/; what is missing is fetched from DIST and PKGSITE, as 'smol fetch' does.\n"
		"\n"
		"example: smol build IMGSIZE=256 bozohttpd\n",
	.run = run,
};
