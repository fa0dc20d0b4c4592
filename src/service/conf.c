/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * etc/NAME.conf: the variables that are known, taken from sh's report.
 */
#include "service/conf.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "service/conf_eval.h"

#define CONF_FILE_MAX (64 * 1024)
#define CONF_TIME_MS 10000

static const struct field {
	struct conf_name is;
	size_t offset;
} fields[] = {
	{ { "KERNEL", true }, offsetof(struct conf, kernel) }, /* the older names first: the newer win */
	{ { "NBIMG", true }, offsetof(struct conf, img) },
	{ { "kernel" }, offsetof(struct conf, kernel) },
	{ { "img" }, offsetof(struct conf, img) },
	{ { "mem" }, offsetof(struct conf, mem) },
	{ { "cores" }, offsetof(struct conf, cores) },
	{ { "append" }, offsetof(struct conf, append) },
	{ { "root" }, offsetof(struct conf, root) },
	{ { "hostfwd" }, offsetof(struct conf, hostfwd) },
	{ { "share" }, offsetof(struct conf, share) },
	{ { "extra" }, offsetof(struct conf, extra) },
	{ { "ARCH", true }, offsetof(struct conf, arch) },
	{ { "imgtag" }, offsetof(struct conf, imgtag) },
	{ { "drive2" }, offsetof(struct conf, drive2) },
	{ { "initrd" }, offsetof(struct conf, initrd) },
	{ { "fwcfgvar" }, offsetof(struct conf, fwcfgvar) },
	{ { "fwcfgfile" }, offsetof(struct conf, fwcfgfile) },
	{ { "max_ports" }, offsetof(struct conf, max_ports) },
	{ { "serial_port" }, offsetof(struct conf, serial_port) },
	{ { "qmp_port" }, offsetof(struct conf, qmp_port) },
	{ { "use_pty" }, offsetof(struct conf, use_pty) },
	{ { "bridgenet" }, offsetof(struct conf, bridgenet) },
	{ { "nonet" }, offsetof(struct conf, nonet) },
	{ { "sharerw" }, offsetof(struct conf, sharerw) },
	{ { "daemon" }, offsetof(struct conf, daemon) },
	{ { "verbose" }, offsetof(struct conf, verbose) },
	{ { "QEMU", true }, offsetof(struct conf, qemu) },
	{ { "QEMU_ACCEL", true }, offsetof(struct conf, qemu_accel) },
	{ { "login" }, offsetof(struct conf, login) },
};

static const struct conf_var *
find(const struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nvars; i++)
		if (strcmp(c->vars[i].name, name) == 0)
			return &c->vars[i];
	return NULL;
}

/* Where "name=" stands as an assignment would, and no comment before it. */
static bool
assigns(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name), i;

	for (i = 0; i + n < len; i++) {
		bool first = i == 0 || strchr(" \t;&|({`", line[i - 1]) != NULL;

		if (first && line[i] == '#')
			return false;
		if (first && strncmp(line + i, name, n) == 0 && line[i + n] == '=')
			return true;
	}
	return false;
}

unsigned
conf_line_in(const char *text, const char *name)
{
	unsigned line = 1, found = 0;
	size_t len;

	for (;; line++, text += len + 1) {
		len = strcspn(text, "\n");
		if (assigns(text, len, name))
			found = line;
		if (text[len] == '\0')
			return found;
	}
}

static const char *
base_name(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
	size_t len = strlen(base);

	return arena_strndup(arena, base, str_ends(base, ".conf") ? len - strlen(".conf") : len);
}

void
conf_init(struct arena *arena, const char *path, struct conf *c)
{
	*c = (struct conf){ .path = arena_strdup(arena, path), .svc = base_name(arena, path) };
}

static int
take_one(struct arena *arena, const char *record, const char *text, struct conf *c, struct err *err)
{
	size_t name = strcspn(record, "="), len = strlen(record), i;
	const char *environment;
	struct conf_var *v;

	for (i = 0; i < nitems(fields); i++)
		if (strncmp(fields[i].is.name, record, name) == 0 && fields[i].is.name[name] == '\0')
			break;
	if (i == nitems(fields) || record[name] != '=')
		return err_set(
		    err, "%s: sh reports what was not asked for; does the file write to descriptor 9?", c->path);
	environment = fields[i].is.environment ? getenv(fields[i].is.name) : NULL;
	if (environment != NULL && strcmp(environment, record + name + 1) == 0)
		return 0;
	if (find(c, fields[i].is.name) != NULL)
		return err_set(
		    err, "%s: sh reports '%s' twice; does the file write to descriptor 9?", c->path, fields[i].is.name);
	v = vec_push(c->vars, c->nvars, c->vars_cap);
	*v = (struct conf_var){ .name = fields[i].is.name,
		.value = arena_strndup(arena, record + name + 1, len - name - 1),
		.line = conf_line_in(text, fields[i].is.name) };
	if (len - name - 1 > CONF_VALUE_MAX)
		return err_at(err, c->path, v->line, "the value of '%s' is longer than 64 KiB", v->name);
	if (record[len - 1] == '\r')
		return err_at(err, c->path, v->line,
		    "the value of '%s' ends in a carriage return; lines must end in LF alone", v->name);
	if (*v->value != '\0')
		memcpy((char *)c + fields[i].offset, &v->value, sizeof(v->value));
	return 0;
}

int
conf_take(struct arena *arena, const char *report, size_t len, const char *text, struct conf *c, struct err *err)
{
	const char *p = report, *end = report + len, *nul;

	for (;; p = nul + 1) {
		nul = memchr(p, '\0', (size_t)(end - p));
		if (nul == NULL)
			return err_set(err, "%s: sh did not come to the end of its report", c->path);
		if (nul == end - 1 && strcmp(p, "end") == 0)
			return 0;
		if (take_one(arena, p, text, c, err) < 0)
			return -1;
	}
}

int
conf_read(struct arena *arena, const char *root, const char *path, struct conf *c, struct err *err)
{
	struct conf_name names[nitems(fields)];
	struct conf_script script = {
		.path = path, .root = root, .names = names, .nnames = nitems(names), .time_ms = CONF_TIME_MS
	};
	cleanup_free char *text = NULL;
	struct str report = { 0 };
	size_t len, i;
	int rv;

	text = file_read(path, CONF_FILE_MAX, &len, err);
	if (text == NULL)
		return -1;
	if (memchr(text, '\0', len) != NULL)
		return err_set(err, "%s: not a text file: it holds a NUL byte", path);
	conf_init(arena, path, c);
	script.svc = c->svc;
	for (i = 0; i < nitems(fields); i++)
		names[i] = fields[i].is;
	rv = conf_eval(&script, &report, err);
	if (rv == 0)
		rv = conf_take(arena, report.p, report.len, text, c, err);
	str_release(&report);
	if (rv < 0)
		conf_release(c);
	return rv;
}

void
conf_release(struct conf *c)
{
	free(c->vars);
	*c = (struct conf){ 0 };
}

const char *
conf_get(const struct conf *c, const char *name)
{
	const struct conf_var *v = find(c, name);

	return v == NULL ? NULL : v->value;
}

unsigned
conf_line(const struct conf *c, const char *name)
{
	const struct conf_var *v = find(c, name);

	return v == NULL ? 0 : v->line;
}
