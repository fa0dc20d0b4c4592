/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * etc/NAME.conf: the part of sh's grammar that assignments need.
 */
#include "service/conf.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "host/host.h"

#define CONF_FILE_MAX (64 * 1024)
#define CONF_VALUE_MAX (64 * 1024)

struct parser {
	struct arena *arena;
	struct conf *conf;
	const char *p;
	unsigned line;
	struct err *err;
};

static int
needs_shell(struct parser *ps, const char *what)
{
	size_t len = strcspn(what, "\n");

	return err_at(ps->err, ps->conf->path, ps->line,
	    "'%.*s' needs a shell: not supported yet, only assignments like mem=256 are", len > 60 ? 60 : (int)len,
	    what);
}

static size_t
name_length(const char *s)
{
	size_t len = 0;

	while (isalnum((unsigned char)s[len]) || s[len] == '_')
		len++;
	return isdigit((unsigned char)s[0]) ? 0 : len;
}

static const struct conf_var *
find(const struct conf *c, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < c->nvars; i++)
		if (strncmp(c->vars[i].name, name, len) == 0 && c->vars[i].name[len] == '\0')
			return &c->vars[i];
	return NULL;
}

static const char *
lookup(const struct parser *ps, const char *name, size_t len)
{
	static const char *const environment[] = { "HOME", "USER", "PWD" };
	const struct conf_var *v;
	const char *arch;
	size_t i;

	if (len == 3 && strncmp(name, "svc", len) == 0)
		return ps->conf->svc;
	v = find(ps->conf, name, len);
	if (v != NULL)
		return v->value;
	if (len == 4 && strncmp(name, "ARCH", len) == 0) {
		arch = getenv("ARCH");
		return arch != NULL ? arch : host_arch();
	}
	for (i = 0; i < nitems(environment); i++)
		if (strncmp(environment[i], name, len) == 0 && environment[i][len] == '\0')
			return getenv(environment[i]);
	return NULL;
}

/* At "$": $(pwd), $name or ${name}. */
static int
dollar(struct parser *ps, struct str *out)
{
	const char *start = ps->p, *name = start + 1, *value;
	bool brace = *name == '{';
	char cwd[4096];
	size_t len;

	if (str_starts(start, "$(pwd)")) {
		ps->p += strlen("$(pwd)");
		if (getcwd(cwd, sizeof(cwd)) == NULL)
			return err_sys(ps->err, "cannot tell the current directory");
		str_add(out, cwd);
		return 0;
	}
	name += brace;
	len = name_length(name);
	if (len == 0 || (brace && name[len] != '}'))
		return needs_shell(ps, start);
	value = lookup(ps, name, len);
	if (value == NULL)
		return err_at(
		    ps->err, ps->conf->path, ps->line, "$%.*s is not set above", len > 60 ? 60 : (int)len, name);
	str_add(out, value);
	ps->p = name + len + brace;
	return 0;
}

static int
single_quoted(struct parser *ps, struct str *out)
{
	const char *end = strchr(ps->p + 1, '\''), *s;

	if (end == NULL)
		return err_at(ps->err, ps->conf->path, ps->line, "a ' is not closed");
	str_addn(out, ps->p + 1, (size_t)(end - ps->p) - 1);
	for (s = ps->p; s < end; s++)
		ps->line += *s == '\n';
	ps->p = end + 1;
	return 0;
}

static int
double_quoted(struct parser *ps, struct str *out)
{
	unsigned start = ps->line;

	for (ps->p++; *ps->p != '"';) {
		if (*ps->p == '\0')
			return err_at(ps->err, ps->conf->path, start, "a \" is not closed");
		if (*ps->p == '`')
			return needs_shell(ps, ps->p);
		if (*ps->p == '$') {
			if (dollar(ps, out) < 0)
				return -1;
			continue;
		}
		if (*ps->p == '\\' && ps->p[1] == '\n') {
			ps->p += 2;
			ps->line++;
			continue;
		}
		if (*ps->p == '\\' && ps->p[1] != '\0' && strchr("$`\"\\", ps->p[1]) != NULL)
			ps->p++;
		ps->line += *ps->p == '\n';
		str_addn(out, ps->p++, 1);
	}
	ps->p++;
	return 0;
}

/* The value of an assignment, up to a blank, a newline or ';' outside of quotes. */
static int
word(struct parser *ps, struct str *out)
{
	int rv = 0;

	str_add(out, "");
	while (rv == 0 && *ps->p != '\0' && strchr(" \t\r\n;", *ps->p) == NULL) {
		if (*ps->p == '\'') {
			rv = single_quoted(ps, out);
		} else if (*ps->p == '"') {
			rv = double_quoted(ps, out);
		} else if (*ps->p == '$') {
			rv = dollar(ps, out);
		} else if (strchr("`()<>|&", *ps->p) != NULL) {
			rv = needs_shell(ps, ps->p);
		} else if (*ps->p == '\\' && ps->p[1] == '\n') {
			ps->p += 2;
			ps->line++;
		} else {
			if (*ps->p == '\\' && ps->p[1] != '\0')
				ps->p++;
			str_addn(out, ps->p++, 1);
		}
		if (rv == 0 && out->len > CONF_VALUE_MAX)
			rv = err_at(ps->err, ps->conf->path, ps->line, "the value is too long");
	}
	return rv;
}

static void
set(struct parser *ps, const char *name, size_t len, const char *value, unsigned line)
{
	struct conf_var *v = (struct conf_var *)find(ps->conf, name, len);

	if (v == NULL) {
		v = vec_push(ps->conf->vars, ps->conf->nvars, ps->conf->vars_cap);
		v->name = arena_strndup(ps->arena, name, len);
	}
	v->value = arena_strdup(ps->arena, value);
	v->line = line;
}

static int
assignment(struct parser *ps)
{
	const char *name = ps->p;
	size_t len = name_length(name);
	unsigned line = ps->line;
	struct str value = { 0 };
	int rv;

	if (len == 0 || name[len] != '=')
		return needs_shell(ps, name);
	ps->p += len + 1;
	rv = word(ps, &value);
	if (rv == 0)
		set(ps, name, len, value.p, line);
	str_release(&value);
	return rv;
}

static int
parse(struct parser *ps)
{
	bool assigned = false; /* on this line: then "NAME=VALUE command" must not pass for two assignments */

	while (*ps->p != '\0') {
		if (*ps->p == '\n') {
			ps->line++;
			assigned = false;
			ps->p++;
		} else if (strchr(" \t\r", *ps->p) != NULL || (*ps->p == ';' && assigned)) {
			ps->p++;
		} else if (*ps->p == '#') {
			ps->p += strcspn(ps->p, "\n");
		} else if (!assigned && (str_starts(ps->p, "export ") || str_starts(ps->p, "export\t"))) {
			ps->p += strlen("export ");
		} else {
			if (assignment(ps) < 0)
				return -1;
			assigned = true;
		}
	}
	return 0;
}

static const struct field {
	const char *name;
	size_t offset;
} fields[] = {
	{ "KERNEL", offsetof(struct conf, kernel) }, /* the older names first: the newer win */
	{ "NBIMG", offsetof(struct conf, img) },
	{ "kernel", offsetof(struct conf, kernel) },
	{ "img", offsetof(struct conf, img) },
	{ "mem", offsetof(struct conf, mem) },
	{ "cores", offsetof(struct conf, cores) },
	{ "append", offsetof(struct conf, append) },
	{ "root", offsetof(struct conf, root) },
	{ "hostfwd", offsetof(struct conf, hostfwd) },
	{ "share", offsetof(struct conf, share) },
	{ "extra", offsetof(struct conf, extra) },
	{ "ARCH", offsetof(struct conf, arch) },
	{ "imgtag", offsetof(struct conf, imgtag) },
	{ "fwcfgvar", offsetof(struct conf, fwcfgvar) },
	{ "fwcfgfile", offsetof(struct conf, fwcfgfile) },
	{ "serial_port", offsetof(struct conf, serial_port) },
	{ "qmp_port", offsetof(struct conf, qmp_port) },
	{ "use_pty", offsetof(struct conf, use_pty) },
	{ "bridgenet", offsetof(struct conf, bridgenet) },
	{ "sharerw", offsetof(struct conf, sharerw) },
};

static void
fill_fields(struct conf *c)
{
	const char *value;
	size_t i;

	for (i = 0; i < nitems(fields); i++) {
		value = conf_get(c, fields[i].name);
		if (value != NULL && *value != '\0')
			memcpy((char *)c + fields[i].offset, &value, sizeof(value));
	}
}

static const char *
base_name(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
	size_t len = strlen(base);

	return arena_strndup(arena, base, str_ends(base, ".conf") ? len - strlen(".conf") : len);
}

int
conf_read_text(struct arena *arena, const char *path, const char *text, size_t len, struct conf *c, struct err *err)
{
	struct parser ps = { .arena = arena, .conf = c, .p = text, .line = 1, .err = err };

	*c = (struct conf){ .path = arena_strdup(arena, path), .svc = base_name(arena, path) };
	if (memchr(text, '\0', len) != NULL)
		return err_set(err, "%s: not a text file: it holds a NUL byte", path);
	if (parse(&ps) < 0) {
		conf_release(c);
		return -1;
	}
	fill_fields(c);
	return 0;
}

int
conf_read(struct arena *arena, const char *path, struct conf *c, struct err *err)
{
	cleanup_free char *text = NULL;
	size_t len;

	text = file_read(path, CONF_FILE_MAX, &len, err);
	return text == NULL ? -1 : conf_read_text(arena, path, text, len, c, err);
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
	const struct conf_var *v = find(c, name, strlen(name));

	return v == NULL ? NULL : v->value;
}

unsigned
conf_line(const struct conf *c, const char *name)
{
	const struct conf_var *v = find(c, name, strlen(name));

	return v == NULL ? 0 : v->line;
}
