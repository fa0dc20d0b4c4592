/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU: machine → argument list.  amd64 and i386 are its "microvm": virtio-mmio
 * devices found by the kernel's command line, no ACPI, no PCI.
 *
 * QEMU writes the virtio_mmio.device= arguments itself, behind ours, in the
 * order in which the devices were plugged; NetBSD numbers disks by it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/spawn.h"

#define MICROVM_SLOTS 8 /* virtio-mmio transports */

struct args {
	const char **v;
	size_t n, cap;
	struct arena *arena;
};

static void
add(struct args *a, const char *option, const char *value)
{
	*vec_push(a->v, a->n, a->cap) = option;
	if (value != NULL)
		*vec_push(a->v, a->n, a->cap) = value;
}

/* A value inside a comma-separated option: QEMU wants its commas doubled. */
static const char *
quoted(struct arena *arena, const char *s)
{
	char *out = arena_alloc(arena, 2 * strlen(s) + 1), *p = out;

	for (; *s != '\0'; s++) {
		*p++ = *s;
		if (*s == ',')
			*p++ = ',';
	}
	return out;
}

static const char *
qemu_find(const struct machine *m, struct arena *arena, struct err *err)
{
	const char *wanted = getenv("QEMU"), *path;
	cleanup_free char *found = NULL;

	(void)m;
	if (wanted != NULL && *wanted != '\0') {
		found = spawn_find(wanted);
		if (found == NULL)
			(void)err_set(err, "QEMU=%s: no such program", wanted);
	} else {
		found = spawn_find("qemu-system-x86_64");
		if (found == NULL)
			(void)err_set(err,
			    "there is no qemu-system-x86_64 in PATH; %s, or name it in the variable QEMU",
			    host_qemu_hint(m->arch));
	}
	path = found == NULL ? NULL : arena_strdup(arena, found);
	return path;
}

static bool
is_microvm(const struct machine *m)
{
	return strcmp(m->arch, "amd64") == 0 || strcmp(m->arch, "i386") == 0;
}

static int
qemu_check(const struct machine *m, const struct host_accel *accel, struct err *err)
{
	size_t slots = m->ndisks + (m->nic.kind != MACHINE_NIC_NONE) + (m->console == MACHINE_CONSOLE_VIOCON), i;

	(void)accel;
	if (!is_microvm(m))
		return err_set(err, "%s machines cannot be run yet; amd64 and i386 can", m->arch);
	if (slots > MICROVM_SLOTS)
		return err_set(err, "QEMU's microvm takes %d devices, this machine has %zu", MICROVM_SLOTS, slots);
	for (i = 0; i < m->ndisks; i++)
		if (access(m->disks[i].path, m->disks[i].persist ? R_OK | W_OK : R_OK) < 0)
			return err_sys(err, "cannot open the disk '%s' %s", m->disks[i].path,
			    m->disks[i].persist ? "for writing" : "for reading");
	return 0;
}

static void
add_machine(struct args *a, const struct machine *m, const struct backend_env *env, const char *cmdline)
{
	bool tcg = env->accel.kind == HOST_ACCEL_TCG;

	add(a, "-name", m->name);
	add(a, "-nodefaults", NULL);
	add(a, "-no-user-config", NULL);
	add(a, "-M", "microvm,rtc=on,acpi=off,pic=off");
	add(a, "-accel", host_accel_name(env->accel.kind));
	add(a, "-cpu", tcg ? "max" : "host,+invtsc");
	add(a, "-smp", arena_printf(a->arena, "%u", m->cpus));
	add(a, "-m", arena_printf(a->arena, "%" PRIu64 "M", m->mem_bytes >> 20));
	add(a, "-kernel", m->kernel);
	add(a, "-append", cmdline);
	add(a, "-global", "virtio-mmio.force-legacy=false");
	add(a, "-rtc", "base=utc,clock=host,driftfix=slew");
	add(a, "-display", "none");
	add(a, "-no-reboot", NULL);
}

static void
add_disks(struct args *a, const struct machine *m)
{
	size_t i;

	for (i = 0; i < m->ndisks; i++) {
		const struct machine_disk *d = &m->disks[i];

		add(a, "-drive",
		    arena_printf(a->arena,
			"if=none,id=disk%zu,format=raw,file.driver=file,file.filename=%s,file.locking=on%s", i,
			quoted(a->arena, d->path),
			d->read_only ? ",read-only=on"
			: d->persist ? ""
				     : ",snapshot=on"));
		add(a, "-device", arena_printf(a->arena, "virtio-blk-device,drive=disk%zu", i));
	}
}

static void
add_nic(struct args *a, const struct machine *m)
{
	struct str s = { 0 };
	size_t i;

	if (m->nic.kind == MACHINE_NIC_NONE)
		return;
	str_add(&s, "user,id=net0,ipv6=off");
	for (i = 0; i < m->nic.nforwards; i++) {
		const struct machine_forward *f = &m->nic.forwards[i];

		str_addf(&s, ",hostfwd=%s:%s:%u-%s:%u", f->udp ? "udp" : "tcp", f->host_addr, f->host_port,
		    f->guest_addr, f->guest_port);
	}
	add(a, "-netdev", arena_strdup(a->arena, s.p));
	str_release(&s);
	add(a, "-device", "virtio-net-device,netdev=net0");
}

/* Without a console_fd the user runs it by hand: the same keys as QEMU's own -nographic. */
static void
add_channels(struct args *a, const struct machine *m, const struct backend_env *env)
{
	bool alone = env->console_fd < 0;

	add(a, "-chardev",
	    alone ? "stdio,id=console,mux=on,signal=off"
		  : arena_printf(a->arena, "socket,id=console,fd=%d", env->console_fd));
	if (m->console == MACHINE_CONSOLE_VIOCON) {
		add(a, "-device", "virtio-serial-device,max_ports=1");
		add(a, "-device", "virtconsole,chardev=console,name=console");
	} else
		add(a, "-serial", "chardev:console");
	if (alone)
		return;
	add(a, "-chardev", arena_printf(a->arena, "socket,id=control,fd=%d", env->control_fd));
	add(a, "-mon", "chardev=control,mode=control");
	add(a, "-S", NULL);
}

static const char *const *
qemu_argv(const struct machine *m, const struct backend_env *env, struct arena *arena, struct err *err)
{
	struct args a = { .arena = arena };
	struct str cmdline = { 0 };
	const char **argv;
	size_t i;

	if (machine_cmdline(m, &cmdline, err) < 0) {
		str_release(&cmdline);
		return NULL;
	}
	add(&a, env->program, NULL);
	add_machine(&a, m, env, arena_strdup(arena, cmdline.p));
	str_release(&cmdline);
	add_disks(&a, m);
	add_nic(&a, m);
	add_channels(&a, m, env);
	for (i = 0; i < m->nqemu_args; i++)
		add(&a, m->qemu_args[i], NULL);
	argv = arena_calloc(arena, a.n + 1, sizeof(*argv));
	memcpy(argv, a.v, a.n * sizeof(*argv));
	free(a.v);
	return argv;
}

/* The first line that is no warning, without QEMU's own name in front. */
static char *
relevant_line(const char *output)
{
	const char *line, *end, *colon;
	struct str s = { 0 };

	for (line = output; *line != '\0'; line = *end == '\0' ? end : end + 1) {
		end = line + strcspn(line, "\n");
		if (end == line || memmem(line, (size_t)(end - line), "warning:", 8) != NULL)
			continue;
		colon = memmem(line, (size_t)(end - line), ": ", 2);
		if (str_starts(line, "qemu") && colon != NULL)
			line = colon + 2;
		str_addn(&s, line, (size_t)(end - line));
		break;
	}
	return s.p;
}

static int
explain_lock(const struct machine *m, struct err *err)
{
	size_t i;

	for (i = 0; i < m->ndisks; i++)
		if (m->disks[i].persist)
			return err_set(err,
			    "the disk '%s' is in use by another instance; end that one, or leave out --rw",
			    m->disks[i].path);
	return err_set(err, "the disk '%s' is being written by another instance (--rw); end that one first",
	    m->ndisks > 0 ? m->disks[0].path : "");
}

static int
qemu_explain(const struct machine *m, const char *output, struct err *err)
{
	cleanup_free char *line = relevant_line(output);

	if (line == NULL)
		return err_set(err, "it said nothing");
	if (strstr(line, "\" lock") != NULL)
		return explain_lock(m, err);
	if (strstr(line, "Could not set up host forwarding rule") != NULL)
		return err_set(err, "a port of the host could not be taken; choose another with -p (%s)", line);
	return err_set(err, "%s", line);
}

const struct backend_ops backend_qemu = {
	.name = "qemu",
	.find = qemu_find,
	.check = qemu_check,
	.argv = qemu_argv,
	.explain = qemu_explain,
};
