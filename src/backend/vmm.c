/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-vmm as a backend: where it is, and what is refused before it starts.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/vmm_impl.h"
#include "base/defs.h"
#include "base/spawn.h"

const char *
vmm_program(const char *name, const char *variable, struct arena *arena, struct err *err)
{
	const char *wanted = getenv(variable), *path;
	cleanup_free char *beside = NULL, *found = NULL;

	if (wanted != NULL && *wanted != '\0') {
		found = spawn_find(wanted);
		if (found == NULL)
			(void)err_set(err, "%s=%s: no such program", variable, wanted);
		return found == NULL ? NULL : arena_strdup(arena, found);
	}
	beside = host_program_dir();
	path = beside == NULL ? NULL : arena_printf(arena, "%s/%s", beside, name);
	if (path != NULL && access(path, X_OK) == 0)
		return path;
	found = spawn_find(name);
	if (found == NULL)
		(void)err_set(
		    err, "there is no %s beside smol, nor in PATH; name it in the variable %s", name, variable);
	return found == NULL ? NULL : arena_strdup(arena, found);
}

static int
vmm_find(const struct machine *m, struct backend_env *env, struct arena *arena, struct err *err)
{
	env->program = vmm_program("smol-vmm", "SMOL_VMM", arena, err);
	if (env->program == NULL)
		return -1;
	return m->nic.kind == MACHINE_NIC_NONE || vmm_program("smol-net", "SMOL_NET", arena, err) != NULL ? 0 : -1;
}

static int
check_counts(const struct machine *m, struct err *err)
{
	size_t nics = (m->nic.kind != MACHINE_NIC_NONE) + m->ntaps;
	size_t devices = 2 + m->ndisks + nics + m->nshares + m->balloon;

	if (m->cpus > VMM_CPUS_MAX)
		return err_set(err, "smol-vmm takes %d CPUs; '--vmm qemu' takes more", VMM_CPUS_MAX);
	if (m->mem_bytes > VMM_MEM_MAX)
		return err_set(err, "smol-vmm takes 64 GiB of memory; '--vmm qemu' takes more");
	if (nics > VMM_NETS_MAX || m->nshares > VMM_SHARES_MAX)
		return err_set(err, "smol-vmm takes %d NICs and %d shares, this machine has %zu and %zu", VMM_NETS_MAX,
		    VMM_SHARES_MAX, nics, m->nshares);
	if (devices > VMM_DEVICES_MAX)
		return err_set(err,
		    "smol-vmm takes %d devices, this machine has %zu: disks, NICs, shares, a console, entropy",
		    VMM_DEVICES_MAX, devices);
	if (m->nfwcfg > VMM_FWCFG_MAX)
		return err_set(err, "smol-vmm takes %d variables and files for the guest, this machine has %zu",
		    VMM_FWCFG_MAX, m->nfwcfg);
	return 0;
}

static int
vmm_check(const struct machine *m, const struct host_accel *accel, struct err *err)
{
	if (strcmp(m->arch, "amd64") != 0 && strcmp(m->arch, "i386") != 0)
		return err_set(err, "smol-vmm runs amd64 and i386 guests; '--vmm qemu' runs %s", m->arch);
	if (accel->kind != HOST_ACCEL_KVM)
		return err_set(err, "smol-vmm needs KVM (%s); '--vmm qemu' can do without", accel->reason);
	if (m->bios)
		return err_set(err, "smol-vmm has no BIOS; '--vmm qemu' has one");
	if (m->qmp != NULL)
		return err_set(err, "smol-vmm does not speak QMP; '--vmm qemu' does");
	if (m->nqemu_args > 0)
		return err_set(err, "'%s' is an argument for QEMU: use '--vmm qemu'", m->qemu_args[0]);
	return check_counts(m, err);
}

/* Its one line, or smol-net's, without the name. */
static int
vmm_explain(const struct machine *m, const char *output, struct err *err)
{
	(void)m;
	if (str_starts(output, "smol-vmm: ") || str_starts(output, "smol-net: "))
		output += strlen("smol-vmm: ");
	return err_set(err, "%.*s", (int)strcspn(output, "\n"), output);
}

const struct backend_ops backend_vmm = {
	.name = "smol",
	.find = vmm_find,
	.check = vmm_check,
	.prepare = vmm_prepare,
	.show = vmm_show,
	.explain = vmm_explain,
	.control = &control_vmm,
	.nonblocking = true,
	.all_ports = true,
};
