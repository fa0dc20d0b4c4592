/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BIOSBOOT, BIOSCONSOLE, BIOSKERNEL and SMOLIFY: an image that a PC's BIOS
 * boots, with its kernel inside.
 */
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "service/service_impl.h"

#define SPEED_MAX 4000000

/* Of installboot(8), in the order of X86_BP_CONSDEV_* (sys/bootblock.h). */
static const char *const consoles[] = { "pc", "com0", "com1", "com2", "com3", "com0kbd", "com1kbd", "com2kbd",
	"com3kbd" };

static int
yes_or_no(struct service_loader *l, const char *name, bool *yes)
{
	const char *value;

	if (service_get(l, name, &value) < 0)
		return -1;
	*yes = value != NULL && (strcmp(value, "y") == 0 || strcmp(value, "yes") == 0);
	if (value == NULL || *yes || strcmp(value, "n") == 0 || strcmp(value, "no") == 0)
		return 0;
	return service_bad_value(l, name, "bad %s '%.80s': want y or n", name, value);
}

/* "com0", or with its speed "com0,115200", as boot.cfg's consdev takes it. */
static int
set_console(struct service_loader *l)
{
	struct service_bios *b = &l->s->bios;
	const char *comma;
	uint64_t speed;
	size_t len, i;

	if (service_get(l, "BIOSCONSOLE", &b->console) < 0)
		return -1;
	if (b->console == NULL)
		return service_bad_value(l, "BIOSCONSOLE", "BIOSCONSOLE is empty: want pc, or com0");
	comma = strchr(b->console, ',');
	len = comma == NULL ? strlen(b->console) : (size_t)(comma - b->console);
	for (i = 0; i < nitems(consoles); i++)
		if (strlen(consoles[i]) == len && memcmp(consoles[i], b->console, len) == 0)
			break;
	if (i == nitems(consoles) || (i == 0 && comma != NULL))
		return service_bad_value(l, "BIOSCONSOLE",
		    "bad BIOSCONSOLE '%.80s': want pc, com0 to com3, or com0kbd to com3kbd (its keyboard the PC's); of "
		    "a serial line with its speed, as in com0,115200",
		    b->console);
	b->consdev = (unsigned)i;
	if (comma == NULL)
		return 0;
	if (parse_u64(comma + 1, 50, SPEED_MAX, "speed", &speed, l->err) < 0)
		return err_wrap(l->err, "%s: BIOSCONSOLE", make_where(l->m, "BIOSCONSOLE"));
	b->speed = (uint32_t)speed;
	return 0;
}

/* A set of the service's that is of kernels alone. */
static bool
has_kernel_set(const struct service *s)
{
	const char *base;
	size_t i;

	for (i = 0; i < s->nsets; i++) {
		base = strrchr(s->sets[i].file, '/');
		base = base == NULL ? s->sets[i].file : base + 1;
		if (strncmp(base, "kern-", 5) == 0)
			return true;
	}
	return false;
}

/* kernels/NAME, fetched from DIST/kernel where it is missing; a path; or, not named, that of a set kern-NAME. */
static int
set_kernel(struct service_loader *l, const char *dist)
{
	struct service_bios *b = &l->s->bios;

	if (service_get(l, "BIOSKERNEL", &b->kernel) < 0)
		return -1;
	b->kernel_where = b->kernel == NULL ? b->boot_where : arena_strdup(l->arena, make_where(l->m, "BIOSKERNEL"));
	if (b->kernel == NULL && !has_kernel_set(l->s))
		b->kernel = "netbsd-GENERIC";
	if (b->kernel != NULL && (str_ends(b->kernel, "/") || *b->kernel == '.' || strpbrk(b->kernel, " \t") != NULL))
		return service_bad_value(l, "BIOSKERNEL",
		    "bad BIOSKERNEL '%.80s': want the name of a kernel of kernels/, or a path", b->kernel);
	if (dist != NULL)
		b->kernel_url = arena_printf(l->arena, "%s%skernel", dist, str_ends(dist, "/") ? "" : "/");
	return 0;
}

static int
check(struct service_loader *l)
{
	if (strcmp(l->s->arch, "amd64") != 0 && strcmp(l->s->arch, "i386") != 0)
		return service_bad_value(
		    l, "BIOSBOOT", "BIOSBOOT=y: %s machines have no BIOS; amd64 and i386 have", l->s->arch);
	if (l->s->fs == SERVICE_EXT2)
		return service_bad_value(
		    l, "BIOSBOOT", "BIOSBOOT=y: NetBSD's boot blocks have no room on ext2; want FS=ffs1 or ffs2");
	return 0;
}

int
service_set_bios(struct service_loader *l)
{
	struct service_bios *b = &l->s->bios;
	const char *setsext, *dist;

	if (yes_or_no(l, "BIOSBOOT", &b->boot) < 0 || yes_or_no(l, "SMOLIFY", &b->smolify) < 0)
		return -1;
	if (!b->boot)
		return 0;
	b->boot_where = arena_strdup(l->arena, make_where(l->m, "BIOSBOOT"));
	b->smolify_where = b->smolify ? arena_strdup(l->arena, make_where(l->m, "SMOLIFY")) : NULL;
	if (check(l) < 0 || service_get(l, "SETSEXT", &setsext) < 0 || service_get(l, "DIST", &dist) < 0 ||
	    set_console(l) < 0 || set_kernel(l, dist) < 0)
		return -1;
	if (l->s->base_dir == NULL)
		b->set = arena_printf(l->arena, "base.%s", setsext);
	return 0;
}
