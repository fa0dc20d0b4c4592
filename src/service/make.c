/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The variables of make files, and positions for messages.
 */
#include "service/make.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"
#include "service/make_impl.h"

/* A value that is text: a '$' in it begins nothing. */
static void
preset_text(struct make *m, const char *name, const char *text)
{
	struct str s = { 0 };

	str_add(&s, "");
	for (; *text != '\0'; text++)
		str_addn(&s, *text == '$' ? "$$" : text, *text == '$' ? 2 : 1);
	make_preset(m, name, s.p);
	str_release(&s);
}

void
make_chdir(struct make *m, const char *dir)
{
	m->dir = arena_strdup(&m->arena, dir);
	preset_text(m, ".CURDIR", dir);
}

struct make *
make_new(void)
{
	static const char *const environment[] = { "HOME", "USER" };
	struct make *m = xcalloc(1, sizeof(*m));
	cleanup_free char *cwd = getcwd(NULL, 0);
	const char *value;
	size_t i;

	arena_init(&m->arena);
	m->file = "";
	make_chdir(m, cwd == NULL ? "." : cwd);
	make_preset(m, ".OBJDIR", "${.CURDIR}");
	make_preset(m, ".TARGETS", "");
	make_preset(m, ".newline", "\n");
	make_preset(m, ".MAKE", "smol");
	make_preset(m, "MAKE", "smol");
	make_preset(m, ".MAKE.LEVEL", "0");
	make_preset(m, "MAKE_VERSION", "20200710");
	for (i = 0; i < nitems(environment); i++) {
		value = getenv(environment[i]);
		if (value != NULL)
			preset_text(m, environment[i], value);
	}
	return m;
}

void
make_free(struct make *m)
{
	struct make_var *v;
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; i < MAKE_BUCKETS; i++)
		for (v = m->buckets[i]; v != NULL; v = v->next)
			str_release(&v->value);
	free(m->files);
	free(m->messages);
	arena_release(&m->arena);
	free(m);
}

static struct make_var **
bucket_of(struct make *m, const char *name, size_t len)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return &m->buckets[h % MAKE_BUCKETS];
}

static struct make_var *
var_slot(const struct make *m, const char *name, size_t len)
{
	struct make_var *v;

	for (v = *bucket_of((struct make *)m, name, len); v != NULL; v = v->next)
		if (strncmp(v->name, name, len) == 0 && v->name[len] == '\0')
			return v;
	return NULL;
}

struct make_var *
make_var_find(const struct make *m, const char *name, size_t len)
{
	struct make_var *v = var_slot(m, name, len);

	return v != NULL && v->defined ? v : NULL;
}

/* The variable to assign to, empty if it is new. */
static struct make_var *
var_make(struct make *m, const char *name)
{
	struct make_var *v = var_slot(m, name, strlen(name)), **bucket;

	if (v == NULL) {
		v = arena_alloc(&m->arena, sizeof(*v));
		v->name = arena_strdup(&m->arena, name);
		bucket = bucket_of(m, name, strlen(name));
		v->next = *bucket;
		*bucket = v;
		m->nvars++;
	}
	v->file = m->file;
	v->line = m->line;
	v->defined = true;
	return v;
}

void
make_var_set(struct make *m, const char *name, const char *value, enum make_origin origin)
{
	struct make_var *v = var_make(m, name);
	struct str s = { 0 };

	str_add(&s, value);
	str_release(&v->value);
	v->value = s;
	v->origin = origin;
}

void
make_var_undef(struct make *m, const char *name)
{
	struct make_var *v = make_var_find(m, name, strlen(name));

	if (v != NULL)
		v->defined = false;
}

void
make_preset(struct make *m, const char *name, const char *value)
{
	make_var_set(m, name, value, MAKE_PRESET);
}

void
make_override(struct make *m, const char *name, const char *value)
{
	make_var_set(m, name, value, MAKE_OVERRIDE);
}

int
make_get(struct make *m, struct arena *arena, const char *name, const char **value, struct err *err)
{
	const struct make_var *v = make_var_find(m, name, strlen(name));
	struct str out = { 0 };
	cleanup_free char *text = NULL;
	int rv;

	*value = NULL;
	if (v == NULL)
		return 0;
	m->file = v->file;
	m->line = v->line;
	m->expr_depth = 0;
	/* Through an expression, so that a variable that names itself is seen. */
	text = xmalloc(strlen(name) + 4);
	(void)sprintf(text, "${%s}", name);
	rv = make_expand(m, text, MAKE_EVAL, &out, err);
	if (rv == 0)
		*value = arena_strdup(arena, out.p == NULL ? "" : out.p);
	str_release(&out);
	return rv;
}

const char *
make_where(struct make *m, const char *name)
{
	const struct make_var *v = make_var_find(m, name, strlen(name));

	if (v == NULL)
		return NULL;
	if (v->origin == MAKE_PRESET)
		return "smol";
	if (v->origin == MAKE_OVERRIDE)
		return "the command line";
	return arena_printf(&m->arena, "%s:%u", v->file, v->line);
}

size_t
make_nfiles(const struct make *m)
{
	return m->nfiles;
}

const char *
make_file(const struct make *m, size_t i)
{
	return m->files[i];
}

size_t
make_nmessages(const struct make *m)
{
	return m->nmessages;
}

const char *
make_message(const struct make *m, size_t i)
{
	return m->messages[i];
}

bool
make_name_ok(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && strchr("_.-", name[i]) == NULL)
			return false;
	return len > 0 && !isdigit((unsigned char)name[0]);
}

int
make_charge(struct make *m, size_t bytes, struct err *err)
{
	if (bytes > MAKE_WORK_MAX - m->work)
		return make_error(
		    m, err, "too much to do here: these files ask for more than %d MB of text", MAKE_WORK_MAX >> 20);
	m->work += bytes;
	return m->nvars > MAKE_VARS_MAX ? make_error(m, err, "more than %d variables", MAKE_VARS_MAX) : 0;
}

char *
make_path(const struct make *m, const char *name)
{
	struct str s = { 0 };

	if (name[0] != '/')
		str_addf(&s, "%s/", m->dir);
	str_add(&s, name);
	return s.p;
}

int
make_error(const struct make *m, struct err *err, const char *fmt, ...)
{
	char text[ERR_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* NAME=VALUE of the command line has no line. */
	return m->line == 0 ? err_usage(err, "%s", text) : err_at(err, m->file, m->line, "%s", text);
}
