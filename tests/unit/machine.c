/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine description: sizes, forwards, devices and checks, and what a user reads
 * when they are wrong; the accelerator's choice.
 */
#include "machine/machine.h"

#include "base/defs.h"
#include "host/host.h"
#include "test.h"

static void
mem(void)
{
	static const struct {
		const char *text;
		uint64_t mib; /* 0: refused */
	} cases[] = { { "256", 256 }, { "1g", 1024 }, { "128m", 128 }, { "16M", 16 }, { "1T", 1 << 20 },
		{ "262144k", 256 }, { "15", 0 }, { "2T", 0 }, { "", 0 }, { "m", 0 }, { "-1", 0 }, { "256mb", 0 },
		{ "99999999999999999999", 0 }, { "18446744073709551615", 0 }, { "4194304", 0 } };
	struct err err;
	uint64_t bytes;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		int rv = machine_mem_parse(cases[i].text, &bytes, &err);

		CHECK(rv == (cases[i].mib == 0 ? -1 : 0));
		CHECK(rv < 0 || bytes == cases[i].mib << 20);
		CHECK(rv == 0 || err.usage);
	}
}

static void
forward_text(const struct machine *m, struct str *s)
{
	size_t i;

	for (i = 0; i < m->nic.nforwards; i++) {
		const struct machine_forward *f = &m->nic.forwards[i];

		str_addf(s, "%s%s %s:%u %s:%u", i > 0 ? ", " : "", f->udp ? "udp" : "tcp", f->host_addr, f->host_port,
		    f->guest_addr, f->guest_port);
	}
}

static void
allows(void)
{
	static const char *const cases[][2] = {
		{ "192.0.2.1:443", "tcp 192.0.2.1 443" },
		{ "192.0.2.0/24:8000-8010/tcp", "tcp 192.0.2.0/24 8000-8010" },
		{ "0.0.0.0/0:*/udp", "udp 0.0.0.0/0 *" },
		{ "dns", "udp 10.0.2.3 53" },
		{ "192.0.2.1/24:1", "bad destination '192.0.2.1/24:1': there are more bits than the prefix has" },
	};
	static const char *const refused[] = { "", "dns:53", "1.2.3.4", ":80", "1.2.3.4:", "1.2.3.4:0", "1.2.3:80",
		"1.2.3.4/33:80", "1.2.3.4/:80", "1.2.3.4:9-8", "1.2.3.4:1-", "1.2.3.4:65536", "host:80",
		"1.2.3.4:80/sctp" };
	struct arena arena;
	struct str s = { 0 };
	struct machine m;
	struct err err;
	size_t i;

	arena_init(&arena);
	machine_init(&m);
	for (i = 0; i < nitems(cases); i++) {
		s.len = 0;
		if (machine_allow_parse(&m, &arena, cases[i][0], &err) < 0)
			str_add(&s, err.msg);
		else
			str_addf(&s, "%s %s %s", m.nic.allows[i].udp ? "udp" : "tcp", m.nic.allows[i].prefix,
			    m.nic.allows[i].ports);
		CHECK_STR(s.p, cases[i][1]);
	}
	for (i = 0; i < nitems(refused); i++) {
		CHECK(machine_allow_parse(&m, &arena, refused[i], &err) < 0);
		CHECK(err.usage && strstr(err.msg, "bad destination") != NULL);
	}
	str_release(&s);
	machine_release(&m);
	arena_release(&arena);
}

static void
forwards(void)
{
	static const char *const cases[][2] = {
		{ "8080:80", "tcp :8080 :80" },
		{ "53:53/udp", "udp :53 :53" },
		{ "127.0.0.1:8080:80/tcp", "tcp 127.0.0.1:8080 :80" },
		{ "localhost:8080:80", "tcp 127.0.0.1:8080 :80" },
		{ "::8080-:80", "tcp :8080 :80" },
		{ "tcp::8080-:80", "tcp :8080 :80" },
		{ "udp:127.0.0.1:5353-10.0.2.15:53", "udp 127.0.0.1:5353 10.0.2.15:53" },
		{ "::8880-:80,udp::53-:53,22:22", "tcp :8880 :80, udp :53 :53, tcp :22 :22" },
		{ "80", "bad port forward '80': want [ADDR:]HOST:GUEST[/udp], as in 8080:80, or "
			"[tcp|udp]:[ADDR]:HOST-[ADDR]:GUEST" },
		{ "8000-8010:80-90",
		    "bad port forward '8000-8010:80-90': ranges are not known, give each port its own -p" },
		{ "0:80", "bad port forward '0:80': '0' is not a port (1 to 65535)" },
		{ "80:65536", "bad port forward '80:65536': '65536' is not a port (1 to 65535)" },
		{ "host:1:2", "bad port forward 'host:1:2': 'host' is not an IPv4 address" },
		{ "1:2/sctp", "bad port forward '1:2/sctp': 'sctp' is neither tcp nor udp" },
		{ "tcp::x-:80", "bad port forward 'tcp::x-:80': 'x' is not a port (1 to 65535)" },
	};
	static const char *const refused[] = { "", ",", "8080:80,", ":", "::", "tcp:", "tcp:-", "::-", "::-:", ":-:80",
		"tcp:1-2", ":::1-:2", "a:b:c:d", "1:2:3:4", "/udp", "icmp::1-:2", "::1-2" };
	struct arena arena;
	struct err err;
	size_t i;

	arena_init(&arena);
	for (i = 0; i < nitems(cases); i++) {
		struct machine m;
		struct str s = { 0 };

		machine_init(&m);
		if (machine_forward_parse(&m, &arena, cases[i][0], &err) == 0)
			forward_text(&m, &s);
		else
			str_add(&s, err.msg);
		CHECK_STR(s.p, cases[i][1]);
		str_release(&s);
		machine_release(&m);
	}
	for (i = 0; i < nitems(refused); i++) {
		struct machine m;

		machine_init(&m);
		CHECK(machine_forward_parse(&m, &arena, refused[i], &err) < 0 && err.usage);
		machine_release(&m);
	}
	arena_release(&arena);
}

static struct machine
good(void)
{
	struct machine m;

	machine_init(&m);
	m.name = "rescue";
	m.arch = "amd64";
	m.kernel = "kernels/netbsd-SMOL";
	m.root = "NAME=rescueroot";
	m.append = "-z";
	machine_add_disk(&m)->path = "images/rescue-amd64.img";
	return m;
}

/* Takes the machine over; "" if it passes. */
static void
check(struct machine m, const char *want)
{
	struct err err = { 0 };

	CHECK((machine_check(&m, &err) == 0) == (*want == '\0'));
	if (strncmp(err.msg, want, strlen(want)) != 0)
		CHECK_STR(err.msg, want);
	CHECK(*want == '\0' || err.usage);
	machine_release(&m);
}

static void
checks(void)
{
	struct machine m;

	check(good(), "");
	m = good(), m.name = "a,b";
	check(m, "bad machine name");
	m = good(), m.kernel = NULL;
	check(m, "the machine has no kernel");
	m = good(), m.mem_bytes = 1 << 20;
	check(m, "bad memory size");
	m = good(), m.mem_bytes += 1;
	check(m, "bad memory size");
	m = good(), m.cpus = 256;
	check(m, "bad number of CPUs 256: must be 1 to 255");
	m = good(), m.root = "ld0a -s";
	check(m, "bad root device");
	m = good(), m.append = "-z\n";
	check(m, "the kernel arguments");
	m = good(), m.disks[0].read_only = m.disks[0].persist = true;
	check(m, "disk 'images/rescue-amd64.img' cannot be");
	m = good(), *machine_add_disk(&m) = (struct machine_disk){ .path = m.disks[0].path, .persist = true };
	check(m, "disk 'images/rescue-amd64.img' is there twice");
	m = good(), *machine_add_disk(&m) = (struct machine_disk){ .path = m.disks[0].path }, m.disks[0].persist = true;
	check(m, "disk 'images/rescue-amd64.img' is there twice");
	m = good(), m.disks[0].unlocked = true;
	check(m, "disk 'images/rescue-amd64.img' needs no unlocking: its writes do not reach the file");
	m = good(), m.disks[0].persist = m.disks[0].unlocked = true;
	check(m, "");
	m = good(), machine_add_disk(&m)->path = "";
	check(m, "disk 1 has no file");
	m = good(), m.initrd = "a\nb";
	check(m, "the name of the initrd has control characters");
	m = good(), m.initrd = "root.img", m.root = NULL, m.ndisks = 0;
	check(m, "");
	m = good(), m.pidfile = "";
	check(m, "the process id's file has no file name");
	m = good(), m.bios = true;
	check(m, "a BIOS boots the first disk, not a kernel");
	m = good(), m.bios = true, m.kernel = m.root = NULL;
	check(m, "");
	m = good(), m.bios = true, m.kernel = m.root = NULL, m.ndisks = 0;
	check(m, "a BIOS boots the first disk");
	m = good(), m.bios = true, m.kernel = m.root = NULL, m.arch = "evbarm-aarch64";
	check(m, "evbarm-aarch64 machines have no BIOS; amd64 and i386 have");
}

static const char word108[] =
    "123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456"
    "789012345678";

static void
shares(void)
{
	static const struct {
		struct machine_share s[2];
		const char *want;
	} cases[] = {
		{ { { "vio9p0", "/srv/a,b c" }, { "vio9p1", "/srv" } }, "" },
		{ { { "vio9p0", "" } }, "a share has no directory" },
		{ { { "vio9p0", "a\tb" } }, "the name of the shared directory 'a?b' has control characters" },
		{ { { "", "/srv" } }, "bad tag '' of the share '/srv': one word of at most 31 characters" },
		{ { { NULL, "/srv" } }, "bad tag '' of the share '/srv'" },
		{ { { "a b", "/srv" } }, "bad tag 'a b' of the share" },
		{ { { word108 + 77, "/srv" } }, "" },
		{ { { word108 + 76, "/srv" } }, "bad tag '78901234567890123456789012345678'" },
		{ { { "t", "/a" }, { "t", "/b" } }, "the shares '/a' and '/b' have one tag, 't'" },
	};
	size_t i, j;

	for (i = 0; i < nitems(cases); i++) {
		struct machine m = good();

		for (j = 0; j < 2 && cases[i].s[j].path != NULL; j++)
			*machine_add_share(&m) = cases[i].s[j];
		check(m, cases[i].want);
	}
}

static void
fwcfg(void)
{
	static const struct {
		struct machine_fwcfg f[2];
		const char *want;
	} cases[] = {
		{ { { "opt/org.smolbsd.var.A", "x,y z", NULL }, { "opt/org.smolbsd.file.A", NULL, "/etc/motd" } }, "" },
		{ { { "etc/boot", "x", NULL } }, "bad fw_cfg name 'etc/boot': one word that begins with 'opt/'" },
		{ { { "opt/a b", "x", NULL } }, "bad fw_cfg name 'opt/a b'" },
		{ { { "opt/org.smolbsd.var.123456789012345678901234567890123456", "x", NULL } },
		    "the fw_cfg name 'opt/org.smolbsd.var.123456789012345678901234567890123456' is 1 characters too "
		    "long, the most is 55" },
		{ { { "opt/org.smolbsd.var.12345678901234567890123456789012345", "x", NULL } }, "" },
		{ { { "opt/a", NULL, NULL } }, "fw_cfg 'opt/a' needs either a text or a file" },
		{ { { "opt/a", "x", "y" } }, "fw_cfg 'opt/a' needs either a text or a file" },
		{ { { "opt/a", "", NULL } }, "fw_cfg 'opt/a' is empty; give it a value or leave it out" },
		{ { { "opt/a", NULL, "a\n" } }, "the name of opt/a has control characters" },
		{ { { "opt/a", "x", NULL }, { "opt/a", NULL, "/y" } }, "fw_cfg 'opt/a' is there twice" },
	};
	size_t i, j;

	for (i = 0; i < nitems(cases); i++) {
		struct machine m = good();

		for (j = 0; j < 2 && cases[i].f[j].name != NULL; j++)
			*machine_add_fwcfg(&m) = cases[i].f[j];
		check(m, cases[i].want);
	}
}

static void
ports(void)
{
	struct machine m = good();
	unsigned i;

	for (i = 0; i < 30; i++)
		(void)machine_add_port(&m);
	m.ports[4].socket = word108 + 1;
	check(m, "");
	m = good();
	for (i = 0; i < 31; i++)
		(void)machine_add_port(&m);
	check(m, "31 console ports are too many, the most is 30");
	m = good(), machine_add_port(&m)->socket = word108;
	check(m, "the socket's path '1234567890");
	m = good(), machine_add_port(&m)->socket = "";
	check(m, "a console port's socket has no file name");
	m = good(), machine_add_port(&m)->socket = "s", machine_add_port(&m)->socket = "s";
	check(m, "two console ports have one socket, 's'");
}

static void
taps_and_qmp(void)
{
	static const char *const bad_taps[] = { "a b", "a,b", "a/b", "1234567890123456", "t\n" };
	static const char *const good_qmp[] = { "localhost:4444", "127.0.0.1:1", "[::1]:65535" };
	static const char *const bad_qmp[] = { "", "4444", ":4444", "localhost:", "localhost:0", "localhost:65536",
		"::1:4444", "a,b:1", "a b:1", "[::1]", "a/b:1" };
	struct machine m;
	size_t i;

	for (i = 0; i < nitems(bad_taps); i++) {
		m = good(), machine_add_tap(&m)->interface = bad_taps[i];
		check(m, "bad tap interface");
	}
	m = good(), machine_add_tap(&m)->interface = "tap0", machine_add_tap(&m)->interface = "tap0";
	check(m, "the tap interface 'tap0' is there twice");
	m = good(), (void)machine_add_tap(&m), machine_add_tap(&m)->interface = "",
	machine_add_tap(&m)->interface = "t";
	check(m, "");
	for (i = 0; i < nitems(good_qmp); i++) {
		m = good(), m.qmp = good_qmp[i];
		check(m, "");
	}
	for (i = 0; i < nitems(bad_qmp); i++) {
		m = good(), m.qmp = bad_qmp[i];
		check(m, "bad QMP address");
	}
}

static void
check_forwards(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = { { "80:80,80:80/udp", "" }, { "127.0.0.1:80:80,127.0.0.2:80:80", "" },
		{ "80:80,80:81", "port 80 of the host is forwarded twice" },
		{ "127.0.0.1:80:80,80:81", "port 80 of the host is forwarded twice" },
		{ "0.0.0.0:53:53/udp,127.0.0.1:53:53/udp", "port 127.0.0.1:53/udp of the host is forwarded twice" } };
	struct arena arena;
	struct err err;
	size_t i;

	arena_init(&arena);
	for (i = 0; i < nitems(cases); i++) {
		struct machine m = good();

		CHECK(machine_forward_parse(&m, &arena, cases[i].text, &err) == 0);
		check(m, cases[i].want);
	}
	arena_release(&arena);
}

static void
cmdline(void)
{
	struct machine m = good();
	struct str s = { 0 };
	struct err err;
	char append[512];

	CHECK(machine_cmdline(&m, &s, &err) == 0);
	CHECK_STR(s.p, "console=com root=NAME=rescueroot -z");
	str_release(&s);
	m.console = MACHINE_CONSOLE_VIOCON;
	m.root = NULL;
	m.append = "-v x=y";
	CHECK(machine_cmdline(&m, &s, &err) == 0);
	CHECK_STR(s.p, "console=viocon -v x=y");
	str_release(&s);
	/* "console=viocon " and 240 more are 255. */
	memset(append, 'x', sizeof(append));
	append[240] = '\0';
	m.append = append;
	CHECK(machine_cmdline(&m, &s, &err) == 0 && s.len == MACHINE_CMDLINE_MAX);
	str_release(&s);
	append[240] = 'x';
	append[242] = '\0';
	CHECK(machine_cmdline(&m, &s, &err) < 0);
	CHECK_STR(err.msg, "the kernel arguments are 2 characters too long: NetBSD reads only 255, and 'console=' and "
			   "'root=' are among them");
	str_release(&s);
	machine_release(&m);
}

static void
cmdline_linux(void)
{
	static const struct {
		const char *arch;
		enum machine_console console;
		const char *want;
	} cases[] = { { "amd64", MACHINE_CONSOLE_COM, "console=ttyS0 root=/dev/vda quiet" },
		{ "i386", MACHINE_CONSOLE_VIOCON, "console=hvc0 root=/dev/vda quiet" },
		{ "evbarm-aarch64", MACHINE_CONSOLE_COM, "console=ttyAMA0 root=/dev/vda quiet" } };
	struct machine m = good();
	struct str s = { 0 };
	struct err err;
	char append[4096];
	size_t i;

	m.guest = MACHINE_GUEST_LINUX;
	m.root = "/dev/vda";
	m.append = "quiet";
	for (i = 0; i < nitems(cases); i++) {
		m.arch = cases[i].arch;
		m.console = cases[i].console;
		CHECK(machine_cmdline(&m, &s, &err) == 0);
		CHECK_STR(s.p, cases[i].want);
		str_release(&s);
	}
	memset(append, 'x', sizeof(append));
	m.root = NULL;
	/* "console=ttyAMA0 " and 2031 more are 2047. */
	append[2031] = '\0';
	m.append = append;
	CHECK(machine_cmdline(&m, &s, &err) == 0 && s.len == MACHINE_CMDLINE_LINUX_MAX);
	str_release(&s);
	append[2031] = 'x', append[2032] = '\0';
	CHECK(machine_cmdline(&m, &s, &err) < 0 &&
	      strstr(err.msg, "1 characters too long: Linux reads only 2047") != NULL);
	str_release(&s);
	machine_release(&m);
}

static void
cpuinfo(void)
{
	CHECK(host_cpuinfo_has_virt("processor\t: 0\nflags\t\t: fpu vme vmx ssse3\nbugs\t\t:\n"));
	CHECK(host_cpuinfo_has_virt("flags\t\t: fpu svm\n"));
	CHECK(host_cpuinfo_has_virt("flags: svm"));
	CHECK(!host_cpuinfo_has_virt("flags\t\t: fpu vme vmxe svm_lock\n"));
	CHECK(!host_cpuinfo_has_virt("model name\t: vmx svm\n"));
	CHECK(!host_cpuinfo_has_virt("vmx flags\t: vnmi\nflags\t: fpu\n"));
	CHECK(!host_cpuinfo_has_virt("flags"));
	CHECK(!host_cpuinfo_has_virt(""));
}

static void
accel(void)
{
	struct host_accel a;
	struct err err = { 0 };

	CHECK(host_accel("tcg", "amd64", &a, &err) == 0 && a.kind == HOST_ACCEL_TCG);
	CHECK(host_accel(NULL, "amd64", &a, &err) == 0 && a.reason[0] != '\0');
	CHECK(host_accel("", "no-such-arch", &a, &err) == 0 && a.kind == HOST_ACCEL_TCG);
	CHECK(host_accel("KVM", "amd64", &a, &err) < 0 && err.usage);
	CHECK_STR(err.msg, "QEMU_ACCEL=KVM: no such accelerator; there are kvm, hvf, nvmm and tcg");
	if (host_native_kind != HOST_ACCEL_TCG) {
		CHECK(host_accel(host_accel_name(host_native_kind), "no-such-arch", &a, &err) < 0);
		CHECK(strstr(err.msg, "needs tcg on this host") != NULL);
	}
}

TEST_MAIN({ "memory sizes", mem }, { "destinations", allows }, { "forwards", forwards }, { "machine checks", checks },
    { "shares", shares }, { "fw_cfg entries", fwcfg }, { "console ports", ports }, { "taps and QMP", taps_and_qmp },
    { "forwards that collide", check_forwards }, { "kernel command line", cmdline },
    { "Linux's command line", cmdline_linux }, { "cpuinfo", cpuinfo }, { "accelerators", accel })
