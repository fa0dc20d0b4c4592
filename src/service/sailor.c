/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sailor.conf: sh's report of its variables, into lists of words.
 */
#include "service/sailor.h"

#include <ctype.h>
#include <string.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "service/conf.h"
#include "service/conf_eval.h"

#define FILE_MAX (64 * 1024)
#define TIME_MS 10000

/*
 * "." finds what smolBSD's builder has at /service.  An alias, since a function
 * of that name would not come before the command.
 */
static const char prelude[] = "prefix=/usr/pkg sysconfdir=/usr/pkg/etc varbase=/var OS=NetBSD\n"
			      "smol_source() {\n"
			      "case $1 in\n"
			      "/service/*) \\command . \"$PWD$1\" ;;\n"
			      "*) \\command . \"$1\" ;;\n"
			      "esac\n"
			      "}\n"
			      "alias .=smol_source\n";

enum kind {
	TEXT,
	PATHS,
	NAMES,
	REFUSED,
};

static const struct field {
	struct conf_name is;
	enum kind kind;
	size_t offset;
	const char *refused;
} fields[] = {
	{ { "shipname" }, TEXT, offsetof(struct sailor, name), NULL },
	{ { "shipbins" }, PATHS, offsetof(struct sailor, bins), NULL },
	{ { "sync_dirs" }, PATHS, offsetof(struct sailor, dirs), NULL },
	{ { "packages" }, NAMES, offsetof(struct sailor, packages), NULL },
	{ { "run_at_build" }, REFUSED, 0,
	    "runs in the guest's root, and a build cannot run NetBSD's programs yet; leave it out, or do it in "
	    "postinst/" },
	{ { "services" }, REFUSED, 0, "is not written to rc.conf; name them in the service's etc/rc.conf" },
	{ { "ro_mounts" }, REFUSED, 0, "is about a host's directories; use share in etc/NAME.conf" },
	{ { "rw_mounts" }, REFUSED, 0, "is about a host's directories; use share in etc/NAME.conf" },
};

static bool
leaves_root(const char *word)
{
	const char *p;

	for (p = word; (p = strstr(p, "..")) != NULL; p += 2)
		if ((p == word || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

/* A path begins at the root; a package's name has no path. */
static int
check_word(const char *word, const struct field *f, const struct sailor *s, unsigned line, struct err *err)
{
	if (f->kind == PATHS && word[0] != '/')
		return err_at(err, s->path, line, "%s: '%.200s' is not a path from the guest's root", f->is.name, word);
	if (f->kind == PATHS && leaves_root(word))
		return err_at(err, s->path, line, "%s: '%.200s' has a '..'", f->is.name, word);
	if (f->kind == NAMES && (strchr(word, '/') != NULL || word[0] == '.'))
		return err_at(
		    err, s->path, line, "%s: the name of a package is wanted, not '%.200s'", f->is.name, word);
	return 0;
}

static int
take_words(struct arena *arena, const char *value, const struct field *f, struct sailor *s, struct sailor_list *list,
    struct err *err)
{
	char *copy = arena_strdup(arena, value), *word;
	size_t count = 1;
	const char *p, **words;

	for (p = value; *p != '\0'; p++)
		count += isspace((unsigned char)*p) != 0;
	list->words = words = arena_calloc(arena, count, sizeof(*words));
	list->n = 0;
	while ((word = strsep(&copy, " \t\n")) != NULL) {
		if (*word == '\0')
			continue;
		if (check_word(word, f, s, list->line, err) < 0)
			return -1;
		words[list->n++] = word;
	}
	return 0;
}

static int
take_value(
    struct arena *arena, const char *value, const struct field *f, const char *text, struct sailor *s, struct err *err)
{
	unsigned line = conf_line_in(text, f->is.name);
	struct sailor_list *list = (struct sailor_list *)(void *)((char *)s + f->offset);

	if (value[0] == '\0')
		return 0;
	if (strlen(value) > CONF_VALUE_MAX)
		return err_at(err, s->path, line, "the value of '%s' is longer than 64 KiB", f->is.name);
	if (strchr(value, '\r') != NULL)
		return err_at(err, s->path, line, "the value of '%s' has a carriage return; lines must end in LF alone",
		    f->is.name);
	if (f->kind == REFUSED) {
		s->refused = arena_printf(arena, "%s:%u: %s='%.100s' %s", s->path, line, f->is.name, value, f->refused);
		return 0;
	}
	if (f->kind == TEXT) {
		s->name = arena_strdup(arena, value);
		return 0;
	}
	list->line = line;
	return take_words(arena, value, f, s, list, err);
}

/* One NAME=VALUE of the report. */
static int
take_one(struct arena *arena, const char *record, const char *text, struct sailor *s, struct err *err)
{
	size_t name = strcspn(record, "="), i;

	for (i = 0; i < nitems(fields); i++)
		if (strncmp(fields[i].is.name, record, name) == 0 && fields[i].is.name[name] == '\0')
			break;
	if (i == nitems(fields) || record[name] != '=')
		return err_set(
		    err, "%s: sh reports what was not asked for; does the file write to descriptor 9?", s->path);
	return take_value(arena, record + name + 1, &fields[i], text, s, err);
}

int
sailor_take(struct arena *arena, const char *report, size_t len, const char *text, struct sailor *s, struct err *err)
{
	const char *p = report, *end = report + len, *nul;

	for (;; p = nul + 1) {
		nul = memchr(p, '\0', (size_t)(end - p));
		if (nul == NULL)
			return err_set(err, "%s: sh did not come to the end of its report", s->path);
		if (nul == end - 1 && strcmp(p, "end") == 0)
			return 0;
		if (take_one(arena, p, text, s, err) < 0)
			return -1;
	}
}

int
sailor_read(struct arena *arena, const char *dir, const char *path, struct sailor *s, struct err *err)
{
	struct conf_name names[nitems(fields)];
	struct conf_script script = { .path = path,
		.root = arena_printf(arena, "%s/../..", dir),
		.svc = strrchr(dir, '/') == NULL ? dir : strrchr(dir, '/') + 1,
		.prelude = prelude,
		.names = names,
		.nnames = nitems(names),
		.time_ms = TIME_MS };
	cleanup_free char *text = NULL;
	struct str report = { 0 };
	size_t len, i;
	int rv;

	*s = (struct sailor){ .path = path };
	text = file_read(path, FILE_MAX, &len, err);
	if (text == NULL)
		return -1;
	if (memchr(text, '\0', len) != NULL)
		return err_set(err, "%s: not a text file: it holds a NUL byte", path);
	for (i = 0; i < nitems(fields); i++)
		names[i] = fields[i].is;
	rv = conf_eval(&script, &report, err);
	if (rv == 0)
		rv = sailor_take(arena, report.p, report.len, text, s, err);
	str_release(&report);
	return rv;
}
