/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies in the service's directory, into struct service.
 */
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"
#include "service/service_impl.h"

static const char *
if_dir(const char *path)
{
	struct stat st;

	return path != NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? path : NULL;
}

static int
set_dirs(struct service_loader *l)
{
	struct service *s = l->s;

	s->root_dir = if_dir(arena_printf(l->arena, "%s/root", s->dir));
	s->etc_dir = if_dir(arena_printf(l->arena, "%s/etc", s->dir));
	s->packages_dir = if_dir(arena_printf(l->arena, "%s/packages", s->dir));
	s->common_dir = if_dir(workspace_common(l->w, l->arena));
	s->mtree = arena_printf(l->arena, "%s/mtree", s->dir);
	if (access(s->mtree, F_OK) < 0)
		s->mtree = NULL;
	if (s->base_dir == NULL)
		return 0;
	/* An argument's path is the user's, that of a file the workspace's. */
	if (s->base_dir[0] != '/' && strcmp(make_where(l->m, "ROOTDIR"), "the command line") != 0)
		s->base_dir = workspace_path(l->w, l->arena, s->base_dir);
	return if_dir(s->base_dir) != NULL
		   ? 0
		   : service_bad_value(l, "ROOTDIR", "ROOTDIR=%s: there is no such directory", s->base_dir);
}

/* postinst/NAME.sh by name; SVCIMG chooses one. */
static int
set_scripts(struct service_loader *l)
{
	struct service *s = l->s;
	const char **scripts;
	glob_t g;
	size_t i;

	if (service_get(l, "SVCIMG", &s->svcimg) < 0 || service_get(l, "CURLSH", &s->curlsh) < 0)
		return -1;
	/* The directory's own name is no pattern. */
	if (strpbrk(s->dir, "*?[\\") != NULL)
		return err_set(l->err, "%s: a directory with such a name is not understood", s->dir);
	if (glob(arena_printf(l->arena, "%s/postinst/*.sh", s->dir), 0, NULL, &g) != 0)
		g = (glob_t){ 0 };
	s->scripts = scripts = arena_calloc(l->arena, g.gl_pathc + 1, sizeof(*scripts));
	for (i = 0; i < g.gl_pathc; i++) {
		if (s->svcimg != NULL &&
		    strcmp(strrchr(g.gl_pathv[i], '/') + 1, arena_printf(l->arena, "%s.sh", s->svcimg)) != 0)
			continue;
		scripts[s->nscripts++] = arena_strdup(l->arena, g.gl_pathv[i]);
	}
	if (g.gl_pathv != NULL)
		globfree(&g);
	if (s->svcimg != NULL && s->nscripts == 0)
		return service_bad_value(
		    l, "SVCIMG", "SVCIMG=%s: there is no %s/postinst/%s.sh", s->svcimg, s->dir, s->svcimg);
	return 0;
}

/* Make's files and sailor.conf, for the manifest; what that one sources lies in service/common. */
static void
set_inputs(struct service_loader *l)
{
	size_t i, n = make_nfiles(l->m);
	const char **files = arena_calloc(l->arena, n + 1, sizeof(*files));

	for (i = 0; i < n; i++)
		if (strcmp(make_file(l->m, i), "smol") != 0)
			files[l->s->nfiles++] = arena_strdup(l->arena, make_file(l->m, i));
	if (l->s->sailor != NULL)
		files[l->s->nfiles++] = l->s->sailor->path;
	l->s->files = files;
}

int
service_set_files(struct service_loader *l)
{
	if (set_dirs(l) < 0 || set_scripts(l) < 0)
		return -1;
	set_inputs(l);
	return 0;
}
