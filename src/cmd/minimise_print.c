/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line a file: its path, then "<- REASON PATH" as far as it goes.
 */
#include "cmd/minimise_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/image_arg.h"

#define PATH_SIZE (2 * TREE_LINK_MAX + 4)

/* A file of the result, with its path to sort by. */
struct line {
	char *path;
	size_t file;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->path, ((const struct line *)b)->path);
}

/* Those that stay for a reason of their own. */
static struct line *
sorted(const struct minimise *m, size_t *n)
{
	struct line *lines = xcalloc(m->nfiles + 1, sizeof(*lines));
	char path[PATH_SIZE];
	size_t i;

	for (*n = i = 0; i < m->nfiles; i++)
		if (!m->files[i].parent)
			lines[(*n)++] = (struct line){ xstrdup(tree_path(m->files[i].node, path, sizeof(path))), i };
	qsort(lines, *n, sizeof(*lines), compare);
	return lines;
}

static void
free_lines(struct line *lines, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(lines[i].path);
	free(lines);
}

static void
flush(struct str *out)
{
	(void)fwrite(out->p, 1, out->len, stdout);
	str_release(out);
}

/* --- for people --- */

static void
print_files(const struct minimise *m)
{
	size_t n, i;
	struct line *lines = sorted(m, &n);
	struct str chain = { 0 }, out = { 0 };

	for (i = 0; i < n; i++) {
		chain.len = 0;
		minimise_chain(m, lines[i].file, &chain);
		str_add_escaped(&out, chain.p, false);
		str_add(&out, "\n");
	}
	flush(&out);
	str_release(&chain);
	free_lines(lines, n);
}

static void
problem_text(const struct minimise *m, const struct minimise_problem *p, struct str *out)
{
	struct str chain = { 0 };

	str_add_escaped(out, p->text, false);
	if (p->file != 0 && m->files[p->file - 1].because != 0) {
		minimise_chain(m, p->file - 1, &chain);
		str_add(out, " (");
		str_add_escaped(out, chain.p, false);
		str_add(out, ")");
	}
	str_release(&chain);
}

static void
print_problems(const struct minimise *m)
{
	struct str out = { 0 };
	size_t i;

	str_add(&out, "");
	for (i = 0; i < m->nproblems; i++) {
		str_add(&out, m->problems[i].missing ? "missing: " : "note: ");
		problem_text(m, &m->problems[i], &out);
		str_add(&out, "\n");
	}
	flush(&out);
}

static void
print_summary(const struct minimise *m)
{
	char kept[SIZE_TEXT_MAX], all[SIZE_TEXT_MAX];

	(void)printf("stays   %" PRIu64 " of %" PRIu64 " files, %s of %s\n", m->kept_files, m->all_files,
	    size_text(m->kept_bytes, kept), size_text(m->all_bytes, all));
}

void
minimise_warn(const struct minimise *m, bool quiet)
{
	struct str text = { 0 };
	size_t i;

	for (i = 0; i < m->nproblems; i++) {
		if (!m->problems[i].missing)
			continue;
		text.len = 0;
		problem_text(m, &m->problems[i], &text);
		(void)fprintf(stderr, "smol: %s\n", text.p);
	}
	str_release(&text);
	if (!quiet)
		print_summary(m);
}

/* --- JSON --- */

static void
json_path(const struct minimise *m, size_t file, struct str *out)
{
	char path[PATH_SIZE];

	str_add_json(out, tree_path(m->files[file].node, path, sizeof(path)));
}

/* {"path": P, "because": [{"why": "library of", "path": Q}, ..., {"why": "shipbins, ..."}]} */
static void
json_file(const struct minimise *m, size_t file, struct str *out)
{
	const struct minimise_file *f = &m->files[file];

	str_add(out, "{\"path\":");
	json_path(m, file, out);
	str_add(out, ",\"because\":[");
	for (;;) {
		str_add(out, "{\"why\":");
		str_add_json(out, f->why);
		if (f->because == 0)
			break;
		str_add(out, ",\"path\":");
		json_path(m, f->because - 1, out);
		str_add(out, "},");
		f = &m->files[f->because - 1];
	}
	str_add(out, "}]}");
}

static void
json_files(const struct minimise *m, struct str *out)
{
	size_t n, i;
	struct line *lines = sorted(m, &n);

	str_add(out, ",\n  \"files\": [");
	for (i = 0; i < n; i++) {
		str_add(out, i == 0 ? "\n    " : ",\n    ");
		json_file(m, lines[i].file, out);
	}
	str_add(out, "\n  ]");
	free_lines(lines, n);
}

static void
json_problems(const struct minimise *m, bool missing, struct str *out)
{
	const char *comma = "";
	size_t i;

	str_addf(out, ",\n  \"%s\": [", missing ? "missing" : "notes");
	for (i = 0; i < m->nproblems; i++) {
		if (m->problems[i].missing != missing)
			continue;
		str_addf(out, "%s\n    {\"text\":", comma);
		str_add_json(out, m->problems[i].text);
		if (m->problems[i].file != 0) {
			str_add(out, ",\"file\":");
			json_file(m, m->problems[i].file - 1, out);
		}
		str_add(out, "}");
		comma = ",";
	}
	str_add(out, *comma == '\0' ? "]" : "\n  ]");
}

static void
print_json(const struct minimise *m, const struct minimise_print *p)
{
	struct str out = { 0 };

	str_addf(&out,
	    "{\n  \"kept_files\": %" PRIu64 ", \"kept_bytes\": %" PRIu64 ", \"all_files\": %" PRIu64
	    ", \"all_bytes\": %" PRIu64 ", \"seconds\": %.6f",
	    m->kept_files, m->kept_bytes, m->all_files, m->all_bytes, (double)p->ns / 1e9);
	if (p->explain)
		json_files(m, &out);
	json_problems(m, true, &out);
	json_problems(m, false, &out);
	str_add(&out, "\n}\n");
	flush(&out);
}

int
minimise_print(const struct minimise *m, const struct minimise_print *p, struct err *err)
{
	if (p->json) {
		print_json(m, p);
	} else {
		if (p->explain)
			print_files(m);
		if (p->check)
			print_problems(m);
		if (p->check)
			print_summary(m);
	}
	if (cmd_flush(err) < 0)
		return -1;
	if (p->check && m->nmissing > 0)
		return err_set(err, "%zu thing%s that it needs %s missing", m->nmissing, m->nmissing == 1 ? "" : "s",
		    m->nmissing == 1 ? "is" : "are");
	return 0;
}
