/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A service directory, its make files and NAME=VALUE into a struct service.
 */
#include "service/service.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"
#include "host/host.h"
#include "service/make.h"
#include "service/refuse.h"
#include "service/service_impl.h"

static const struct {
	const char *arch, *machine, *setsext, *live;
} arches[] = {
	{ "amd64", "x86_64", "tar.xz", "images/NetBSD-*-amd64-live.img.gz" },
	{ "i386", "i386", "tgz", "images/NetBSD-*-i386-live.img.gz" },
	{ "evbarm-aarch64", "aarch64", "tar.xz", "evbarm-aarch64/binary/gzimg/arm64.img.gz" },
};

/* Where from: the environment may say so too. */
static const char *const places[] = { "DIST", "KDIST", "PKGSITE" };

/* --- what the command line says --- */

static int
give(struct service_loader *l, const char *name, const char *value)
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
give_arguments(struct service_loader *l)
{
	const struct service_var options[] = { { "ARCH", l->req->arch }, { "IMGTAG", l->req->tag },
		{ "FS", l->req->fs }, { "ROOTDIR", l->req->root_dir } };
	const char *arg, *equal;
	size_t i;

	l->s->given = arena_calloc(l->arena, l->req->nvars + nitems(options), sizeof(*l->s->given));
	for (i = 0; i < nitems(options); i++)
		if (options[i].value != NULL && give(l, options[i].name, options[i].value) < 0)
			return -1;
	for (i = 0; i < l->req->nvars; i++) {
		arg = l->req->vars[i];
		equal = strchr(arg, '=');
		if (equal == NULL || !make_name_ok(arg, (size_t)(equal - arg)))
			return err_usage(l->err, "bad argument '%s': want NAME=VALUE, as in IMGSIZE=256", arg);
		arg = arena_strndup(l->arena, arg, (size_t)(equal - arg));
		if (strcmp(arg, "SERVICE") == 0 && l->req->name != NULL && strcmp(equal + 1, l->req->name) != 0)
			return err_usage(l->err, "SERVICE is given as '%s' and as '%s'", equal + 1, l->req->name);
		if (give(l, arg, equal + 1) < 0)
			return -1;
	}
	if (l->req->name != NULL)
		make_override(l->m, "SERVICE", l->req->name);
	return 0;
}

/* ARCH, MACHINE and SETSEXT, which options.mk may ask about in its conditions. */
static int
preset_arch(struct service_loader *l)
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
		l->live = arches[i].live;
	}
	return 0;
}

static void
preset_places(struct service_loader *l)
{
	const char *value;
	size_t i;

	for (i = 0; i < nitems(places); i++) {
		value = getenv(places[i]);
		if (value != NULL && *value != '\0' && make_where(l->m, places[i]) == NULL)
			make_preset(l->m, places[i], value);
	}
}

/* What make's own Makefile of smolBSD gives after options.mk where nothing else did. */
static int
read_defaults(struct service_loader *l)
{
	const char *text = arena_printf(l->arena,
	    "VERS?=11\n"
	    "PKGVERS?=11.0\n"
	    "DIST?=https://nycdn.netbsd.org/pub/NetBSD-daily/netbsd-${VERS}/latest/${ARCH}/binary\n"
	    "KDIST?=https://smolbsd.org/assets\n"
	    "PKGSITE?=https://cdn.netbsd.org/pub/pkgsrc/packages/NetBSD/${MACHINE}/${PKGVERS}/All\n"
	    "LIVEIMGGZ?=https://nycdn.netbsd.org/pub/NetBSD-daily/HEAD/latest/%s\n"
	    /* An image is there in place of sets, as in a SMOLerfile's FROM; ADDSETS adds to either. */
	    ".if !defined(FROMIMG) || empty(FROMIMG)\n"
	    "SETS?=base.${SETSEXT} etc.${SETSEXT}\n"
	    "IMGSIZE?=512\n"
	    ".endif\n"
	    "BIOSCONSOLE?=com0\n",
	    l->live);

	return make_read_text(l->m, "smol", text, strlen(text), l->err);
}

static int
read_file(struct service_loader *l, const char *name)
{
	const char *path = arena_printf(l->arena, "%s/%s", l->s->dir, name);

	return access(path, F_OK) < 0 ? 0 : make_read(l->m, path, l->err);
}

/* --- all of it --- */

static int
find_dir(struct service_loader *l)
{
	const char *name = l->req->name, *others, *file;
	struct stat st;

	if (strchr(name, '/') != NULL && stat(name, &st) == 0 && S_ISREG(st.st_mode))
		return err_usage(l->err,
		    "'%s': SMOLerfiles are not built yet; what is built is a directory in service/, "
		    "by its name",
		    name);
	if (!workspace_name_ok(name) || strcmp(name, "common") == 0)
		return err_usage(l->err,
		    "bad service name '%s': the name of a directory in service/ is wanted (letters, digits, '_', '.', "
		    "'-', '+')",
		    name);
	l->s->name = name;
	l->s->dir = workspace_service(l->w, l->arena, name);
	if (l->s->dir != NULL)
		return 0;
	file = workspace_smolerfile(l->w, l->arena, name);
	if (file != NULL)
		return err_usage(l->err,
		    "there is no service '%s': %s would make it, and SMOLerfiles are not built yet", name, file);
	others = workspace_services(l->w, l->arena);
	if (*others == '\0')
		return err_usage(l->err, "there is no service '%s': there are none in %s", name,
		    workspace_path(l->w, l->arena, "service"));
	return err_usage(l->err, "there is no service '%s': there are %s", name, others);
}

static int
load(struct service_loader *l)
{
	bool named = l->req->name != NULL;

	if ((named && find_dir(l) < 0) || give_arguments(l) < 0 || preset_arch(l) < 0)
		return -1;
	preset_places(l);
	if (named && (read_file(l, "options.mk") < 0 || read_file(l, "own.mk") < 0))
		return -1;
	if (read_defaults(l) < 0)
		return -1;
	if (named && !l->req->inputs_only && service_refuse(l->arena, l->w, l->s->dir, l->err) < 0)
		return -1;
	if (service_set_values(l) < 0)
		return -1;
	return named ? service_set_files(l) : 0;
}

static void
take_notes(struct service_loader *l)
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
	struct service_loader l = { .arena = arena, .w = w, .req = req, .m = make_new(), .s = s, .err = err };
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
