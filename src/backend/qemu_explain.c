/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What QEMU's standard error means: its first line that is no warning, by a
 * table of the messages of QEMU 5 to 10, becomes one line that says what to
 * do.  What the table does not have is given as it came.
 */
#include <inttypes.h>
#include <string.h>

#include "backend/qemu_impl.h"
#include "base/defs.h"

/* The first line that is no warning, without QEMU's own name in front; NULL if there is none. */
static char *
relevant_line(const char *output)
{
	const char *line, *end, *colon;
	struct str s = { 0 };

	for (line = output; *line != '\0'; line = *end == '\0' ? end : end + 1) {
		end = line + strcspn(line, "\n");
		if (end == line || memmem(line, (size_t)(end - line), "warning:", 8) != NULL ||
		    str_starts(line, "Please use ") || str_starts(line, "W: "))
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
explain_lock(const struct machine *m, const char *line, struct err *err)
{
	size_t i;

	(void)line;
	for (i = 0; i < m->ndisks; i++)
		if (m->disks[i].persist)
			return err_set(err,
			    "the disk '%s' is in use by another instance; end that one, or use 'smol run' without --rw",
			    m->disks[i].path);
	return err_set(err, "the disk '%s' is being written by another instance (--rw); end that one first",
	    m->ndisks > 0 ? m->disks[0].path : "");
}

/* "... rule 'tcp:127.0.0.1:8080-:80'": which of the machine's it is. */
static int
explain_forward(const struct machine *m, const char *line, struct err *err)
{
	char text[MACHINE_FORWARD_TEXT_MAX];
	size_t i;

	for (i = 0; i < m->nic.nforwards; i++) {
		const struct machine_forward *f = &m->nic.forwards[i];
		struct str rule = { 0 };
		bool same;

		str_addf(&rule, "'%s:%s:%u-%s:%u'", f->udp ? "udp" : "tcp", f->host_addr, f->host_port, f->guest_addr,
		    f->guest_port);
		same = strstr(line, rule.p) != NULL;
		str_release(&rule);
		if (same)
			return err_set(err,
			    "port %s of the host could not be taken: another program has it, or it needs "
			    "privileges; choose another with -p",
			    machine_forward_text(f, text));
	}
	return err_set(err, "a port of the host could not be taken; choose another with -p (%s)", line);
}

static int
explain_qmp(const struct machine *m, const char *line, struct err *err)
{
	return err_set(err, "the QMP address '%s' could not be taken; choose another port (%s)",
	    m->qmp == NULL ? "" : m->qmp, line);
}

static int
explain_kernel(const struct machine *m, const char *line, struct err *err)
{
	(void)line;
	return err_set(err, "the kernel '%s' cannot be read; see whether it is there and you may", m->kernel);
}

static int
explain_memory(const struct machine *m, const char *line, struct err *err)
{
	return err_set(err, "this host has no %" PRIu64 " MiB of memory for the machine; choose less with -m (%s)",
	    m->mem_bytes >> 20, line);
}

/* In the order in which they are looked for. */
static const struct {
	const char *part; /* of QEMU's line */
	int (*fn)(const struct machine *, const char *line, struct err *);
	const char *advice; /* NULL: fn; else QEMU's line follows it */
} messages[] = {
	{ "\" lock", explain_lock, NULL },
	{ "Could not set up host forwarding rule", explain_forward, NULL },
	{ "-qmp tcp:", explain_qmp, NULL },
	{ "could not open kernel file", explain_kernel, NULL },
	{ "could not load kernel", explain_kernel, NULL },
	{ "cannot set up guest memory", explain_memory, NULL },
	{ "Cannot allocate memory", explain_memory, NULL },
	{ "error reading initrd", NULL, "the initrd cannot be read" },
	{ "could not load initrd", NULL, "the initrd cannot be read" },
	{ "/dev/net/tun: No such file", NULL,
	    "this host has no tap interfaces; load its 'tun' module, or leave out the bridged NIC" },
	{ "/dev/net/tun", NULL,
	    "you may not make a tap interface; have one made for you ('ip tuntap add dev tap0 mode tap user YOU') "
	    "and name it" },
	{ "network script ", NULL, "QEMU's script for tap interfaces failed; it needs a bridge and root" },
	{ "KVM kernel module: Permission denied", NULL,
	    "you may not use /dev/kvm; become a member of the group 'kvm', or set QEMU_ACCEL=tcg" },
	{ "KVM kernel module: No such file", NULL, "KVM's module is not loaded; load it, or set QEMU_ACCEL=tcg" },
	{ "Device or resource busy", NULL,
	    "the processor's virtualization is taken by another program (VirtualBox?); end that, or set "
	    "QEMU_ACCEL=tcg" },
	{ "invalid accelerator", NULL, "this QEMU was built without that accelerator; set QEMU_ACCEL=tcg" },
	{ "failed to initialize", NULL, "the accelerator does not start; set QEMU_ACCEL=tcg to do without" },
	{ "could not load PC BIOS", NULL,
	    "QEMU's firmware is missing; install the package with it (Debian: qemu-system-data, seabios)" },
	{ "fsdev support is disabled", NULL,
	    "this QEMU cannot share directories (9p); install one that can, or leave out the share" },
	{ "'virtio-9p-pci' is not a valid", NULL,
	    "this QEMU cannot share directories (9p); install one that can, or leave out the share" },
	{ "'virtio-9p-device' is not a valid", NULL,
	    "this QEMU cannot share directories (9p); install one that can, or leave out the share" },
	{ "is not compiled into this binary", NULL,
	    "this QEMU lacks a kind of network; install a full one, or leave the network out" },
	{ "is not a valid device model name", NULL, "this QEMU lacks a device; install a full one" },
	{ "No 'virtio-bus' bus found", NULL, "the machine has more devices than QEMU takes; leave one out" },
	{ "unsupported machine type", NULL,
	    "this QEMU is too old or too small; smol needs version 5.0 with microvm or virt" },
	{ "is not an instance of type generic-pc-machine", NULL,
	    "this QEMU fails on processors with SGX; update it to 8.2.2 or later, or set QEMU_ACCEL=tcg" },
	{ "Failed to bind socket", NULL, "a console port's socket cannot be made; see whether its directory is there" },
	{ "Cannot lock pid file", NULL, "another instance has the process id's file; end that one" },
	{ "cannot create PID file", NULL, "the process id's file cannot be written" },
	{ "invalid option", NULL, "QEMU does not know one of the additional arguments" },
};

int
qemu_explain(const struct machine *m, const char *output, struct err *err)
{
	cleanup_free char *line = relevant_line(output);
	size_t i;

	if (line == NULL)
		return err_set(err, "it said nothing");
	for (i = 0; i < nitems(messages); i++)
		if (strstr(line, messages[i].part) != NULL)
			return messages[i].fn != NULL ? messages[i].fn(m, line, err)
						      : err_set(err, "%s (%s)", messages[i].advice, line);
	return err_set(err, "%s", line);
}
