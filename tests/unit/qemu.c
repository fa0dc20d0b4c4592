/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The QEMU backend beside its argument lists: versions, programs, what it
 * refuses, and what QEMU's own messages become.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "backend/qemu_impl.h"
#include "base/defs.h"
#include "base/io.h"
#include "test.h"

/* As they print it. */
static void
versions(void)
{
	static const struct {
		const char *text;
		unsigned version;
	} cases[] = {
		{ "QEMU emulator version 5.2.0 (Debian 1:5.2+dfsg-11+deb11u3)\nCopyright (c) 2003-2020\n", 50200 },
		{ "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\n", 70222 },
		{ "QEMU emulator version 6.2.0 (Debian 1:6.2+dfsg-2ubuntu6.26)\n", 60200 },
		{ "QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1.6)\n", 80202 },
		{ "QEMU emulator version 8.1.3 (qemu-8.1.3-5.fc39)\n", 80103 },
		{ "QEMU emulator version 9.1.3 (qemu-9.1.3-2.fc41)\n", 90103 },
		{ "QEMU emulator version 9.2.2\nCopyright (c) 2003-2024 Fabrice Bellard\n", 90202 },
		{ "QEMU emulator version 10.0.3\n", 100003 },
		{ "QEMU emulator version 9.0.50 (v9.0.0-1234-gabcdef0)\n", 90050 },
		{ "QEMU emulator version 10.1", 100100 },
		{ "warning: x\nQEMU emulator version 8.0.0\n", 80000 },
		{ "", 0 },
		{ "QEMU emulator version ", 0 },
		{ "QEMU emulator version x.y\n", 0 },
		{ "QEMU emulator version 9\n", 0 },
		{ "QEMU emulator version 9.\n", 0 },
		{ "QEMU emulator version 9.0.\n", 0 },
		{ "QEMU emulator version 100.0.0\n", 0 },
		{ "QEMU emulator version 99999999999999999999.0.0\n", 0 },
		{ "QEMU emulator version -1.0\n", 0 },
		{ "qemu-img version 7.2.0\n", 0 },
	};
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		CHECK(qemu_version_parse(cases[i].text) == cases[i].version);
		if (qemu_version_parse(cases[i].text) != cases[i].version)
			printf("# %s", cases[i].text);
	}
}

static char dir[] = "/tmp/smol-qemu-XXXXXX";

static void
write_program(const char *name, const char *text)
{
	char path[256];
	struct err err;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	CHECK(file_write(path, text, strlen(text), &err) == 0);
	CHECK(chmod(path, 0755) == 0);
}

/* Programs of ours in PATH, none of which is QEMU. */
static void
find(void)
{
	static const char script[] = "#!/bin/sh\n[ \"$1\" = --version ] && echo 'QEMU emulator version 9.1.2'\n";
	struct backend_env env = { .accel.kind = HOST_ACCEL_KVM };
	struct machine m = { .arch = "i386" };
	struct arena arena;
	struct err err = { 0 };
	char want[256];

	arena_init(&arena);
	CHECK(setenv("PATH", dir, 1) == 0 && unsetenv("QEMU") == 0);
	CHECK(backend_qemu.find(&m, &env, &arena, &err) < 0);
	CHECK(str_starts(err.msg, "there is no qemu-system-i386 in PATH; "));
	CHECK(str_ends(err.msg, ", or name it in the variable QEMU"));
	write_program("qemu-system-x86_64", script);
	CHECK(backend_qemu.find(&m, &env, &arena, &err) == 0);
	(void)snprintf(want, sizeof(want), "%s/qemu-system-x86_64", dir);
	CHECK_STR(env.program, want);
	CHECK(env.version == 90102);
	/* The better one; it says nothing, which is no error. */
	write_program("qemu-system-i386", "#!/bin/sh\n");
	CHECK(backend_qemu.find(&m, &env, &arena, &err) == 0);
	(void)snprintf(want, sizeof(want), "%s/qemu-system-i386", dir);
	CHECK_STR(env.program, want);
	CHECK(env.version == 0);
	m.arch = "evbarm-aarch64";
	CHECK(backend_qemu.find(&m, &env, &arena, &err) < 0);
	CHECK(str_starts(err.msg, "there is no qemu-system-aarch64 in PATH; "));
	m.arch = "vax";
	CHECK(backend_qemu.find(&m, &env, &arena, &err) < 0);
	CHECK_STR(err.msg, "QEMU is used for amd64, i386 and evbarm-aarch64, not for vax");
	arena_release(&arena);
}

/* The answer of a file that is no script is remembered, until the file is another. */
static void
remembers(void)
{
	char program[256], cache[256];
	cleanup_free char *text = NULL;
	struct err err = { 0 };

	(void)snprintf(program, sizeof(program), "%s/qemu", dir);
	(void)snprintf(cache, sizeof(cache), "%s/version.qemu", dir);
	CHECK(setenv("SMOL_CACHE", dir, 1) == 0);
	/* What cannot be executed, or executes and prints nothing of the kind. */
	CHECK(qemu_version(program) == 0);
	CHECK(qemu_version("/bin/true") == 0);
	write_program("qemu", "#!/bin/sh\necho QEMU emulator version 8.0.1\n");
	CHECK(qemu_version(program) == 80001);
	CHECK(access(cache, F_OK) < 0);
	/* Without "#!" the shell runs it all the same, by execvp(3). */
	write_program("qemu", "echo QEMU emulator version 8.0.2\n");
	CHECK(qemu_version(program) == 80002);
	text = file_read(cache, 4096, NULL, &err);
	CHECK(text != NULL && str_starts(text, program) && str_ends(text, "\nQEMU emulator version 8.0.2\n"));
	CHECK(chmod(program, 0644) == 0); /* it could not be asked again */
	CHECK(qemu_version(program) == 80002);
	CHECK(file_write(cache, "damaged", 7, &err) == 0);
	CHECK(qemu_version(program) == 0);
	write_program("qemu", "echo QEMU emulator version 10.0.0\n");
	CHECK(qemu_version(program) == 100000);
}

static void
explains(const struct machine *m, const char *output, const char *want)
{
	struct err err = { 0 };

	(void)backend_qemu.explain(m, output, &err);
	CHECK_STR(err.msg, want);
}

static void
explain_plain(void)
{
	static const char *const cases[][2] = {
		{ "", "it said nothing" },
		{ "qemu-system-x86_64: warning: slow\n", "it said nothing" },
		{ "qemu-system-x86_64: warning: slow\n\nqemu-system-x86_64: some message 'x'\nmore\n",
		    "some message 'x'" },
		{ "no colon, no end", "no colon, no end" },
		{ "qemu-system-x86_64: -chardev x: warning: short-form boolean option 'server' deprecated\n"
		  "Please use server=on instead\nqemu-system-x86_64: real\n",
		    "real" },
		{ "W: /etc/qemu-ifup: no bridge for guest interface found\nqemu-system-x86_64: real\n", "real" },
	};
	struct machine m;
	size_t i;

	machine_init(&m);
	for (i = 0; i < nitems(cases); i++)
		explains(&m, cases[i][0], cases[i][1]);
	machine_release(&m);
}

/* As QEMU 5 to 10 print them. */
static void
explain_environment(void)
{
	static const char *const cases[][2] = {
		{ "Could not access KVM kernel module: Permission denied\n"
		  "qemu-system-x86_64: failed to initialize kvm: Permission denied\n",
		    "you may not use /dev/kvm; become a member of the group 'kvm', or set QEMU_ACCEL=tcg (Could not "
		    "access KVM kernel module: Permission denied)" },
		{ "Could not access KVM kernel module: No such file or directory\n",
		    "KVM's module is not loaded; load it, or set QEMU_ACCEL=tcg (Could not access KVM kernel module: "
		    "No "
		    "such file or directory)" },
		{ "ioctl(KVM_CREATE_VM) failed: 16 Device or resource busy\n",
		    "the processor's virtualization is taken by another program (VirtualBox?); end that, or set "
		    "QEMU_ACCEL=tcg (ioctl(KVM_CREATE_VM) failed: 16 Device or resource busy)" },
		{ "qemu-system-aarch64: -accel kvm: invalid accelerator kvm\n",
		    "this QEMU was built without that accelerator; set QEMU_ACCEL=tcg (-accel kvm: invalid accelerator "
		    "kvm)" },
		{ "qemu: could not load PC BIOS 'bios-microvm.bin'\n",
		    "QEMU's firmware is missing; install the package with it (Debian: qemu-system-data, seabios) "
		    "(could "
		    "not load PC BIOS 'bios-microvm.bin')" },
		{ "qemu-system-x86_64: -netdev tap,id=n: could not open /dev/net/tun: Permission denied\n",
		    "you may not make a tap interface; have one made for you ('ip tuntap add dev tap0 mode tap user "
		    "YOU') and name it (-netdev tap,id=n: could not open /dev/net/tun: Permission denied)" },
		{ "qemu-system-x86_64: -netdev tap,ifname=t: could not configure /dev/net/tun (t): Operation not "
		  "permitted\n",
		    "you may not make a tap interface; have one made for you ('ip tuntap add dev tap0 mode tap user "
		    "YOU') and name it (-netdev tap,ifname=t: could not configure /dev/net/tun (t): Operation not "
		    "permitted)" },
		{ "qemu-system-x86_64: -netdev tap,id=n: could not open /dev/net/tun: No such file or directory\n",
		    "this host has no tap interfaces; load its 'tun' module, or leave out the bridged NIC (-netdev "
		    "tap,id=n: could not open /dev/net/tun: No such file or directory)" },
		{ "qemu-system-x86_64: -fsdev local,id=s: fsdev support is disabled\n",
		    "this QEMU cannot share directories (9p); install one that can, or leave out the share (-fsdev "
		    "local,id=s: fsdev support is disabled)" },
		{ "qemu-system-x86_64: -device virtio-9p-device: 'virtio-9p-device' is not a valid device model name\n",
		    "this QEMU cannot share directories (9p); install one that can, or leave out the share (-device "
		    "virtio-9p-device: 'virtio-9p-device' is not a valid device model name)" },
		{ "qemu-system-x86_64: -device virtconsole: 'virtconsole' is not a valid device model name\n",
		    "this QEMU lacks a device; install a full one (-device virtconsole: 'virtconsole' is not a valid "
		    "device model name)" },
		{ "qemu-system-x86_64: -netdev user,id=net0: network backend 'user' is not compiled into this binary\n",
		    "this QEMU lacks a kind of network; install a full one, or leave the network out (-netdev "
		    "user,id=net0: network backend 'user' is not compiled into this binary)" },
		{ "qemu-system-x86_64: unsupported machine type\nUse -machine help to list supported machines\n",
		    "this QEMU is too old or too small; smol needs version 5.0 with microvm or virt (unsupported "
		    "machine "
		    "type)" },
		{ "qemu-system-x86_64: -bogus: invalid option\n",
		    "QEMU does not know one of the additional arguments (-bogus: invalid option)" },
		{ "qemu-system-x86_64: cannot create PID file: Cannot lock pid file: Resource temporarily "
		  "unavailable\n",
		    "another instance has the process id's file; end that one (cannot create PID file: Cannot lock pid "
		    "file: Resource temporarily unavailable)" },
		{ "qemu-system-x86_64: -chardev socket,path=/x/s: Failed to bind socket to /x/s: No such file or "
		  "directory\n",
		    "a console port's socket cannot be made; see whether its directory is there (-chardev "
		    "socket,path=/x/s: Failed to bind socket to /x/s: No such file or directory)" },
	};
	struct machine m;
	size_t i;

	machine_init(&m);
	for (i = 0; i < nitems(cases); i++)
		explains(&m, cases[i][0], cases[i][1]);
	machine_release(&m);
}

/* Those that name what is the machine's. */
static void
explain_machine(void)
{
	static const char lock[] = "qemu-system-x86_64: -device virtio-blk-device,drive=disk0: Failed to get shared "
				   "\"write\" lock\nIs another process using the image [d.img]?\n";
	struct arena arena;
	struct machine m;
	struct err err = { 0 };

	arena_init(&arena);
	machine_init(&m);
	m.kernel = "kernels/netbsd-SMOL";
	m.qmp = "localhost:4444";
	machine_add_disk(&m)->path = "d.img";
	explains(&m, lock, "the disk 'd.img' is being written by another instance (--rw); end that one first");
	m.disks[0].persist = true;
	explains(
	    &m, lock, "the disk 'd.img' is in use by another instance; end that one, or use 'smol run' without --rw");
	CHECK(machine_forward_parse(&m, &arena, "80:80,127.0.0.1:53:53/udp", &err) == 0);
	explains(&m, "qemu-system-x86_64: -netdev u: Could not set up host forwarding rule 'udp:127.0.0.1:53-:53'\n",
	    "port 127.0.0.1:53/udp of the host could not be taken: another program has it, or it needs privileges; "
	    "choose another with -p");
	explains(&m, "qemu-system-x86_64: -netdev u: Could not set up host forwarding rule 'tcp::81-:80'\n",
	    "a port of the host could not be taken; choose another with -p (-netdev u: Could not set up host "
	    "forwarding rule 'tcp::81-:80')");
	explains(&m,
	    "qemu-system-x86_64: -qmp tcp:localhost:4444,server=on,wait=off: Failed to find an available port: Address "
	    "already in use\n",
	    "the QMP address 'localhost:4444' could not be taken; choose another port (-qmp "
	    "tcp:localhost:4444,server=on,wait=off: Failed to find an available port: Address already in use)");
	explains(&m, "qemu: could not open kernel file 'kernels/netbsd-SMOL': Permission denied\n",
	    "the kernel 'kernels/netbsd-SMOL' cannot be read; see whether it is there and you may");
	explains(&m, "qemu-system-aarch64: could not load kernel 'kernels/netbsd-SMOL'\n",
	    "the kernel 'kernels/netbsd-SMOL' cannot be read; see whether it is there and you may");
	explains(&m, "qemu-system-x86_64: cannot set up guest memory 'microvm.ram': Cannot allocate memory\n",
	    "this host has no 256 MiB of memory for the machine; choose less with -m (cannot set up guest memory "
	    "'microvm.ram': Cannot allocate memory)");
	machine_release(&m);
	arena_release(&arena);
}

/* Takes the machine over; "" if it passes. */
static void
refused(struct machine m, const char *want)
{
	struct host_accel accel = { .kind = HOST_ACCEL_TCG };
	struct err err = { 0 };

	CHECK((backend_qemu.check(&m, &accel, &err) == 0) == (*want == '\0'));
	CHECK_STR(err.msg, want);
	machine_release(&m);
}

static struct machine
machine_of(const char *arch)
{
	struct machine m;

	machine_init(&m);
	m.arch = arch;
	return m;
}

static void
check(void)
{
	struct machine m;
	unsigned i;

	refused(machine_of("vax"), "QEMU is used for amd64, i386 and evbarm-aarch64, not for vax");
	refused(machine_of("evbarm-aarch64"), "");
	m = machine_of("amd64"), machine_add_disk(&m)->path = "/nonexistent/disk.img";
	refused(m, "cannot open the disk '/nonexistent/disk.img' for reading: No such file or directory");
	m = machine_of("amd64"), m.initrd = "/nonexistent/initrd";
	refused(m, "cannot open the initrd '/nonexistent/initrd': No such file or directory");
	m = machine_of("amd64"), machine_add_share(&m)->path = "/nonexistent";
	refused(m, "cannot share the directory '/nonexistent': No such file or directory");
	m = machine_of("amd64"), machine_add_share(&m)->path = "/dev/null";
	refused(m, "cannot share '/dev/null': it is no directory");
	m = machine_of("amd64"), *machine_add_fwcfg(&m) = (struct machine_fwcfg){ "opt/x", NULL, "/nonexistent" };
	refused(m, "cannot open '/nonexistent', the guest's opt/x: No such file or directory");
	m = machine_of("i386");
	for (i = 0; i < 21; i++)
		machine_add_fwcfg(&m)->text = "x";
	refused(m, "QEMU takes 20 variables and files for the guest, this machine has 21");
}

static void
slots(void)
{
	struct machine m = machine_of("amd64");
	unsigned i;

	/* A NIC, a tap, a share, a console with its ports, four disks. */
	(void)machine_add_tap(&m);
	machine_add_share(&m)->path = "/";
	m.console = MACHINE_CONSOLE_VIOCON;
	for (i = 0; i < 30; i++)
		(void)machine_add_port(&m);
	for (i = 0; i < 4; i++)
		machine_add_disk(&m)->path = "/dev/null";
	refused(m, "");
	m = machine_of("amd64");
	for (i = 0; i < 8; i++)
		machine_add_disk(&m)->path = "/dev/null";
	refused(m, "QEMU's microvm takes 8 devices, this machine has 9: disks, NICs, shares and a console");
	m = machine_of("evbarm-aarch64");
	for (i = 0; i < 16; i++)
		machine_add_disk(&m)->path = "/dev/null";
	for (i = 0; i < 15; i++)
		(void)machine_add_tap(&m);
	(void)machine_add_port(&m);
	refused(m, "QEMU's virt takes 32 devices, this machine has 33: disks, NICs, shares and a console");
}

static void
finish(void)
{
	static const char *const names[] = { "qemu", "qemu-system-i386", "qemu-system-x86_64", "version.qemu", "blobs",
		"packages", "stat" };
	char path[256];
	size_t i;

	for (i = 0; i < nitems(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)remove(path);
	}
	CHECK(rmdir(dir) == 0);
}

static void
begin(void)
{
	CHECK(mkdtemp(dir) != NULL);
	CHECK(setenv("SMOL_CACHE", dir, 1) == 0);
}

TEST_MAIN({ "version strings", versions }, { "a directory", begin }, { "which program", find },
    { "the version is remembered", remembers }, { "the directory is left clean", finish },
    { "messages without advice", explain_plain }, { "messages about the host", explain_environment },
    { "messages about the machine", explain_machine }, { "what the backend refuses", check }, { "device slots", slots })
