/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The variables of a service, each checked, into struct service.
 */
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"
#include "service/service_impl.h"

#define IMAGE_MB_MAX (1024 * 1024)
#define IMAGE_MB_DEFAULT 512
#define TAG_MAX 128

int
service_get(struct service_loader *l, const char *name, const char **value)
{
	if (make_get(l->m, l->arena, name, value, l->err) < 0)
		return -1;
	if (*value != NULL && (*value)[strspn(*value, " \t")] == '\0')
		*value = NULL;
	return 0;
}

static int
set_arch(struct service_loader *l)
{
	if (service_get(l, "ARCH", &l->s->arch) < 0)
		return -1;
	if (l->s->arch == NULL)
		return service_bad_value(l, "ARCH", "ARCH is empty");
	if (workspace_arch_check(l->s->arch, l->err) < 0)
		return err_wrap(l->err, "%s", make_where(l->m, "ARCH"));
	return 0;
}

static int
set_tag(struct service_loader *l)
{
	const char *tag;
	size_t i;

	if (service_get(l, "IMGTAG", &tag) < 0)
		return -1;
	/* smolBSD's IMGTAG brings its colon along. */
	if (tag != NULL && tag[0] == ':')
		tag++;
	if (tag == NULL || *tag == '\0')
		return 0;
	for (i = 0; tag[i] != '\0'; i++)
		if (!isalnum((unsigned char)tag[i]) && (i == 0 || strchr("._-", tag[i]) == NULL) && tag[i] != '_')
			return service_bad_value(l, "IMGTAG", "bad tag '%s': letters, digits, '_', '.' and '-'", tag);
	if (i > TAG_MAX)
		return service_bad_value(l, "IMGTAG", "bad tag '%.40s...': at most %d characters", tag, TAG_MAX);
	l->s->tag = tag;
	return 0;
}

static int
set_size(struct service_loader *l)
{
	const char *size;

	if (service_get(l, "IMGSIZE", &size) < 0)
		return -1;
	if (size == NULL && l->s->from_image != NULL) {
		l->s->image_mb = IMAGE_MB_DEFAULT;
		l->s->size_of_image = true;
		return 0;
	}
	if (size == NULL)
		return service_bad_value(l, "IMGSIZE", "IMGSIZE is empty: want a number of MB, or auto");
	if (strcmp(size, "auto") == 0) {
		l->s->image_mb = SERVICE_SIZE_AUTO;
		return 0;
	}
	if (strspn(size, "0123456789") != strlen(size))
		return service_bad_value(l, "IMGSIZE", "bad IMGSIZE '%s': want a number of MB, or auto", size);
	if (parse_u64(size, 1, IMAGE_MB_MAX, "IMGSIZE", &l->s->image_mb, l->err) < 0)
		return err_wrap(l->err, "%s", make_where(l->m, "IMGSIZE"));
	return 0;
}

/* The words of a variable's value. */
static int
get_words(struct service_loader *l, const char *var, const char *const **words, size_t *n)
{
	const char *value, **v;
	char *list, *word;
	size_t count = 1;

	*words = NULL;
	*n = 0;
	if (service_get(l, var, &value) < 0)
		return -1;
	if (value == NULL)
		return 0;
	for (list = arena_strdup(l->arena, value), word = list; *word != '\0'; word++)
		count += isspace((unsigned char)*word) != 0;
	v = arena_calloc(l->arena, count, sizeof(*v));
	while ((word = strsep(&list, " \t\n")) != NULL)
		if (*word != '\0')
			v[(*n)++] = word;
	*words = v;
	return 0;
}

/* "base" is base.tar.xz; what has an extension of a tar is a file's name already. */
static const char *
set_file(struct service_loader *l, const char *name, const char *setsext)
{
	const char *base = strrchr(name, '/');

	base = base == NULL ? name : base + 1;
	if (strstr(base, ".tar") != NULL || str_ends(base, ".tgz") || str_ends(base, ".txz"))
		return name;
	return arena_printf(l->arena, "%s.%s", name, setsext);
}

static int
add_set(struct service_loader *l, const char *var, const char *word, const char *setsext)
{
	struct service_set *set = &l->s->sets[l->s->nsets];
	const char *colon = strchr(word, ':');
	const char *name = arena_strndup(l->arena, word, colon == NULL ? strlen(word) : (size_t)(colon - word));

	if (*name == '\0' || str_ends(name, "/"))
		return service_bad_value(l, var, "bad set '%s' in %s: want FILE or FILE:GLOB", word, var);
	if (colon != NULL && colon[1] == '\0')
		return service_bad_value(l, var, "bad set '%s' in %s: nothing after the ':'", word, var);
	set->file = set_file(l, name, setsext);
	if (colon != NULL)
		set->glob = colon[1] == '/' ? colon + 1 : arena_printf(l->arena, "/%s", colon + 1);
	l->s->nsets++;
	return 0;
}

static int
add_sets(struct service_loader *l, const char *var, const char *setsext)
{
	const char *const *words;
	size_t n, i;

	if (get_words(l, var, &words, &n) < 0)
		return -1;
	l->s->sets = memcpy(arena_calloc(l->arena, l->s->nsets + n, sizeof(*l->s->sets)),
	    l->s->sets == NULL ? (void *)"" : l->s->sets, l->s->nsets * sizeof(*l->s->sets));
	for (i = 0; i < n; i++)
		if (add_set(l, var, words[i], setsext) < 0)
			return -1;
	return 0;
}

static int
set_sets(struct service_loader *l)
{
	const char *setsext, *dist;

	if (service_get(l, "SETSEXT", &setsext) < 0 || service_get(l, "DIST", &dist) < 0)
		return -1;
	if (setsext == NULL)
		return service_bad_value(l, "SETSEXT", "SETSEXT is empty");
	if (l->s->base_dir == NULL && (add_sets(l, "SETS", setsext) < 0 || add_sets(l, "ADDSETS", setsext) < 0))
		return -1;
	l->s->sets_url = dist == NULL ? NULL : arena_printf(l->arena, "%s%ssets", dist, str_ends(dist, "/") ? "" : "/");
	return 0;
}

static int
set_places(struct service_loader *l)
{
	if (service_get(l, "KDIST", &l->s->kernel_url) < 0 || service_get(l, "PKGSITE", &l->s->packages_url) < 0)
		return -1;
	return service_get(l, "LIVEIMGGZ", &l->s->live_url);
}

/* It asks for what smolBSD builds on NetBSD; that is a root on FFS, which smol makes anywhere. */
static int
check_netbsd_only(struct service_loader *l)
{
	const char *file = arena_printf(l->arena, "%s/NETBSD_ONLY", l->s->dir == NULL ? "." : l->s->dir);

	if (access(file, F_OK) < 0)
		return 0;
	return service_bad_value(l, "FS", "FS=ext2: this service is not built on Linux (%s); leave FS out", file);
}

static int
set_fs(struct service_loader *l)
{
	static const char *const names[] = {
		[SERVICE_FFS1] = "ffs1", [SERVICE_FFS2] = "ffs2", [SERVICE_EXT2] = "ext2"
	};
	const char *fs;
	size_t i;

	if (service_get(l, "FS", &fs) < 0)
		return -1;
	if (fs == NULL || strcmp(fs, "ffs") == 0)
		return 0;
	for (i = 0; i < nitems(names); i++) {
		if (strcmp(names[i], fs) != 0)
			continue;
		l->s->fs = (enum service_fs)i;
		return l->s->fs == SERVICE_EXT2 ? check_netbsd_only(l) : 0;
	}
	return service_bad_value(l, "FS", "bad file system '%s': ffs1, ffs2 and ext2 are known", fs);
}

/* With MINIMIZE a sailor.conf says what stays; to fetch, only its packages matter. */
static int
set_sailor(struct service_loader *l)
{
	struct sailor *s;
	const char *path;

	if (l->s->dir == NULL)
		return 0;
	path = arena_printf(l->arena, "%s/sailor.conf", l->s->dir);
	if (access(path, F_OK) < 0)
		return 0;
	s = arena_alloc(l->arena, sizeof(*s));
	if (sailor_read(l->arena, l->s->dir, path, s, l->err) < 0)
		return -1;
	if (s->refused != NULL && !l->req->inputs_only)
		return err_set(l->err, "%s", s->refused);
	l->s->sailor = s;
	return 0;
}

/* "y": the files and a tenth; "+N", or "N" as smolBSD takes it too: the files and N MB. */
static int
set_minimize(struct service_loader *l)
{
	const char *minimize;

	if (service_get(l, "MINIMIZE", &minimize) < 0)
		return -1;
	if (minimize == NULL || strcmp(minimize, "n") == 0 || strcmp(minimize, "no") == 0)
		return 0;
	if (strcmp(minimize, "y") == 0 || strcmp(minimize, "yes") == 0) {
		l->s->minimize = SERVICE_MINIMIZE_PERCENT;
		return set_sailor(l);
	}
	if (parse_u64(minimize + (*minimize == '+'), 0, IMAGE_MB_MAX, "MINIMIZE", &l->s->minimize_mb, l->err) < 0)
		return service_bad_value(l, "MINIMIZE", "bad MINIMIZE '%s': want y, or +N for N MB of room", minimize);
	l->s->minimize = SERVICE_MINIMIZE_MB;
	return set_sailor(l);
}

static bool
has_word(const char *const *words, size_t n, const char *word)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* What sailor.conf wants beside ADDPKGS. */
static void
add_sailor_packages(struct service_loader *l)
{
	const struct sailor_list *more = &l->s->sailor->packages;
	const char **words = arena_calloc(l->arena, l->s->npackages + more->n, sizeof(*words));
	size_t i, n;

	for (n = 0; n < l->s->npackages; n++)
		words[n] = l->s->packages[n];
	for (i = 0; i < more->n; i++)
		if (!has_word(words, n, more->words[i]))
			words[n++] = more->words[i];
	l->s->packages = words;
	l->s->npackages = n;
}

/* After MINIMIZE. */
static int
set_packages(struct service_loader *l)
{
	size_t i;

	if (get_words(l, "ADDPKGS", &l->s->packages, &l->s->npackages) < 0)
		return -1;
	for (i = 0; i < l->s->npackages; i++)
		if (strchr(l->s->packages[i], '/') != NULL || l->s->packages[i][0] == '.')
			return service_bad_value(l, "ADDPKGS",
			    "bad package '%s': the name of a package is wanted, without a path", l->s->packages[i]);
	if (l->s->sailor != NULL)
		add_sailor_packages(l);
	return 0;
}

static int
set_flags(struct service_loader *l)
{
	const char *mountro;

	if (service_get(l, "MOUNTRO", &mountro) < 0 || service_get(l, "PKGVERS", &l->s->pkgvers) < 0)
		return -1;
	l->s->read_only = mountro != NULL && strcmp(mountro, "y") == 0;
	if (l->s->pkgvers == NULL)
		l->s->pkgvers = "";
	return service_get(l, "SSHKEYS", &l->s->ssh_keys);
}

/* ROOTDIR comes first: with it there are no sets. */
static int
set_base_dir(struct service_loader *l)
{
	const char *dir;

	if (service_get(l, "ROOTDIR", &dir) < 0)
		return -1;
	l->s->base_dir = dir;
	return 0;
}

/* FROMIMG: a name in images/, as smolBSD has it, or a path, if there is a slash in it. */
static int
set_from_image(struct service_loader *l)
{
	const char *image;

	if (service_get(l, "FROMIMG", &image) < 0)
		return -1;
	if (image == NULL)
		return 0;
	if (strchr(image, '/') == NULL)
		image = workspace_image_named(l->w, l->arena, image);
	/* An argument's path is the user's, that of a file the workspace's. */
	else if (image[0] != '/' && strcmp(make_where(l->m, "FROMIMG"), "the command line") != 0)
		image = workspace_path(l->w, l->arena, image);
	l->s->from_image = image;
	return 0;
}

int
service_set_values(struct service_loader *l)
{
	static int (*const setters[])(struct service_loader *) = { set_base_dir, set_from_image, set_arch, set_tag,
		set_size, set_fs, set_minimize, set_sets, set_places, set_packages, set_flags, service_set_bios };
	size_t i;

	for (i = 0; i < nitems(setters); i++)
		if (setters[i](l) < 0)
			return -1;
	return 0;
}
