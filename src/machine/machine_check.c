/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a machine description makes sense by itself.  What reaches the
 * backend after this has no control characters (they would end QEMU's option
 * or garble a terminal); commas are the backend's to quote.
 */
#include <inttypes.h>
#include <string.h>

#include "base/defs.h"
#include "machine/machine.h"

#define MIB (UINT64_C(1) << 20)

static bool
printable(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static bool
is_word(const char *s)
{
	return *s != '\0' && printable(s) && strchr(s, ' ') == NULL;
}

/* A path that must be there; what is "the initrd", for messages. */
static int
check_path(const char *path, const char *what, struct err *err)
{
	if (path == NULL || *path == '\0')
		return err_usage(err, "%s has no file name", what);
	if (!printable(path))
		return err_usage(err, "the name of %s has control characters", what);
	return 0;
}

static bool
addresses_overlap(const char *a, const char *b)
{
	static const char any[] = "0.0.0.0";

	return *a == '\0' || *b == '\0' || strcmp(a, any) == 0 || strcmp(b, any) == 0 || strcmp(a, b) == 0;
}

static int
check_forwards(const struct machine_nic *nic, struct err *err)
{
	char text[MACHINE_FORWARD_TEXT_MAX];
	size_t i, j;

	if (nic->kind == MACHINE_NIC_NONE && nic->nforwards > 0)
		return err_usage(err, "a machine without network cannot have forwarded ports");
	for (i = 0; i < nic->nforwards; i++) {
		const struct machine_forward *f = &nic->forwards[i];

		if (f->host_port == 0 || f->guest_port == 0)
			return err_usage(err, "a forwarded port must be 1 to 65535");
		for (j = 0; j < i; j++) {
			const struct machine_forward *g = &nic->forwards[j];

			if (f->udp == g->udp && f->host_port == g->host_port &&
			    addresses_overlap(f->host_addr, g->host_addr))
				return err_usage(
				    err, "port %s of the host is forwarded twice", machine_forward_text(f, text));
		}
	}
	return 0;
}

static int
check_taps(const struct machine *m, struct err *err)
{
	size_t i, j;

	for (i = 0; i < m->ntaps; i++) {
		const char *name = m->taps[i].interface;

		if (name == NULL || *name == '\0')
			continue;
		if (!is_word(name) || strpbrk(name, ",/") != NULL || strlen(name) > MACHINE_INTERFACE_MAX)
			return err_usage(err, "bad tap interface '%s': a name of at most %d characters", name,
			    MACHINE_INTERFACE_MAX);
		for (j = 0; j < i; j++)
			if (m->taps[j].interface != NULL && strcmp(name, m->taps[j].interface) == 0)
				return err_usage(err, "the tap interface '%s' is there twice", name);
	}
	return 0;
}

static int
check_disks(const struct machine *m, struct err *err)
{
	size_t i, j;

	if (m->ndisks > MACHINE_DISKS_MAX)
		return err_usage(err, "%zu disks are too many, the most is %d", m->ndisks, MACHINE_DISKS_MAX);
	for (i = 0; i < m->ndisks; i++) {
		const struct machine_disk *d = &m->disks[i];

		if (d->path == NULL || *d->path == '\0')
			return err_usage(err, "disk %zu has no file", i);
		if (!printable(d->path))
			return err_usage(err, "the name of disk '%s' has control characters", d->path);
		if (d->read_only && d->persist)
			return err_usage(err, "disk '%s' cannot be read-only and written to", d->path);
		if (d->unlocked && !d->persist)
			return err_usage(
			    err, "disk '%s' needs no unlocking: its writes do not reach the file", d->path);
		for (j = 0; j < i; j++) {
			const struct machine_disk *other = &m->disks[j];

			if ((d->persist || other->persist) && !(d->unlocked && other->unlocked) &&
			    strcmp(d->path, other->path) == 0)
				return err_usage(err, "disk '%s' is there twice and written to", d->path);
		}
	}
	return 0;
}

static int
check_shares(const struct machine *m, struct err *err)
{
	size_t i, j;

	for (i = 0; i < m->nshares; i++) {
		const struct machine_share *s = &m->shares[i];

		if (s->path == NULL || *s->path == '\0')
			return err_usage(err, "a share has no directory");
		if (!printable(s->path))
			return err_usage(err, "the name of the shared directory '%s' has control characters", s->path);
		if (s->tag == NULL || !is_word(s->tag) || strlen(s->tag) > MACHINE_TAG_MAX)
			return err_usage(err, "bad tag '%s' of the share '%s': one word of at most %d characters",
			    s->tag == NULL ? "" : s->tag, s->path, MACHINE_TAG_MAX);
		for (j = 0; j < i; j++)
			if (strcmp(s->tag, m->shares[j].tag) == 0)
				return err_usage(err, "the shares '%s' and '%s' have one tag, '%s'", m->shares[j].path,
				    s->path, s->tag);
	}
	return 0;
}

static int
check_fwcfg(const struct machine *m, struct err *err)
{
	size_t i, j;

	for (i = 0; i < m->nfwcfg; i++) {
		const struct machine_fwcfg *f = &m->fwcfg[i];

		if (f->name == NULL || !is_word(f->name) || !str_starts(f->name, "opt/"))
			return err_usage(err, "bad fw_cfg name '%s': one word that begins with 'opt/'",
			    f->name == NULL ? "" : f->name);
		if (strlen(f->name) > MACHINE_FWCFG_NAME_MAX)
			return err_usage(err, "the fw_cfg name '%s' is %zu characters too long, the most is %d",
			    f->name, strlen(f->name) - MACHINE_FWCFG_NAME_MAX, MACHINE_FWCFG_NAME_MAX);
		if ((f->text == NULL) == (f->file == NULL))
			return err_usage(err, "fw_cfg '%s' needs either a text or a file", f->name);
		if (f->text != NULL && *f->text == '\0')
			return err_usage(err, "fw_cfg '%s' is empty; give it a value or leave it out", f->name);
		if (f->file != NULL && check_path(f->file, f->name, err) < 0)
			return -1;
		for (j = 0; j < i; j++)
			if (strcmp(f->name, m->fwcfg[j].name) == 0)
				return err_usage(err, "fw_cfg '%s' is there twice", f->name);
	}
	return 0;
}

static int
check_ports(const struct machine *m, struct err *err)
{
	size_t i, j;

	if (m->nports > MACHINE_PORTS_MAX)
		return err_usage(err, "%zu console ports are too many, the most is %d", m->nports, MACHINE_PORTS_MAX);
	for (i = 0; i < m->nports; i++) {
		const char *path = m->ports[i].socket;

		if (path == NULL)
			continue;
		if (check_path(path, "a console port's socket", err) < 0)
			return -1;
		if (strlen(path) > MACHINE_SOCKET_MAX)
			return err_usage(err, "the socket's path '%s' is %zu characters too long, the most is %d", path,
			    strlen(path) - MACHINE_SOCKET_MAX, MACHINE_SOCKET_MAX);
		for (j = 0; j < i; j++)
			if (m->ports[j].socket != NULL && strcmp(path, m->ports[j].socket) == 0)
				return err_usage(err, "two console ports have one socket, '%s'", path);
	}
	return 0;
}

/* "localhost:4444", "127.0.0.1:4444", "[::1]:4444". */
static int
check_qmp(const char *qmp, struct err *err)
{
	const char *colon = strrchr(qmp, ':'), *c;
	struct err ignored;
	uint64_t port;
	bool bracketed = *qmp == '[' && colon != NULL && colon[-1] == ']';

	for (c = qmp; colon != NULL && c < colon; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == ',' || *c == '/' || (*c == ':' && !bracketed))
			break;
	if (colon == NULL || colon == qmp || c < colon || parse_u64(colon + 1, 1, 65535, "port", &port, &ignored) < 0)
		return err_usage(err, "bad QMP address '%s': want HOST:PORT, as in localhost:4444", qmp);
	return 0;
}

static int
check_devices(const struct machine *m, struct err *err)
{
	if (check_disks(m, err) < 0 || check_forwards(&m->nic, err) < 0 || check_taps(m, err) < 0 ||
	    check_shares(m, err) < 0 || check_fwcfg(m, err) < 0 || check_ports(m, err) < 0)
		return -1;
	if (m->qmp != NULL && check_qmp(m->qmp, err) < 0)
		return -1;
	return m->pidfile != NULL ? check_path(m->pidfile, "the process id's file", err) : 0;
}

/* What is booted. */
static int
check_boot(const struct machine *m, struct err *err)
{
	if (m->bios) {
		if (strcmp(m->arch, "amd64") != 0 && strcmp(m->arch, "i386") != 0)
			return err_usage(err, "%s machines have no BIOS; amd64 and i386 have", m->arch);
		if (m->kernel != NULL || m->initrd != NULL || m->ndisks == 0)
			return err_usage(err, "a BIOS boots the first disk, not a kernel");
		return 0;
	}
	if (m->kernel == NULL || *m->kernel == '\0')
		return err_usage(err, "the machine has no kernel; name one with -k");
	if (check_path(m->kernel, "the kernel", err) < 0)
		return -1;
	return m->initrd != NULL ? check_path(m->initrd, "the initrd", err) : 0;
}

int
machine_check(const struct machine *m, struct err *err)
{
	struct str cmdline = { 0 };
	int rv;

	if (m->name == NULL || *m->name == '\0' || !printable(m->name) || strpbrk(m->name, ",/ ") != NULL)
		return err_usage(err, "bad machine name '%s'", m->name == NULL ? "" : m->name);
	if (m->arch == NULL || *m->arch == '\0')
		return err_usage(err, "the machine has no architecture");
	if (check_boot(m, err) < 0)
		return -1;
	if (m->mem_bytes < MACHINE_MEM_MIN || m->mem_bytes > MACHINE_MEM_MAX)
		return err_usage(err, "bad memory size %" PRIu64 ": must be 16M to 1T", m->mem_bytes);
	if (m->mem_bytes % MIB != 0)
		return err_usage(err, "bad memory size %" PRIu64 ": must be whole MiB", m->mem_bytes);
	if (m->cpus < 1 || m->cpus > MACHINE_CPUS_MAX)
		return err_usage(err, "bad number of CPUs %u: must be 1 to %d", m->cpus, MACHINE_CPUS_MAX);
	if (m->root != NULL && !is_word(m->root))
		return err_usage(err, "bad root device '%s': it must be one word", m->root);
	if (m->append != NULL && !printable(m->append))
		return err_usage(err, "the kernel arguments '%s' have control characters", m->append);
	if (check_devices(m, err) < 0)
		return -1;
	rv = machine_cmdline(m, &cmdline, err);
	str_release(&cmdline);
	return rv;
}
