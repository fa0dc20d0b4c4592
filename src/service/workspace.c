/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding the workspace and the store, and the paths within.
 */
#include "service/workspace.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"

#ifndef SMOL_DATADIR
#define SMOL_DATADIR "/usr/local/share/smol"
#endif

/* The GPT label is NAMEroot, of at most 36 characters. */
#define SERVICE_NAME_MAX 32

static const char *const arches[] = { "amd64", "i386", "evbarm-aarch64" };

static bool
is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The current directory or the nearest above it that holds service/; NULL if none does. */
static const char *
find_root(struct arena *arena)
{
	char *dir, *slash;
	cleanup_free char *cwd = getcwd(NULL, 0);

	if (is_dir("service"))
		return ".";
	if (cwd == NULL || cwd[0] != '/')
		return NULL;
	dir = arena_strdup(arena, cwd);
	while ((slash = strrchr(dir, '/')) != NULL && slash != dir) {
		*slash = '\0';
		if (is_dir(arena_printf(arena, "%s/service", dir)))
			return dir;
	}
	return NULL;
}

static const char *
find_store(struct arena *arena)
{
	const char *dir = getenv("SMOL_HOME");

	if (dir != NULL && *dir != '\0')
		return dir;
	dir = getenv("XDG_DATA_HOME");
	if (dir != NULL && *dir == '/')
		return arena_printf(arena, "%s/smol", dir);
	dir = getenv("HOME");
	return dir != NULL && *dir == '/' ? arena_printf(arena, "%s/.local/share/smol", dir) : NULL;
}

int
workspace_find(struct arena *arena, struct workspace *w, struct err *err)
{
	const char *store = find_store(arena), *datadir = getenv("SMOL_DATADIR");

	*w = (struct workspace){ .root = find_root(arena), .store = store };
	if (w->root != NULL)
		return 0;
	if (store == NULL)
		return err_set(
		    err, "there is no directory service/ here or above, and neither HOME nor SMOL_HOME is set");
	w->root = store;
	w->datadir = datadir != NULL && *datadir != '\0' ? datadir : SMOL_DATADIR;
	return 0;
}

static const char *
join(struct arena *arena, const char *dir, const char *relative)
{
	return strcmp(dir, ".") == 0 ? arena_strdup(arena, relative) : arena_printf(arena, "%s/%s", dir, relative);
}

const char *
workspace_path(const struct workspace *w, struct arena *arena, const char *relative)
{
	return join(arena, w->root, relative);
}

/* In the root, else what ships; NULL if there is none. */
static const char *
root_or_shipped(const struct workspace *w, struct arena *arena, const char *relative)
{
	const char *path = workspace_path(w, arena, relative);

	if (exists(path))
		return path;
	path = w->datadir == NULL ? NULL : join(arena, w->datadir, relative);
	return path != NULL && exists(path) ? path : NULL;
}

const char *
workspace_service(const struct workspace *w, struct arena *arena, const char *name)
{
	const char *path = root_or_shipped(w, arena, arena_printf(arena, "service/%s", name));

	return path != NULL && is_dir(path) ? path : NULL;
}

const char *
workspace_conf(const struct workspace *w, struct arena *arena, const char *name)
{
	return root_or_shipped(w, arena, arena_printf(arena, "etc/%s.conf", name));
}

const char *
workspace_common(const struct workspace *w, struct arena *arena)
{
	return root_or_shipped(w, arena, "service/common");
}

const char *
workspace_smolerfile(const struct workspace *w, struct arena *arena, const char *name)
{
	static const char *const forms[][2] = { { "Dockerfile.", "" }, { "SMOLerfile.", "" }, { "", ".smol" } };
	const char *path = NULL;
	size_t i;

	for (i = 0; i < nitems(forms) && path == NULL; i++)
		path = root_or_shipped(
		    w, arena, arena_printf(arena, "smolerfiles/%s%s%s", forms[i][0], name, forms[i][1]));
	return path;
}

/* In the root, else in the store, else where it should be in the root. */
static const char *
root_or_store(const struct workspace *w, struct arena *arena, const char *relative)
{
	const char *path = workspace_path(w, arena, relative), *other;

	if (exists(path) || w->store == NULL)
		return path;
	other = join(arena, w->store, relative);
	return exists(other) ? other : path;
}

const char *
workspace_set(const struct workspace *w, struct arena *arena, const char *arch, const char *file)
{
	return root_or_store(w, arena, arena_printf(arena, "sets/%s/%s", arch, file));
}

const char *
workspace_package(const struct workspace *w, struct arena *arena, const char *arch, const char *file)
{
	return root_or_store(w, arena, arena_printf(arena, "pkgs/%s/%s", arch, file));
}

const char *
workspace_kernel(const struct workspace *w, struct arena *arena, const char *file)
{
	return root_or_store(w, arena, arena_printf(arena, "kernels/%s", file));
}

const char *
workspace_image(const struct workspace *w, struct arena *arena, const char *service, const char *arch, const char *tag)
{
	bool tagged = tag != NULL && *tag != '\0';

	return workspace_path(
	    w, arena, arena_printf(arena, "images/%s-%s%s%s.img", service, arch, tagged ? ":" : "", tagged ? tag : ""));
}

const char *
workspace_image_named(const struct workspace *w, struct arena *arena, const char *name)
{
	bool whole = str_ends(name, ".img") || strstr(name, ".img.") != NULL;

	return root_or_store(w, arena, arena_printf(arena, "images/%s%s", name, whole ? "" : ".img"));
}

struct names {
	char **v;
	size_t n, cap;
};

static bool
has_name(const struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (strcmp(names->v[i], name) == 0)
			return true;
	return false;
}

static void
add_services(struct arena *arena, const char *root, struct names *names)
{
	const char *dir = join(arena, root, "service");
	DIR *d = opendir(dir);
	const struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (!workspace_name_ok(e->d_name) || strcmp(e->d_name, "common") == 0 || has_name(names, e->d_name) ||
		    !is_dir(arena_printf(arena, "%s/%s", dir, e->d_name)))
			continue;
		*vec_push(names->v, names->n, names->cap) = arena_strdup(arena, e->d_name);
	}
	(void)closedir(d);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *
workspace_services(const struct workspace *w, struct arena *arena)
{
	struct names names = { 0 };
	struct str s = { 0 };
	const char *result;
	size_t i;

	add_services(arena, w->root, &names);
	if (w->datadir != NULL)
		add_services(arena, w->datadir, &names);
	if (names.n > 1)
		qsort(names.v, names.n, sizeof(names.v[0]), by_name);
	str_add(&s, "");
	for (i = 0; i < names.n; i++)
		str_addf(&s, "%s%s", i > 0 ? ", " : "", names.v[i]);
	result = arena_strdup(arena, s.p);
	str_release(&s);
	free(names.v);
	return result;
}

bool
workspace_name_ok(const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && strchr("._-+", name[i]) == NULL)
			return false;
	return len > 0 && len <= SERVICE_NAME_MAX && strchr(".-+", name[0]) == NULL;
}

int
workspace_arch_check(const char *arch, struct err *err)
{
	size_t i;

	for (i = 0; i < nitems(arches); i++)
		if (strcmp(arch, arches[i]) == 0)
			return 0;
	return err_usage(err, "unknown architecture '%s': amd64, i386 and evbarm-aarch64 are known", arch);
}
