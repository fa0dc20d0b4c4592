/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A service directory, its make files and NAME=VALUE into a struct service.
 */
#include "service/service.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"
#include "host/host.h"
#include "service/make.h"
#include "service/refuse.h"

#define IMAGE_MB_MAX (1024 * 1024)
#define TAG_MAX 128

static const struct {
	const char *arch, *machine, *setsext;
} arches[] = {
	{ "amd64", "x86_64", "tar.xz" },
	{ "i386", "i386", "tgz" },
	{ "evbarm-aarch64", "aarch64", "tar.xz" },
};

struct loader {
	struct arena *arena;
	const struct workspace *w;
	const struct service_request *req;
	struct make *m;
	struct service *s;
	struct err *err;
};

/* The value of a variable, NULL if not defined or empty. */
static int
get(struct loader *l, const char *name, const char **value)
{
	if (make_get(l->m, l->arena, name, value, l->err) < 0)
		return -1;
	if (*value != NULL && (*value)[strspn(*value, " \t")] == '\0')
		*value = NULL;
	return 0;
}

/* An error about a variable's value, at the place that set it. */
#define bad_value(l, name, ...) (err_usage((l)->err, __VA_ARGS__), err_wrap((l)->err, "%s", make_where((l)->m, name)))

/* --- what the command line says --- */

static int
give(struct loader *l, const char *name, const char *value)
{
	struct service_var *given = (struct service_var *)l->s->given;
	size_t i;

	for (i = 0; i < l->s->ngiven; i++)
		if (strcmp(given[i].name, name) == 0)
			break;
	if (i < l->s->ngiven && strcmp(given[i].value, value) != 0)
		return err_usage(l->err, "%s is given as '%s' and as '%s'", name, given[i].value, value);
	given[i] = (struct service_var){ name, value };
	l->s->ngiven += i == l->s->ngiven;
	make_override(l->m, name, value);
	return 0;
}

static int
give_arguments(struct loader *l)
{
	const char *arg, *equal;
	size_t i;

	l->s->given = arena_calloc(l->arena, l->req->nvars + 2, sizeof(*l->s->given));
	if (l->req->arch != NULL && give(l, "ARCH", l->req->arch) < 0)
		return -1;
	if (l->req->tag != NULL && give(l, "IMGTAG", l->req->tag) < 0)
		return -1;
	for (i = 0; i < l->req->nvars; i++) {
		arg = l->req->vars[i];
		equal = strchr(arg, '=');
		if (equal == NULL || !make_name_ok(arg, (size_t)(equal - arg)))
			return err_usage(l->err, "bad argument '%s': want NAME=VALUE, as in IMGSIZE=256", arg);
		arg = arena_strndup(l->arena, arg, (size_t)(equal - arg));
		if (strcmp(arg, "SERVICE") == 0 && strcmp(equal + 1, l->req->name) != 0)
			return err_usage(l->err, "SERVICE is given as '%s' and as '%s'", equal + 1, l->req->name);
		if (give(l, arg, equal + 1) < 0)
			return -1;
	}
	make_override(l->m, "SERVICE", l->req->name);
	return 0;
}

/* ARCH, MACHINE and SETSEXT, which options.mk may ask about in its conditions. */
static int
preset_arch(struct loader *l)
{
	const char *arch, *environment = getenv("ARCH");
	size_t i;

	if (make_get(l->m, l->arena, "ARCH", &arch, l->err) < 0)
		return -1;
	if (arch == NULL) {
		arch = environment != NULL && *environment != '\0' ? environment : host_arch();
		if (arch == NULL)
			return err_usage(
			    l->err, "this host's architecture is not known: say --arch amd64, i386 or evbarm-aarch64");
	}
	if (workspace_arch_check(arch, l->err) < 0)
		return -1;
	if (make_where(l->m, "ARCH") == NULL)
		make_preset(l->m, "ARCH", arch);
	for (i = 0; i < nitems(arches); i++) {
		if (strcmp(arches[i].arch, arch) != 0)
			continue;
		make_preset(l->m, "MACHINE", arches[i].machine);
		if (make_where(l->m, "SETSEXT") == NULL)
			make_preset(l->m, "SETSEXT", arches[i].setsext);
	}
	return 0;
}

/* What make's own Makefile of smolBSD gives after options.mk where nothing else did. */
static int
read_defaults(struct loader *l)
{
	static const char text[] =
	    "VERS?=11\n"
	    "PKGVERS?=11.0\n"
	    "DIST?=https://nycdn.netbsd.org/pub/NetBSD-daily/netbsd-${VERS}/latest/${ARCH}/binary\n"
	    "SETS?=base.${SETSEXT} etc.${SETSEXT}\n"
	    "IMGSIZE?=512\n";

	return make_read_text(l->m, "smol", text, sizeof(text) - 1, l->err);
}

static int
read_file(struct loader *l, const char *name)
{
	const char *path = arena_printf(l->arena, "%s/%s", l->s->dir, name);

	return access(path, F_OK) < 0 ? 0 : make_read(l->m, path, l->err);
}

/* --- values --- */

static int
set_arch(struct loader *l)
{
	if (get(l, "ARCH", &l->s->arch) < 0)
		return -1;
	if (l->s->arch == NULL)
		return bad_value(l, "ARCH", "ARCH is empty");
	if (workspace_arch_check(l->s->arch, l->err) < 0)
		return err_wrap(l->err, "%s", make_where(l->m, "ARCH"));
	return 0;
}

static int
set_tag(struct loader *l)
{
	const char *tag;
	size_t i;

	if (get(l, "IMGTAG", &tag) < 0)
		return -1;
	/* smolBSD's IMGTAG brings its colon along. */
	if (tag != NULL && tag[0] == ':')
		tag++;
	if (tag == NULL || *tag == '\0')
		return 0;
	for (i = 0; tag[i] != '\0'; i++)
		if (!isalnum((unsigned char)tag[i]) && (i == 0 || strchr("._-", tag[i]) == NULL) && tag[i] != '_')
			return bad_value(l, "IMGTAG", "bad tag '%s': letters, digits, '_', '.' and '-'", tag);
	if (i > TAG_MAX)
		return bad_value(l, "IMGTAG", "bad tag '%.40s...': at most %d characters", tag, TAG_MAX);
	l->s->tag = tag;
	return 0;
}

static int
set_size(struct loader *l)
{
	const char *size;

	if (get(l, "IMGSIZE", &size) < 0)
		return -1;
	if (size == NULL)
		return bad_value(l, "IMGSIZE", "IMGSIZE is empty: want a number of MB, or auto");
	if (strcmp(size, "auto") == 0) {
		l->s->image_mb = SERVICE_SIZE_AUTO;
		return 0;
	}
	if (strspn(size, "0123456789") != strlen(size))
		return bad_value(l, "IMGSIZE", "bad IMGSIZE '%s': want a number of MB, or auto", size);
	if (parse_u64(size, 1, IMAGE_MB_MAX, "IMGSIZE", &l->s->image_mb, l->err) < 0)
		return err_wrap(l->err, "%s", make_where(l->m, "IMGSIZE"));
	return 0;
}

/* "base" is base.tar.xz; what has an extension of a tar is a file's name already. */
static const char *
set_file(struct loader *l, const char *name, const char *setsext)
{
	const char *base = strrchr(name, '/');

	base = base == NULL ? name : base + 1;
	if (strstr(base, ".tar") != NULL || str_ends(base, ".tgz") || str_ends(base, ".txz"))
		return name;
	return arena_printf(l->arena, "%s.%s", name, setsext);
}

static int
add_set(struct loader *l, const char *var, const char *word, const char *setsext)
{
	struct service_set *set = &l->s->sets[l->s->nsets];
	const char *colon = strchr(word, ':');
	const char *name = arena_strndup(l->arena, word, colon == NULL ? strlen(word) : (size_t)(colon - word));

	if (*name == '\0' || str_ends(name, "/"))
		return bad_value(l, var, "bad set '%s' in %s: want FILE or FILE:GLOB", word, var);
	if (colon != NULL && colon[1] == '\0')
		return bad_value(l, var, "bad set '%s' in %s: nothing after the ':'", word, var);
	set->file = set_file(l, name, setsext);
	if (colon != NULL)
		set->glob = colon[1] == '/' ? colon + 1 : arena_printf(l->arena, "/%s", colon + 1);
	l->s->nsets++;
	return 0;
}

static int
add_sets(struct loader *l, const char *var, const char *setsext)
{
	const char *value;
	char *list, *word, *save;
	size_t words = 0;

	if (get(l, var, &value) < 0)
		return -1;
	if (value == NULL)
		return 0;
	list = arena_strdup(l->arena, value);
	for (word = list; *word != '\0'; word++)
		words += !isspace((unsigned char)*word);
	l->s->sets = memcpy(arena_calloc(l->arena, l->s->nsets + words, sizeof(*l->s->sets)),
	    l->s->sets == NULL ? (void *)"" : l->s->sets, l->s->nsets * sizeof(*l->s->sets));
	for (word = strtok_r(list, " \t\n", &save); word != NULL; word = strtok_r(NULL, " \t\n", &save))
		if (add_set(l, var, word, setsext) < 0)
			return -1;
	return 0;
}

static int
set_sets(struct loader *l)
{
	const char *setsext, *dist;

	if (get(l, "SETSEXT", &setsext) < 0 || get(l, "DIST", &dist) < 0)
		return -1;
	if (setsext == NULL)
		return bad_value(l, "SETSEXT", "SETSEXT is empty");
	if (add_sets(l, "SETS", setsext) < 0 || add_sets(l, "ADDSETS", setsext) < 0)
		return -1;
	l->s->sets_url = dist == NULL ? NULL : arena_printf(l->arena, "%s/sets", dist);
	return 0;
}

static int
set_flags(struct loader *l)
{
	const char *mountro;

	if (get(l, "MOUNTRO", &mountro) < 0 || get(l, "PKGVERS", &l->s->pkgvers) < 0)
		return -1;
	l->s->read_only = mountro != NULL && strcmp(mountro, "y") == 0;
	if (l->s->pkgvers == NULL)
		l->s->pkgvers = "";
	return 0;
}

static const char *
if_dir(const char *path)
{
	struct stat st;

	return path != NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? path : NULL;
}

static void
set_dirs(struct loader *l)
{
	const char **files;
	size_t i, n = make_nfiles(l->m);

	l->s->root_dir = if_dir(arena_printf(l->arena, "%s/root", l->s->dir));
	l->s->etc_dir = if_dir(arena_printf(l->arena, "%s/etc", l->s->dir));
	l->s->common_dir = if_dir(workspace_common(l->w, l->arena));
	files = arena_calloc(l->arena, n, sizeof(*files));
	for (i = 0; i < n; i++)
		if (strcmp(make_file(l->m, i), "smol") != 0)
			files[l->s->nfiles++] = arena_strdup(l->arena, make_file(l->m, i));
	l->s->files = files;
}

/* --- all of it --- */

static int
find_dir(struct loader *l)
{
	const char *name = l->req->name, *others;

	if (!workspace_name_ok(name) || strcmp(name, "common") == 0)
		return err_usage(l->err,
		    "bad service name '%s': the name of a directory in service/ is wanted (letters, digits, '_', '.', "
		    "'-', '+')",
		    name);
	l->s->name = name;
	l->s->dir = workspace_service(l->w, l->arena, name);
	if (l->s->dir != NULL)
		return 0;
	others = workspace_services(l->w, l->arena);
	if (*others == '\0')
		return err_usage(l->err, "there is no service '%s': there are none in %s", name,
		    workspace_path(l->w, l->arena, "service"));
	return err_usage(l->err, "there is no service '%s': there are %s", name, others);
}

static int
load(struct loader *l)
{
	if (find_dir(l) < 0 || give_arguments(l) < 0 || preset_arch(l) < 0)
		return -1;
	if (read_file(l, "options.mk") < 0 || read_file(l, "own.mk") < 0 || read_defaults(l) < 0)
		return -1;
	if (service_refuse(l->arena, l->s->dir, l->m, l->err) < 0)
		return -1;
	if (set_arch(l) < 0 || set_tag(l) < 0 || set_size(l) < 0 || set_sets(l) < 0 || set_flags(l) < 0)
		return -1;
	set_dirs(l);
	return 0;
}

static void
take_notes(struct loader *l)
{
	const char **notes = arena_calloc(l->arena, make_nmessages(l->m), sizeof(*notes));
	size_t i;

	for (i = 0; i < make_nmessages(l->m); i++)
		notes[i] = arena_strdup(l->arena, make_message(l->m, i));
	l->s->notes = notes;
	l->s->nnotes = make_nmessages(l->m);
}

int
service_load(struct arena *arena, const struct workspace *w, const struct service_request *req, struct service *s,
    struct err *err)
{
	struct loader l = { .arena = arena, .w = w, .req = req, .m = make_new(), .s = s, .err = err };
	int rv;

	*s = (struct service){ 0 };
	/* As smolBSD's users call it: make SERVICE=NAME build, in the workspace. */
	make_chdir(l.m, w->root);
	make_preset(l.m, ".TARGETS", "build");
	rv = load(&l);
	take_notes(&l);
	make_free(l.m);
	return rv;
}
