/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine → QEMU's argument list, against golden files: one machine a row, one
 * argument a line of golden/qemu/NAME.args.  SMOL_UPDATE_GOLDEN=1 writes them.
 * Also what QEMU's own messages become.
 */
#include <stdlib.h>

#include "backend/backend.h"
#include "base/defs.h"
#include "base/io.h"
#include "test.h"

static const char *const extra[] = { "-D", "qemu log" };

static const struct row {
	const char *name;
	const char *arch, *append, *forwards;
	uint64_t mem_mib;
	unsigned cpus;
	enum machine_console console;
	struct machine_disk disks[3];
	enum machine_nic_kind nic;
	enum host_accel_kind accel;
	bool connected, extra;
} rows[] = {
	{ "rescue", "amd64", "-z", "", 256, 1, MACHINE_CONSOLE_VIOCON, { { "rescue-amd64.img" } }, MACHINE_NIC_USER,
	    HOST_ACCEL_KVM, false, false },
	{ "tcg", "amd64", "-z", "", 256, 1, MACHINE_CONSOLE_COM, { { "rescue-amd64.img" } }, MACHINE_NIC_USER,
	    HOST_ACCEL_TCG, false, false },
	{ "connected", "amd64", "-z", "", 256, 1, MACHINE_CONSOLE_VIOCON, { { "rescue-amd64.img" } }, MACHINE_NIC_USER,
	    HOST_ACCEL_TCG, true, false },
	{ "i386", "i386", "-v", "", 64, 1, MACHINE_CONSOLE_COM, { { "base-i386.img" } }, MACHINE_NIC_USER,
	    HOST_ACCEL_KVM, true, false },
	{ "forwards", "amd64", "-z", "8080:80,127.0.0.1:5353:53/udp,tcp::2222-10.0.2.15:22", 1024, 4,
	    MACHINE_CONSOLE_VIOCON, { { "bozohttpd-amd64:v2.img" } }, MACHINE_NIC_USER, HOST_ACCEL_KVM, true, false },
	{ "disks", "amd64", "-z", "", 256, 2, MACHINE_CONSOLE_VIOCON,
	    { { "a,b.img", .persist = true }, { "ro.img", .read_only = true }, { "cow.img" } }, MACHINE_NIC_NONE,
	    HOST_ACCEL_NVMM, true, true },
};

static void
make(const struct row *r, struct machine *m, struct arena *arena)
{
	struct err err = { 0 };
	size_t i;

	machine_init(m);
	m->name = r->name;
	m->arch = r->arch;
	m->kernel = "kernels/netbsd-SMOL";
	m->root = "NAME=testroot";
	m->append = r->append;
	m->mem_bytes = r->mem_mib << 20;
	m->cpus = r->cpus;
	m->console = r->console;
	m->nic.kind = r->nic;
	for (i = 0; i < nitems(r->disks) && r->disks[i].path != NULL; i++)
		*machine_add_disk(m) = r->disks[i];
	CHECK(*r->forwards == '\0' || machine_forward_parse(m, arena, r->forwards, &err) == 0);
	if (r->extra) {
		m->qemu_args = extra;
		m->nqemu_args = nitems(extra);
	}
	CHECK(machine_check(m, &err) == 0);
	CHECK_STR(err.msg, "");
}

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
args(void)
{
	struct arena arena;
	size_t i, j;

	for (i = 0; i < nitems(rows); i++) {
		const struct row *r = &rows[i];
		struct backend_env env = { .program = "qemu-system-x86_64",
			.accel.kind = r->accel,
			.console_fd = r->connected ? 7 : -1,
			.control_fd = r->connected ? 9 : -1,
			.port_fd = -1 };
		const char *const *argv;
		struct str s = { 0 };
		struct machine m;
		struct err err = { 0 };

		arena_init(&arena);
		make(r, &m, &arena);
		argv = backend_qemu.argv(&m, &env, &arena, &err);
		for (j = 0; argv != NULL && argv[j] != NULL; j++)
			str_addf(&s, "%s\n", argv[j]);
		CHECK(argv != NULL);
		if (argv != NULL)
			golden(r->name, &s);
		str_release(&s);
		machine_release(&m);
		arena_release(&arena);
	}
}

static void
explain(void)
{
	static const char *const cases[][2] = {
		{ "", "it said nothing" },
		{ "qemu-system-x86_64: warning: slow\n", "it said nothing" },
		{ "qemu-system-x86_64: warning: slow\n\nqemu-system-x86_64: could not load kernel 'x'\nmore\n",
		    "could not load kernel 'x'" },
		{ "no colon, no end", "no colon, no end" },
		{ "qemu-system-x86_64: -drive x: Failed to get \"write\" lock\nIs another process using the image?\n",
		    "the disk 'd.img' is being written by another instance (--rw); end that one first" },
		{ "qemu-system-x86_64: -netdev u: Could not set up host forwarding rule 'tcp::80-:80'\n",
		    "a port of the host could not be taken; choose another with -p (-netdev u: Could not set up host "
		    "forwarding rule 'tcp::80-:80')" },
	};
	struct machine m;
	struct err err;
	size_t i;

	machine_init(&m);
	machine_add_disk(&m)->path = "d.img";
	for (i = 0; i < nitems(cases); i++) {
		(void)backend_qemu.explain(&m, cases[i][0], &err);
		CHECK_STR(err.msg, cases[i][1]);
	}
	m.disks[0].persist = true;
	(void)backend_qemu.explain(&m, cases[4][0], &err);
	CHECK_STR(err.msg, "the disk 'd.img' is in use by another instance; end that one, or leave out --rw");
	machine_release(&m);
}

static void
check(void)
{
	struct host_accel accel = { .kind = HOST_ACCEL_TCG };
	struct machine m;
	struct err err;

	machine_init(&m);
	m.arch = "evbarm-aarch64";
	CHECK(backend_qemu.check(&m, &accel, &err) < 0);
	CHECK_STR(err.msg, "evbarm-aarch64 machines cannot be run yet; amd64 and i386 can");
	m.arch = "amd64";
	CHECK(backend_qemu.check(&m, &accel, &err) == 0);
	machine_add_disk(&m)->path = "/nonexistent/disk.img";
	CHECK(backend_qemu.check(&m, &accel, &err) < 0);
	CHECK_STR(err.msg, "cannot open the disk '/nonexistent/disk.img' for reading: No such file or directory");
	while (m.ndisks < 8)
		machine_add_disk(&m)->path = "/dev/null";
	CHECK(backend_qemu.check(&m, &accel, &err) < 0);
	CHECK_STR(err.msg, "QEMU's microvm takes 8 devices, this machine has 9");
	machine_release(&m);
}

TEST_MAIN({ "argument lists", args }, { "QEMU's messages", explain }, { "what the backend refuses", check })
