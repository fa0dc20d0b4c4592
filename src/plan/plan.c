/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an image holds, step by step, in the order smolBSD's mkimg.sh has it.
 */
#include "plan/plan.h"

#include <inttypes.h>
#include <string.h>

#include "base/defs.h"

#define MB (UINT64_C(1) << 20)
/* What a guest that may write finds free in an image of IMGSIZE=auto. */
#define AUTO_FREE (16 * MB)

static struct plan_step *
add(struct plan *p, enum plan_kind kind)
{
	struct plan_step *s = &p->steps[p->nsteps++];

	s->kind = kind;
	return s;
}

static void
mkdir_step(struct plan *p, const char *path)
{
	struct plan_step *s = add(p, PLAN_MKDIR);

	s->path = path;
	s->mode = 0755;
}

static void
write_step(struct plan *p, const char *path, const char *text)
{
	struct plan_step *s = add(p, PLAN_WRITE);

	s->path = path;
	s->text = text;
	s->mode = 0644;
}

static void
dir_step(struct plan *p, const char *source, const char *path)
{
	struct plan_step *s;

	if (source == NULL)
		return;
	s = add(p, PLAN_DIR);
	s->source = source;
	s->path = path;
}

static void
link_step(struct plan *p, const char *path, const char *target, bool optional)
{
	struct plan_step *s = add(p, PLAN_LINK);

	s->path = path;
	s->source = target;
	s->optional = optional;
}

static void
set_steps(struct arena *arena, const struct workspace *w, const struct service *service, struct plan *p)
{
	const struct service_set *set;
	struct plan_step *s;
	size_t i;

	for (i = 0; i < service->nsets; i++) {
		set = &service->sets[i];
		s = add(p, PLAN_SET);
		if (strchr(set->file, '/') == NULL)
			s->source = workspace_set(w, arena, service->arch, set->file);
		else
			s->source = set->file[0] == '/' ? set->file : workspace_path(w, arena, set->file);
		s->glob = set->glob;
	}
}

static void
rescue_steps(struct plan *p)
{
	/* The second is for a root on ext2, which smolBSD makes on Linux. */
	link_step(p, "/sbin/init", "/rescue/init", false);
	link_step(p, "/sbin/mount_ext2fs", "/rescue/mount_ext2fs", true);
	link_step(p, "/bin/sh", "/rescue/sh", false);
}

void
plan_make(struct arena *arena, const struct workspace *w, const struct service *service, struct plan *p)
{
	static const char *const dirs[] = { "/sbin", "/bin", "/dev", "/etc/include" };
	struct plan_step *s;
	size_t i;

	*p = (struct plan){ .service = service, .workspace = w };
	p->steps = arena_calloc(arena, service->nsets + 32, sizeof(*p->steps));
	p->label = arena_printf(arena, "%sroot", service->name);
	p->image = workspace_image(w, arena, service->name, service->arch, service->tag);
	p->read_only = service->read_only;
	p->bytes = service->image_mb * MB;
	p->free_bytes = service->image_mb == SERVICE_SIZE_AUTO && !service->read_only ? AUTO_FREE : 0;

	set_steps(arena, w, service, p);
	for (i = 0; i < nitems(dirs); i++)
		mkdir_step(p, dirs[i]);
	write_step(p, "/etc/fstab",
	    arena_printf(arena, "NAME=%s / ffs %s,noatime 1 1\n", p->label, service->read_only ? "ro" : "rw"));
	dir_step(p, service->root_dir, "/");
	dir_step(p, service->etc_dir, "/etc");
	dir_step(p, service->common_dir, "/etc/include");
	if (strcmp(service->name, "rescue") == 0)
		rescue_steps(p);
	s = add(p, PLAN_COPY_GLOB);
	s->source = "/dev/MAKEDEV*";
	s->path = "/etc";
	write_step(p, "/etc/pkgvers", arena_printf(arena, "PKGVERS=%s\n", service->pkgvers));
	mkdir_step(p, "/var/qemufwcfg");
}

/* In double quotes, on one line. */
static void
print_quoted(const char *text, struct str *out)
{
	str_add(out, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			str_add(out, "\\n");
		else if (*text == '"' || *text == '\\')
			str_addf(out, "\\%c", *text);
		else
			str_addn(out, text, 1);
	}
	str_add(out, "\"");
}

void
plan_step_print(const struct plan_step *s, struct str *out)
{
	switch (s->kind) {
	case PLAN_SET:
		str_addf(out, "set %s", s->source);
		if (s->glob != NULL)
			str_addf(out, " only %s", s->glob);
		break;
	case PLAN_MKDIR:
		str_addf(out, "mkdir %s %04" PRIo32, s->path, s->mode);
		break;
	case PLAN_WRITE:
		str_addf(out, "write %s %04" PRIo32 " ", s->path, s->mode);
		print_quoted(s->text, out);
		break;
	case PLAN_DIR:
		str_addf(out, "dir %s over %s", s->source, s->path);
		break;
	case PLAN_LINK:
		str_addf(out, "link %s to %s%s", s->path, s->source, s->optional ? " if there" : "");
		break;
	case PLAN_COPY_GLOB:
		str_addf(out, "copy %s to %s", s->source, s->path);
		break;
	}
}

void
plan_print(const struct plan *p, struct str *out)
{
	size_t i;

	for (i = 0; i < p->nsteps; i++) {
		plan_step_print(&p->steps[i], out);
		str_add(out, "\n");
	}
	str_addf(out, "image %s gpt %s ffs 1 size ", p->image, p->label);
	if (p->bytes != 0)
		str_addf(out, "%" PRIu64 "M", p->bytes / MB);
	else
		str_add(out, "auto");
	if (p->free_bytes != 0)
		str_addf(out, " free %" PRIu64 "M", p->free_bytes / MB);
	str_addf(out, "%s\n", p->read_only ? " read-only" : "");
}

const char *
plan_relative(const struct plan *p, const char *path)
{
	const char *const dirs[] = { p->workspace->root, p->workspace->datadir, p->workspace->store };
	size_t i, len;

	for (i = 0; i < nitems(dirs); i++) {
		len = dirs[i] == NULL ? 0 : strlen(dirs[i]);
		if (len > 0 && strncmp(path, dirs[i], len) == 0 && path[len] == '/')
			return path + len + 1;
	}
	return path;
}

const char *
plan_set_url(struct arena *arena, const struct service *service, const char *archive)
{
	const char *slash = strrchr(archive, '/');

	if (service->sets_url == NULL)
		return NULL;
	return arena_printf(arena, "%s/%s", service->sets_url, slash == NULL ? archive : slash + 1);
}
