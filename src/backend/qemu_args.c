/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine → QEMU's argument list.  amd64 and i386 are its "microvm": no PCI,
 * virtio-mmio devices that NetBSD finds by the kernel's command line and
 * Linux, as distributions build it, by ACPI.  aarch64 is its "virt": a device
 * tree, and the same virtio-mmio devices.  What a BIOS is to boot is a "pc",
 * with virtio on its PCI bus.
 *
 * QEMU writes the virtio_mmio.device= arguments itself, in the order in which
 * the devices were plugged; NetBSD numbers disks by it.  Every option is spelled as QEMU 5.0 to 10 all take it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/qemu_impl.h"
#include "base/defs.h"

struct args {
	const char **v;
	size_t n, cap;
	struct arena *arena;
	bool pci;
	bool named_buses;
	size_t nbuses; /* taken so far */
};

static void
add(struct args *a, const char *option, const char *value)
{
	*vec_push(a->v, a->n, a->cap) = option;
	if (value != NULL)
		*vec_push(a->v, a->n, a->cap) = value;
}

/*
 * "virtio-blk-device,...", a virtio-mmio device; on a pc it is
 * "virtio-blk-pci,...".  virt gives the first device the last transport, and
 * systems count from the first; so each is told where it goes.
 */
static void
add_device(struct args *a, const char *device)
{
	const char *tail = strstr(device, "-device");

	if (a->pci)
		device = arena_printf(a->arena, "%.*s-pci%s", (int)(tail - device), device, tail + strlen("-device"));
	else if (a->named_buses)
		device = arena_printf(a->arena, "%s,bus=virtio-mmio-bus.%zu", device, a->nbuses++);
	add(a, "-device", device);
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

/* An unknown version is taken for a new one. */
static bool
is_older(const struct backend_env *env, unsigned version)
{
	return env->version != 0 && env->version < version;
}

bool
qemu_has_acpi(const struct machine *m, const struct backend_env *env)
{
	/* microvm has ACPI from 5.2 on. */
	return !qemu_is_microvm(m) || (m->acpi && !is_older(env, BACKEND_VERSION(5, 2)));
}

static bool
is_x86(const struct machine *m)
{
	return m->bios || qemu_is_microvm(m);
}

static const char *
machine_type(const struct machine *m, const struct backend_env *env)
{
	if (m->bios)
		return "pc";
	if (!qemu_is_microvm(m))
		return env->accel.kind == HOST_ACCEL_KVM ? "virt,gic-version=host" : "virt,gic-version=3";
	return qemu_has_acpi(m, env) ? "microvm,rtc=on,acpi=on,pic=off" : "microvm,rtc=on,acpi=off,pic=off";
}

/*
 * pauth-impdef (from 6.0 on): under TCG pointers are signed by QEMU's own cheap
 * function, not by the architecture's; Linux boots in half the time.
 */
static const char *
cpu_model(const struct machine *m, const struct backend_env *env)
{
	static const char *const models[][2] = {
		[HOST_ACCEL_TCG] = { "max", "max,pauth-impdef=on" },
		[HOST_ACCEL_KVM] = { "host,+invtsc", "host" },
		[HOST_ACCEL_HVF] = { "host", "host" },
		[HOST_ACCEL_NVMM] = { "host,+invtsc", "host" },
	};

	if (env->accel.kind == HOST_ACCEL_TCG && is_older(env, BACKEND_VERSION(6, 0)))
		return "max";
	return models[env->accel.kind][is_x86(m) ? 0 : 1];
}

/* The firmware that microvm has of itself in 9.0 and 9.1 crashes on PVH kernels. */
static void
add_firmware(struct args *a, const struct machine *m, const struct backend_env *env)
{
	if (!qemu_is_microvm(m) || env->version < BACKEND_VERSION(9, 0) || env->version >= BACKEND_VERSION(9, 2))
		return;
	if (env->firmware_dir != NULL)
		add(a, "-L", env->firmware_dir);
	add(a, "-bios", "bios-microvm.bin");
}

static void
add_machine(struct args *a, const struct machine *m, const struct backend_env *env, const char *cmdline)
{
	add(a, "-name", m->name);
	add(a, "-nodefaults", NULL);
	add(a, "-no-user-config", NULL);
	add(a, "-M", machine_type(m, env));
	add(a, "-accel", host_accel_name(env->accel.kind));
	add(a, "-cpu", cpu_model(m, env));
	add(a, "-smp", arena_printf(a->arena, "%u", m->cpus));
	add(a, "-m", arena_printf(a->arena, "%" PRIu64 "M", m->mem_bytes >> 20));
	add_firmware(a, m, env);
	if (!m->bios) {
		add(a, "-kernel", m->kernel);
		if (m->initrd != NULL)
			add(a, "-initrd", m->initrd);
		add(a, "-append", cmdline);
		add(a, "-global", "virtio-mmio.force-legacy=false");
	}
	/* Lost ticks are made up for in a clock that only x86 has. */
	add(a, "-rtc", is_x86(m) ? "base=utc,clock=host,driftfix=slew" : "base=utc,clock=host");
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
			"if=none,id=disk%zu,format=raw,file.driver=file,file.filename=%s,file.locking=%s%s", i,
			quoted(a->arena, d->path), d->unlocked ? "off" : "on",
			d->read_only ? ",read-only=on"
			: d->persist ? ""
				     : ",snapshot=on"));
		add_device(a,
		    arena_printf(a->arena, "virtio-blk-device,drive=disk%zu%s", i, d->unlocked ? ",share-rw=on" : ""));
	}
}

static void
add_user_nic(struct args *a, const struct machine *m)
{
	struct str s = { 0 };
	size_t i;

	if (m->nic.kind == MACHINE_NIC_NONE)
		return;
	str_add(&s, m->nic.restricted ? "user,id=net0,ipv6=off,restrict=on" : "user,id=net0,ipv6=off");
	for (i = 0; i < m->nic.nforwards; i++) {
		const struct machine_forward *f = &m->nic.forwards[i];

		str_addf(&s, ",hostfwd=%s:%s:%u-%s:%u", f->udp ? "udp" : "tcp", f->host_addr, f->host_port,
		    f->guest_addr, f->guest_port);
	}
	add(a, "-netdev", arena_strdup(a->arena, s.p));
	str_release(&s);
	add_device(a, "virtio-net-device,netdev=net0");
}

/* One that is named is ready; else QEMU makes one, and its script (qemu-ifup) puts it on a bridge. */
static void
add_taps(struct args *a, const struct machine *m)
{
	size_t i;

	for (i = 0; i < m->ntaps; i++) {
		const char *name = m->taps[i].interface;

		add(a, "-netdev",
		    name == NULL || *name == '\0'
			? arena_printf(a->arena, "tap,id=tap%zu", i)
			: arena_printf(a->arena, "tap,id=tap%zu,ifname=%s,script=no,downscript=no", i, name));
		add_device(a, arena_printf(a->arena, "virtio-net-device,netdev=tap%zu", i));
	}
}

/* Owners are the host's; where a share spans file systems, inode numbers are kept apart. */
static void
add_shares(struct args *a, const struct machine *m)
{
	size_t i;

	for (i = 0; i < m->nshares; i++) {
		const struct machine_share *s = &m->shares[i];

		add(a, "-fsdev",
		    arena_printf(a->arena, "local,id=share%zu,path=%s,security_model=none,multidevs=remap%s", i,
			quoted(a->arena, s->path), s->read_only ? ",readonly=on" : ""));
		add_device(a, arena_printf(a->arena, "virtio-9p-device,fsdev=share%zu,mount_tag=%s", i,
				  quoted(a->arena, s->tag)));
	}
}

static void
add_fwcfg(struct args *a, const struct machine *m)
{
	size_t i;

	for (i = 0; i < m->nfwcfg; i++) {
		const struct machine_fwcfg *f = &m->fwcfg[i];

		add(a, "-fw_cfg",
		    arena_printf(a->arena, "name=%s,%s=%s", quoted(a->arena, f->name),
			f->file != NULL ? "file" : "string", quoted(a->arena, f->file != NULL ? f->file : f->text)));
	}
}

/*
 * QEMU keeps port 0 for a console.  The numbers are written out, so that port 1
 * is ttyVI01 also where the console is a serial line and there is no port 0.
 */
static void
add_ports(struct args *a, const struct machine *m, const struct backend_env *env)
{
	const char *path;
	size_t nr;

	for (nr = 1; nr <= m->nports; nr++) {
		path = m->ports[nr - 1].socket;
		if (nr <= env->nports)
			add(a, "-chardev",
			    arena_printf(a->arena, "socket,id=port%zu,fd=%d", nr, env->port_fds[nr - 1]));
		else if (path != NULL)
			add(a, "-chardev",
			    arena_printf(
				a->arena, "socket,id=port%zu,path=%s,server=on,wait=off", nr, quoted(a->arena, path)));
		else
			add(a, "-chardev", arena_printf(a->arena, "null,id=port%zu", nr));
		add(a, "-device",
		    arena_printf(a->arena, "virtconsole,chardev=port%zu,name=port%zu,nr=%zu", nr, nr, nr));
	}
}

/* Without a console_fd the user runs it by hand: the same keys as QEMU's own -nographic. */
static void
add_consoles(struct args *a, const struct machine *m, const struct backend_env *env)
{
	bool viocon = m->console == MACHINE_CONSOLE_VIOCON;

	add(a, "-chardev",
	    env->console_fd < 0 ? "stdio,id=console,mux=on,signal=off"
				: arena_printf(a->arena, "socket,id=console,fd=%d", env->console_fd));
	if (viocon || m->nports > 0)
		add_device(a, arena_printf(a->arena, "virtio-serial-device,max_ports=%zu", m->nports + 1));
	if (viocon)
		add(a, "-device", "virtconsole,chardev=console,name=console");
	else
		add(a, "-serial", "chardev:console");
	add_ports(a, m, env);
}

static void
add_control(struct args *a, const struct machine *m, const struct backend_env *env)
{
	if (m->qmp != NULL)
		add(a, "-qmp", arena_printf(a->arena, "tcp:%s,server=on,wait=off", m->qmp));
	if (m->pidfile != NULL)
		add(a, "-pidfile", m->pidfile);
	if (env->control_fd < 0)
		return;
	add(a, "-chardev", arena_printf(a->arena, "socket,id=control,fd=%d", env->control_fd));
	add(a, "-mon", "chardev=control,mode=control");
	add(a, "-S", NULL);
}

const char *const *
qemu_argv(const struct machine *m, const struct backend_env *env, struct arena *arena, struct err *err)
{
	struct args a = { .arena = arena, .pci = m->bios, .named_buses = !is_x86(m) };
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
	add_user_nic(&a, m);
	add_taps(&a, m);
	add_shares(&a, m);
	if (m->balloon)
		add_device(&a, "virtio-balloon-device");
	add_fwcfg(&a, m);
	/* On its PCI bus, which microvm does not have. */
	if (!qemu_is_microvm(m))
		add(&a, "-device", "virtio-rng-pci");
	add_consoles(&a, m, env);
	add_control(&a, m, env);
	for (i = 0; i < m->nqemu_args; i++)
		add(&a, m->qemu_args[i], NULL);
	argv = arena_calloc(arena, a.n + 1, sizeof(*argv));
	memcpy(argv, a.v, a.n * sizeof(*argv));
	free(a.v);
	return argv;
}
