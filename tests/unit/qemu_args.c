/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine → QEMU's argument list, against golden files: one machine a row, one
 * argument a line of golden/qemu/NAME.args.  SMOL_UPDATE_GOLDEN=1 writes them.
 * There is a row for each flag of startnb.sh, architecture, accelerator, and
 * version of QEMU that differs.
 */
#include <stdlib.h>

#include "backend/backend.h"
#include "base/defs.h"
#include "base/io.h"
#include "test.h"

static struct machine *m; /* of the row */
static struct arena arena;

static void
add_disk(const char *path)
{
	machine_add_disk(m)->path = path;
}

static void
plain(void)
{
	add_disk("images/rescue-amd64.img");
}

static void
forwards(void)
{
	struct err err;

	add_disk("bozohttpd-amd64:v2.img");
	m->mem_bytes = UINT64_C(1) << 30;
	m->cpus = 4;
	CHECK(machine_forward_parse(m, &arena, "8080:80,127.0.0.1:5353:53/udp,tcp::2222-10.0.2.15:22", &err) == 0);
}

static void
disks(void)
{
	static const char *const extra[] = { "-D", "qemu log" };

	*machine_add_disk(m) = (struct machine_disk){ .path = "a,b.img", .persist = true };
	*machine_add_disk(m) = (struct machine_disk){ .path = "ro.img", .read_only = true };
	add_disk("cow.img");
	m->nic.kind = MACHINE_NIC_NONE;
	m->qemu_args = extra;
	m->nqemu_args = nitems(extra);
}

static void
unlocked(void)
{
	*machine_add_disk(m) = (struct machine_disk){ .path = "shared.img", .persist = true, .unlocked = true };
}

static void
initrd(void)
{
	m->initrd = "images/ramdisk.img";
	m->root = NULL;
	m->append = "-v";
}

static void
second_disk(void)
{
	plain();
	*machine_add_disk(m) = (struct machine_disk){ .path = "drive2.img", .persist = true };
}

static void
ports(void)
{
	plain();
	(void)machine_add_port(m);
	machine_add_port(m)->socket = "s-1,2.sock";
	machine_add_port(m)->socket = "/run/s-3.sock";
}

static void
shares(void)
{
	plain();
	*machine_add_share(m) = (struct machine_share){ .tag = "shar0", .path = "/home/a,b c" };
	*machine_add_share(m) = (struct machine_share){ .tag = "shar1", .path = "/usr/share", .read_only = true };
}

static void
fwcfg(void)
{
	struct err err;

	plain();
	CHECK(machine_fwcfg_parse(m, &arena, "COLOUR=blue and red,N=1", false, &err) == 0);
	CHECK(machine_fwcfg_parse(m, &arena, "motd=/etc/motd", true, &err) == 0);
	*machine_add_fwcfg(m) = (struct machine_fwcfg){ .name = "opt/org.smolbsd.var.LIST", .text = "a,b" };
}

static void
bridge(void)
{
	plain();
	(void)machine_add_tap(m);
}

static void
tap(void)
{
	plain();
	m->nic.kind = MACHINE_NIC_NONE;
	machine_add_tap(m)->interface = "tap0";
}

static void
control(void)
{
	plain();
	m->qmp = "localhost:4444";
	m->pidfile = "qemu-rescue.pid";
}

static void
debian(void)
{
	add_disk("debian.img");
	m->guest = MACHINE_GUEST_LINUX;
	m->acpi = true;
	m->kernel = "vmlinuz";
	m->initrd = "initrd.img";
	m->root = "/dev/vda";
	m->append = "quiet";
}

/* What a BIOS boots: on a pc, whose devices are on PCI. */
static void
bios(void)
{
	m->bios = true;
	m->kernel = m->root = NULL;
	m->append = "";
	m->balloon = true;
	plain();
	(void)machine_add_port(m);
	*machine_add_share(m) = (struct machine_share){ .tag = "shar0", .path = "/a-device" };
}

static const char X86[] = "amd64", I386[] = "i386", ARM[] = "evbarm-aarch64";

enum { VIOCON = 1, CONNECTED = 2, PORT = 4, FIRMWARE = 8 };

static const struct row {
	const char *name, *arch;
	enum host_accel_kind accel;
	unsigned flags;
	void (*fill)(void);
	unsigned version;
} rows[] = {
	{ "rescue", X86, HOST_ACCEL_KVM, VIOCON, plain, 0 },
	{ "connected", X86, HOST_ACCEL_TCG, VIOCON | CONNECTED, plain, 0 },
	/* The flags of startnb.sh. */
	{ "forwards", X86, HOST_ACCEL_KVM, VIOCON | CONNECTED, forwards, 0 },
	{ "disks", X86, HOST_ACCEL_NVMM, VIOCON | CONNECTED, disks, 0 },
	{ "second-disk", X86, HOST_ACCEL_KVM, VIOCON, second_disk, 0 },
	{ "unlocked", X86, HOST_ACCEL_KVM, VIOCON, unlocked, 0 },
	{ "initrd", X86, HOST_ACCEL_KVM, VIOCON, initrd, 0 },
	{ "ports", X86, HOST_ACCEL_KVM, VIOCON, ports, 0 },
	{ "ports-connected", X86, HOST_ACCEL_KVM, VIOCON | CONNECTED | PORT, ports, 0 },
	{ "ports-com", X86, HOST_ACCEL_KVM, CONNECTED | PORT, ports, 0 },
	{ "shares", X86, HOST_ACCEL_KVM, VIOCON, shares, 0 },
	{ "fwcfg", X86, HOST_ACCEL_KVM, VIOCON, fwcfg, 0 },
	{ "bridge", X86, HOST_ACCEL_KVM, VIOCON, bridge, 0 },
	{ "tap", X86, HOST_ACCEL_KVM, VIOCON, tap, 0 },
	{ "control", X86, HOST_ACCEL_KVM, VIOCON | CONNECTED, control, 0 },
	/* Architectures and accelerators. */
	{ "tcg", X86, HOST_ACCEL_TCG, 0, plain, 0 },
	{ "hvf", X86, HOST_ACCEL_HVF, 0, plain, 0 },
	{ "i386", I386, HOST_ACCEL_KVM, CONNECTED, plain, 0 },
	{ "aarch64-kvm", ARM, HOST_ACCEL_KVM, 0, plain, 0 },
	{ "aarch64-hvf", ARM, HOST_ACCEL_HVF, 0, plain, 0 },
	{ "aarch64-tcg", ARM, HOST_ACCEL_TCG, CONNECTED, plain, 0 },
	{ "aarch64-shares", ARM, HOST_ACCEL_KVM, 0, shares, 0 },
	{ "aarch64-ports", ARM, HOST_ACCEL_KVM, CONNECTED | PORT, ports, 0 },
	{ "aarch64-initrd", ARM, HOST_ACCEL_KVM, 0, initrd, 0 },
	{ "bios", X86, HOST_ACCEL_KVM, 0, bios, BACKEND_VERSION(9, 0) },
	/* Linux. */
	{ "linux-amd64", X86, HOST_ACCEL_KVM, 0, debian, 0 },
	{ "linux-i386", I386, HOST_ACCEL_TCG, VIOCON, debian, 0 },
	{ "linux-aarch64", ARM, HOST_ACCEL_TCG, 0, debian, 0 },
	/* Versions. */
	{ "linux-5.1", X86, HOST_ACCEL_TCG, 0, debian, BACKEND_VERSION(5, 1) },
	{ "linux-5.2", X86, HOST_ACCEL_TCG, 0, debian, BACKEND_VERSION(5, 2) },
	{ "aarch64-5.2", ARM, HOST_ACCEL_TCG, 0, plain, BACKEND_VERSION(5, 2) + 1 },
	{ "aarch64-6.0", ARM, HOST_ACCEL_TCG, 0, plain, BACKEND_VERSION(6, 0) },
	{ "amd64-8.2", X86, HOST_ACCEL_KVM, FIRMWARE, plain, BACKEND_VERSION(8, 2) + 50 },
	{ "amd64-9.0", X86, HOST_ACCEL_KVM, FIRMWARE, plain, BACKEND_VERSION(9, 0) },
	{ "i386-9.1", I386, HOST_ACCEL_KVM, 0, plain, BACKEND_VERSION(9, 1) + 3 },
	{ "amd64-9.2", X86, HOST_ACCEL_KVM, FIRMWARE, plain, BACKEND_VERSION(9, 2) },
	{ "amd64-10.0", X86, HOST_ACCEL_KVM, FIRMWARE, plain, BACKEND_VERSION(10, 0) + 2 },
	{ "aarch64-9.1", ARM, HOST_ACCEL_KVM, FIRMWARE, plain, BACKEND_VERSION(9, 1) },
};

static void
golden(const char *name, const struct str *got)
{
	const char *dir = getenv("SMOL_TESTS"), *slash = strrchr(__FILE__, '/');
	struct str path = { 0 };
	cleanup_free char *want = NULL;
	struct err err = { 0 };

	if (dir != NULL)
		str_addf(&path, "%s/golden/qemu/%s.args", dir, name);
	else
		str_addf(&path, "%.*s/../golden/qemu/%s.args", (int)(slash - __FILE__), __FILE__, name);
	if (getenv("SMOL_UPDATE_GOLDEN") != NULL)
		CHECK(file_write(path.p, got->p, got->len, &err) == 0);
	want = file_read(path.p, 1 << 20, NULL, &err);
	CHECK_STR(err.msg, "");
	if (want != NULL)
		CHECK_STR(got->p, want);
	str_release(&path);
}

static void
row(const struct row *r)
{
	static const int port_fd = 11;
	bool connected = (r->flags & CONNECTED) != 0;
	struct backend_env env = { .program = "qemu",
		.accel.kind = r->accel,
		.version = r->version,
		.firmware_dir = (r->flags & FIRMWARE) != 0 ? "bios" : NULL,
		.console_fd = connected ? 7 : -1,
		.control_fd = connected ? 9 : -1,
		.port_fds = &port_fd,
		.nports = (r->flags & PORT) != 0 };
	struct backend_start start;
	struct str s = { 0 };
	struct err err = { 0 };
	size_t i;

	machine_init(m);
	m->name = r->name;
	m->arch = r->arch;
	m->kernel = "kernels/netbsd";
	m->root = "NAME=testroot";
	m->append = "-z";
	m->console = (r->flags & VIOCON) != 0 ? MACHINE_CONSOLE_VIOCON : MACHINE_CONSOLE_COM;
	r->fill();
	CHECK(machine_check(m, &err) == 0);
	CHECK_STR(err.msg, "");
	backend_start_init(&start);
	CHECK(backend_qemu.prepare(m, &env, &arena, &start, &err) == 0);
	if (start.monitor.argv != NULL) {
		for (i = 0; start.monitor.argv[i] != NULL; i++)
			str_addf(&s, "%s\n", start.monitor.argv[i]);
		golden(r->name, &s);
	}
	backend_start_release(&start);
	str_release(&s);
	machine_release(m);
}

static void
args(void)
{
	struct machine machine;
	size_t i;

	m = &machine;
	arena_init(&arena);
	for (i = 0; i < nitems(rows); i++)
		row(&rows[i]);
	arena_release(&arena);
}

static void
too_long(void)
{
	struct backend_env env = { .program = "qemu", .console_fd = -1, .control_fd = -1 };
	struct backend_start start;
	struct machine machine;
	char append[512];
	struct err err = { 0 };

	arena_init(&arena);
	machine_init(&machine);
	memset(append, 'x', sizeof(append));
	append[sizeof(append) - 1] = '\0';
	machine.arch = X86;
	machine.append = append;
	backend_start_init(&start);
	CHECK(backend_qemu.prepare(&machine, &env, &arena, &start, &err) < 0);
	CHECK(strstr(err.msg, "characters too long") != NULL);
	machine_release(&machine);
	arena_release(&arena);
}

TEST_MAIN({ "argument lists", args }, { "a command line too long", too_long })
