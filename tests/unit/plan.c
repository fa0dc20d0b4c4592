/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Golden plans: each directory of tests/golden/plan is a workspace with a file
 * "request" (the arguments of smol build, a line each) and "expected", what
 * --dry-run prints, or the error.  SMOL_UPDATE=1 writes them anew.
 */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "plan/plan.h"
#include "test.h"

#define MAX_ARGS 16

static void
make_plan(struct arena *arena, char **args, size_t nargs, struct str *out)
{
	struct service_request req = { .vars = args + 1, .nvars = nargs - 1, .name = args[0] };
	struct service service;
	struct err err = { 0 };
	struct workspace w;
	struct plan plan;

	if (workspace_find(arena, &w, &err) < 0 || service_load(arena, &w, &req, &service, &err) < 0) {
		str_addf(out, "error: %s\n", err.msg);
		return;
	}
	plan_make(arena, &w, &service, &plan);
	plan_print(&plan, out);
}

static void
run_case(const char *name)
{
	char *args[MAX_ARGS], *save;
	struct err err = { 0 };
	struct str got = { 0 };
	struct arena arena;
	cleanup_free char *request = file_read("request", 4096, NULL, &err), *want = NULL;
	size_t n = 0;

	CHECK(request != NULL);
	if (request == NULL)
		return;
	for (args[n] = strtok_r(request, "\n", &save); args[n] != NULL && n + 1 < MAX_ARGS;)
		args[++n] = strtok_r(NULL, "\n", &save);
	arena_init(&arena);
	make_plan(&arena, args, n, &got);
	arena_release(&arena);
	if (getenv("SMOL_UPDATE") != NULL)
		CHECK(file_write("expected", got.p, got.len, &err) == 0);
	want = file_read("expected", 65536, NULL, &err);
	if (want == NULL || strcmp(got.p, want) != 0) {
		printf("# tests/golden/plan/%s: got\n%s", name, got.p);
		test_failures++;
	}
	str_release(&got);
}

/* The sources: SMOL_SRCDIR, else by this file's own name. */
static void
go_to_golden(void)
{
	const char *src = getenv("SMOL_SRCDIR"), *slash = strrchr(__FILE__, '/');
	struct str path = { 0 };

	if (src != NULL)
		str_addf(&path, "%s/tests", src);
	else
		str_addf(&path, "%.*s/..", slash == NULL ? 1 : (int)(slash - __FILE__), slash == NULL ? "." : __FILE__);
	str_add(&path, "/golden/plan");
	if (chdir(path.p) < 0) {
		printf("Bail out! cannot go to %s\n", path.p);
		exit(1);
	}
	str_release(&path);
}

static void
test_golden(void)
{
	const struct dirent *e;
	unsigned n = 0;
	DIR *d;

	go_to_golden();
	CHECK(setenv("SMOL_HOME", "/nonexistent", 1) == 0 && setenv("ARCH", "amd64", 1) == 0);
	d = opendir(".");
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		CHECK(chdir(e->d_name) == 0);
		run_case(e->d_name);
		CHECK(chdir("..") == 0);
		n++;
	}
	if (d != NULL)
		(void)closedir(d);
	printf("# %u plans\n", n);
	CHECK(n >= 8);
}

TEST_MAIN({ "golden plans", test_golden })
