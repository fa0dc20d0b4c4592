/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU as a backend: which program, and what is refused before it starts.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/qemu_impl.h"
#include "base/defs.h"
#include "base/spawn.h"
#include "base/words.h"

#define MICROVM_SLOTS 8 /* virtio-mmio transports without ACPI */
#define VIRT_SLOTS 32
#define PC_SLOTS 28 /* of PCI, without its bridges and the entropy device */
#define FWCFG_MAX 20 /* of 32; QEMU takes some itself, and aborts beyond */

/* Programs by architecture, the best first. */
static const struct {
	const char *arch, *programs[3];
} known[] = {
	{ "amd64", { "qemu-system-x86_64" } },
	{ "i386", { "qemu-system-i386", "qemu-system-x86_64" } },
	{ "evbarm-aarch64", { "qemu-system-aarch64" } },
};

bool
qemu_is_microvm(const struct machine *m)
{
	return !m->bios && strcmp(m->arch, "evbarm-aarch64") != 0;
}

const char *
qemu_machine_name(const struct machine *m)
{
	return m->bios ? "pc" : qemu_is_microvm(m) ? "microvm" : "virt";
}

static const char *const *
programs(const char *arch, struct err *err)
{
	size_t i;

	for (i = 0; i < nitems(known); i++)
		if (strcmp(arch, known[i].arch) == 0)
			return known[i].programs;
	(void)err_set(err, "QEMU is used for amd64, i386 and evbarm-aarch64, not for %s", arch);
	return NULL;
}

static char *
find_program(const struct machine *m, struct err *err)
{
	const char *wanted = getenv("QEMU"), *const *names = programs(m->arch, err), *const * name;
	char *found;

	if (names == NULL)
		return NULL;
	if (wanted != NULL && *wanted != '\0') {
		found = spawn_find(wanted);
		if (found == NULL)
			(void)err_set(err, "QEMU=%s: no such program", wanted);
		return found;
	}
	for (name = names; *name != NULL; name++) {
		found = spawn_find(*name);
		if (found != NULL)
			return found;
	}
	(void)err_set(
	    err, "there is no %s in PATH; %s, or name it in the variable QEMU", *names, host_qemu_hint(m->arch));
	return NULL;
}

static int
qemu_find(const struct machine *m, struct backend_env *env, struct arena *arena, struct err *err)
{
	cleanup_free char *found = find_program(m, err);

	if (found == NULL)
		return -1;
	env->program = arena_strdup(arena, found);
	/* Where qemu_args.c makes no difference, starting need not wait for the answer. */
	env->version = qemu_is_microvm(m) || env->accel.kind == HOST_ACCEL_TCG ? qemu_version(found) : 0;
	return 0;
}

static int
check_share(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0 || (S_ISDIR(st.st_mode) && access(path, R_OK | X_OK) < 0))
		return err_sys(err, "cannot share the directory '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, "cannot share '%s': it is no directory", path);
	return 0;
}

static int
check_files(const struct machine *m, struct err *err)
{
	size_t i;

	for (i = 0; i < m->ndisks; i++)
		if (m->disks[i].overlay != NULL)
			return err_set(
			    err, "QEMU does not know the overlay '%s'; use '--vmm smol'", m->disks[i].overlay);
	for (i = 0; i < m->ndisks; i++)
		if (access(m->disks[i].path, m->disks[i].persist ? R_OK | W_OK : R_OK) < 0)
			return err_sys(err, "cannot open the disk '%s' %s", m->disks[i].path,
			    m->disks[i].persist ? "for writing" : "for reading");
	if (m->initrd != NULL && access(m->initrd, R_OK) < 0)
		return err_sys(err, "cannot open the initrd '%s'", m->initrd);
	for (i = 0; i < m->nshares; i++)
		if (check_share(m->shares[i].path, err) < 0)
			return -1;
	for (i = 0; i < m->nfwcfg; i++)
		if (m->fwcfg[i].file != NULL && access(m->fwcfg[i].file, R_OK) < 0)
			return err_sys(err, "cannot open '%s', the guest's %s", m->fwcfg[i].file, m->fwcfg[i].name);
	return 0;
}

/* Devices that need a virtio-mmio transport, or a PCI slot. */
static size_t
count_devices(const struct machine *m)
{
	return m->ndisks + (m->nic.kind != MACHINE_NIC_NONE) + m->ntaps + m->nshares + m->balloon +
	       (m->console == MACHINE_CONSOLE_VIOCON || m->nports > 0);
}

static int
qemu_check(const struct machine *m, const struct host_accel *accel, struct err *err)
{
	size_t devices = count_devices(m), slots = m->bios ? PC_SLOTS : qemu_is_microvm(m) ? MICROVM_SLOTS : VIRT_SLOTS;

	(void)accel;
	if (programs(m->arch, err) == NULL)
		return -1;
	if (devices > slots)
		return err_set(err,
		    "QEMU's %s takes %zu devices, this machine has %zu: disks, NICs, shares and a console",
		    qemu_machine_name(m), slots, devices);
	if (m->nic.nallows > 0)
		return err_set(err, "QEMU's restricted network allows nothing; '--vmm smol' has destinations");
	if (m->nfwcfg > FWCFG_MAX)
		return err_set(
		    err, "QEMU takes %d variables and files for the guest, this machine has %zu", FWCFG_MAX, m->nfwcfg);
	return check_files(m, err);
}

static int
qemu_prepare(const struct machine *m, const struct backend_env *env, struct arena *arena, struct backend_start *s,
    struct err *err)
{
	struct backend_command *c = &s->monitor;
	size_t i;

	if (env->console_fd >= 0)
		c->keep[c->nkeep++] = env->console_fd;
	if (env->control_fd >= 0)
		c->keep[c->nkeep++] = env->control_fd;
	for (i = 0; i < env->nports; i++)
		c->keep[c->nkeep++] = env->port_fds[i];
	s->power_button = qemu_has_acpi(m, env);
	c->argv = qemu_argv(m, env, arena, err);
	return c->argv == NULL ? -1 : 0;
}

static int
qemu_show(const struct machine *m, const struct backend_env *env, struct arena *arena, struct str *out, struct err *err)
{
	const char *const *argv = qemu_argv(m, env, arena, err);
	size_t i;

	for (i = 0; argv != NULL && argv[i] != NULL; i++) {
		if (i > 0)
			str_add(out, " ");
		word_quote(argv[i], out);
	}
	str_add(out, "\n");
	return argv == NULL ? -1 : 0;
}

const struct backend_ops backend_qemu = {
	.name = "qemu",
	.find = qemu_find,
	.check = qemu_check,
	.prepare = qemu_prepare,
	.show = qemu_show,
	.explain = qemu_explain,
	.control = &control_qemu,
};
