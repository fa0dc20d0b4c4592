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

/* A step of the service's own, if the service has what it needs. */
static void
source_step(struct plan *p, enum plan_kind kind, const char *source, const char *path)
{
	struct plan_step *s;

	if (source == NULL)
		return;
	s = add(p, kind);
	s->source = source;
	s->path = path;
	s->mode = 0644;
}

static void
link_step(struct plan *p, const char *path, const char *target, bool optional)
{
	struct plan_step *s = add(p, PLAN_LINK);

	s->path = path;
	s->source = target;
	s->optional = optional;
}

/* Which files these are, and what they need, is found when they are fetched. */
static void
packages_step(struct arena *arena, const struct service *service, struct plan *p)
{
	struct str words = { 0 };
	size_t i;

	for (i = 0; i < service->npackages; i++)
		str_addf(&words, "%s%s", i == 0 ? "" : " ", service->packages[i]);
	source_step(p, PLAN_PACKAGES, words.p == NULL ? NULL : arena_strdup(arena, words.p), NULL);
	str_release(&words);
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

static void
script_steps(struct arena *arena, const struct service *service, struct plan *p)
{
	size_t i;

	/* Which of a family of images this one is. */
	if (service->svcimg != NULL)
		write_step(p, "/etc/svc", arena_printf(arena, "SVCIMG=%s\n", service->svcimg));
	for (i = 0; i < service->nscripts; i++)
		source_step(p, PLAN_SCRIPT, service->scripts[i], NULL);
}

/*
 * MAKEDEV lies in /dev, which becomes a tmpfs over it.  Over ext2 NetBSD
 * cannot lay it as a union: there the script must not try.
 */
static void
makedev_steps(const struct service *service, struct plan *p)
{
	struct plan_step *s = add(p, PLAN_COPY_GLOB);

	s->source = "/dev/MAKEDEV*";
	s->path = "/etc";
	if (service->fs != SERVICE_EXT2)
		return;
	s = add(p, PLAN_CUT);
	s->path = "/dev/MAKEDEV";
	s->text = "-o union";
}

static const char *
fstab(struct arena *arena, const struct plan *p)
{
	const char *access = p->read_only ? "ro" : "rw";

	if (p->fs == SERVICE_EXT2)
		return arena_printf(arena, "NAME=%s / ext2fs %s 1 1\n", p->label, access);
	return arena_printf(arena, "NAME=%s / ffs %s,noatime%s 1 1\n", p->label, access, p->log ? ",log" : "");
}

static void
image_size(const struct service *service, struct plan *p)
{
	if (service->minimize != SERVICE_MINIMIZE_NO) {
		p->free_percent = service->minimize == SERVICE_MINIMIZE_PERCENT ? 10 : 0;
		p->free_bytes = service->minimize_mb * MB;
		return;
	}
	p->bytes = service->image_mb * MB;
	p->bytes_of_image = service->size_of_image;
	p->free_bytes = service->image_mb == SERVICE_SIZE_AUTO && !service->read_only ? AUTO_FREE : 0;
}

static void
image_of(struct arena *arena, const struct workspace *w, const struct service *service, struct plan *p)
{
	p->label = arena_printf(arena, "%sroot", service->name);
	p->image = workspace_image(w, arena, service->name, service->arch, service->tag);
	p->read_only = service->read_only;
	p->fs = service->fs;
	image_size(service, p);
	/* A log in a minimized image would be most of its room; a root that is never written needs none. */
	p->log = p->fs != SERVICE_EXT2 && service->minimize == SERVICE_MINIMIZE_NO && !p->read_only;
}

/* The kernel comes before scripts, which may change it; what boots it last, as nothing may change that. */
static void
kernel_step(struct arena *arena, const struct workspace *w, const struct service *service, struct plan *p)
{
	const char *kernel = service->bios.kernel;
	struct plan_step *s;

	if (!service->bios.boot || (kernel == NULL && !service->bios.smolify))
		return;
	s = add(p, PLAN_KERNEL);
	if (kernel != NULL)
		s->source = strchr(kernel, '/') == NULL ? workspace_kernel(w, arena, kernel)
			    : *kernel == '/'		? kernel
							: workspace_path(w, arena, kernel);
	s->path = "/netbsd";
	s->mode = 0755;
	s->text = service->bios.smolify ? "trimmed" : NULL;
}

static void
boot_steps(struct arena *arena, const struct workspace *w, const struct service *service, struct plan *p)
{
	const struct service_bios *b = &service->bios;
	struct plan_step *s;

	if (!b->boot)
		return;
	s = add(p, PLAN_BOOT);
	s->source = b->set == NULL ? NULL : workspace_set(w, arena, service->arch, b->set);
	s->path = "/boot";
	s->mode = 0644;
	s->text = b->console;
	write_step(p, "/boot.cfg", arena_printf(arena, "timeout=0\nconsdev=%s\n", b->console));
}

void
plan_make(struct arena *arena, const struct workspace *w, const struct service *service, struct plan *p)
{
	static const char *const dirs[] = { "/sbin", "/bin", "/dev", "/etc/include" };
	size_t i;

	*p = (struct plan){ .service = service, .workspace = w };
	p->steps = arena_calloc(arena, service->nsets + service->nscripts + 32, sizeof(*p->steps));
	image_of(arena, w, service, p);

	source_step(p, PLAN_IMAGE, service->from_image, NULL);
	packages_step(arena, service, p);
	set_steps(arena, w, service, p);
	source_step(p, PLAN_DIR, service->base_dir, "/");
	for (i = 0; i < nitems(dirs); i++)
		mkdir_step(p, dirs[i]);
	write_step(p, "/etc/fstab", fstab(arena, p));
	source_step(p, PLAN_DIR, service->root_dir, "/");
	source_step(p, PLAN_DIR, service->etc_dir, "/etc");
	source_step(p, PLAN_DIR, service->common_dir, "/etc/include");
	source_step(p, PLAN_DIR, service->packages_dir, "/packages");
	source_step(p, PLAN_SSH_KEYS, service->ssh_keys, "/etc/ssh/authorized_keys");
	kernel_step(arena, w, service, p);
	if (strcmp(service->name, "rescue") == 0)
		rescue_steps(p);
	source_step(p, PLAN_MTREE, service->mtree, NULL);
	script_steps(arena, service, p);
	makedev_steps(service, p);
	write_step(p, "/etc/pkgvers", arena_printf(arena, "PKGVERS=%s\n", service->pkgvers));
	source_step(p, PLAN_SCRIPT, service->curlsh, NULL);
	mkdir_step(p, "/var/qemufwcfg");
	boot_steps(arena, w, service, p);
	/* Last: what the others brought is known, and what they read was there. */
	if (service->sailor != NULL)
		source_step(p, PLAN_MINIMISE, service->sailor->path, NULL);
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
	case PLAN_IMAGE:
		str_addf(out, "from %s", s->source);
		break;
	case PLAN_PACKAGES:
		str_addf(out, "packages %s", s->source);
		break;
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
	case PLAN_CUT:
		str_addf(out, "cut %s ", s->path);
		print_quoted(s->text, out);
		break;
	case PLAN_MTREE:
		str_addf(out, "mtree %s", s->source);
		break;
	case PLAN_SSH_KEYS:
		str_addf(out, "ssh-keys %s to %s", s->source, s->path);
		break;
	case PLAN_KERNEL:
		str_addf(out, "kernel %s to %s%s%s", s->source == NULL ? "of the sets" : s->source, s->path,
		    s->text == NULL ? "" : " ", s->text == NULL ? "" : s->text);
		break;
	case PLAN_BOOT:
		str_addf(
		    out, "boot %s to %s console %s", s->source == NULL ? "/usr/mdec" : s->source, s->path, s->text);
		break;
	case PLAN_SCRIPT:
		str_addf(out, "script %s", s->source);
		break;
	case PLAN_MINIMISE:
		str_addf(out, "minimise by %s", s->source);
		break;
	}
}

void
plan_print(const struct plan *p, struct str *out)
{
	static const char *const fs_names[] = { "ffs 1", "ffs 2", "ext2" };
	size_t i;

	for (i = 0; i < p->nsteps; i++) {
		plan_step_print(&p->steps[i], out);
		str_add(out, "\n");
	}
	str_addf(out, "image %s gpt %s %s size ", p->image, p->label, fs_names[p->fs]);
	if (p->bytes != 0)
		str_addf(out, "%" PRIu64 "M", p->bytes / MB);
	else
		str_add(out, "auto");
	if (p->bytes_of_image)
		str_add(out, " or as that image");
	if (p->free_bytes != 0)
		str_addf(out, " free %" PRIu64 "M", p->free_bytes / MB);
	if (p->free_percent != 0)
		str_addf(out, " free %u%%", p->free_percent);
	str_addf(out, "%s%s%s\n", p->log ? " log" : "", p->read_only ? " read-only" : "",
	    p->service->bios.boot ? " bios" : "");
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
