/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine description: sizes, forwards and checks, and what a user reads
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
	m = good(), machine_add_disk(&m)->path = "";
	check(m, "disk 1 has no file");
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

TEST_MAIN({ "memory sizes", mem }, { "forwards", forwards }, { "machine checks", checks },
    { "forwards that collide", check_forwards }, { "kernel command line", cmdline }, { "cpuinfo", cpuinfo },
    { "accelerators", accel })
