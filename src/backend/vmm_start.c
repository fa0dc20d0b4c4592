/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine → smol-vmm's description, and smol-net's.  A line names descriptors
 * that the process inherits, or, shown to people, what would be opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/vmm_impl.h"
#include "base/defs.h"
#include "base/io.h"
#include "machine/disk_lock.h"

struct writer {
	const struct machine *m;
	const struct backend_env *env;
	struct arena *arena;
	struct backend_start *start; /* NULL: only shown */
	struct str text;
	unsigned nics;
	struct err *err;
};

/* --- descriptors, or their names --- */

/* Takes fd, which the monitor inherits; what the description calls it. */
static const char *
given(struct writer *w, int fd)
{
	struct backend_start *s = w->start;

	s->opened[s->nopened++] = fd;
	s->monitor.keep[s->monitor.nkeep++] = fd;
	return arena_printf(w->arena, "%d", fd);
}

/* One that somebody else owns; shown as what. */
static const char *
lent(struct writer *w, int fd, const char *what)
{
	if (w->start == NULL)
		return what;
	w->start->monitor.keep[w->start->monitor.nkeep++] = fd;
	return arena_printf(w->arena, "%d", fd);
}

static const char *
opened(struct writer *w, const char *path, int flags, const char *what)
{
	int fd;

	if (w->start == NULL)
		return path;
	fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0) {
		(void)err_sys(
		    w->err, "cannot open %s '%s'%s", what, path, (flags & O_ACCMODE) == O_RDWR ? " for writing" : "");
		return NULL;
	}
	return given(w, fd);
}

static const char *
text_file(struct writer *w, const char *text)
{
	char path[HOST_MEMORY_PATH_MAX];
	int fd;

	if (w->start == NULL)
		return arena_printf(w->arena, "\"%s\"", text);
	fd = host_memory_file(path, w->err);
	if (fd < 0)
		return NULL;
	if (write_full(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		(void)err_sys(w->err, "cannot write a file in memory");
		(void)close(fd);
		return NULL;
	}
	return given(w, fd);
}

/* A line of a word and descriptors' names, the first of which may have failed. */
static int
line(struct writer *w, const char *word, const char *fd, const char *rest)
{
	if (fd == NULL)
		return -1;
	str_addf(&w->text, "%s %s%s\n", word, fd, rest);
	return 0;
}

/* --- devices --- */

/* The file of that name, or one that goes with the machine. */
static const char *
overlay(struct writer *w, const char *path)
{
	int fd;

	if (path != NULL)
		return opened(w, path, O_RDWR | O_CREAT, "the overlay");
	if (w->start == NULL)
		return "(temporary)";
	fd = host_temporary_file(w->err);
	return fd < 0 ? NULL : given(w, fd);
}

static int
add_disk(struct writer *w, const struct machine_disk *d)
{
	/* A kept overlay can be committed, so the image is its machine's alone. */
	bool writes = d->persist || d->overlay != NULL;
	const char *fd = opened(w, d->path, writes ? O_RDWR : O_RDONLY, "the disk"), *over = "-";
	int raw;

	if (fd == NULL)
		return -1;
	if (w->start != NULL) {
		raw = w->start->opened[w->start->nopened - 1];
		if (!d->unlocked && disk_lock(raw, writes ? DISK_LOCK_WRITE : DISK_LOCK_READ, d->path, w->err) < 0)
			return -1;
	}
	if (!d->persist && !d->read_only)
		over = overlay(w, d->overlay);
	if (over == NULL)
		return -1;
	str_addf(&w->text, "disk %s %s %s\n", fd, over, d->read_only ? "ro" : "rw");
	return 0;
}

static int
add_disks(struct writer *w)
{
	size_t i;

	for (i = 0; i < w->m->ndisks; i++)
		if (add_disk(w, &w->m->disks[i]) < 0)
			return -1;
	return 0;
}

/* QEMU's numbering of its own NICs: guests keep their leases. */
static int
add_nic(struct writer *w, const char *fd)
{
	return line(w, "net", fd, arena_printf(w->arena, " 52:54:00:12:34:%02x", 0x56 + w->nics++));
}

static void
net_description(const struct machine_nic *nic, const char *frames, const char *ready, struct str *out)
{
	size_t i;

	str_addf(out, "smol-net 1\nframes %s\nready %s\n", frames, ready);
	if (nic->restricted)
		str_add(out, "restrict\n");
	for (i = 0; i < nic->nallows; i++)
		str_addf(out, "allow %s %s %s\n", nic->allows[i].udp ? "udp" : "tcp", nic->allows[i].prefix,
		    nic->allows[i].ports);
	for (i = 0; i < nic->nforwards; i++) {
		const struct machine_forward *f = &nic->forwards[i];

		str_addf(out, "forward %s %s %u %s %u\n", f->udp ? "udp" : "tcp",
		    *f->host_addr == '\0' ? "0.0.0.0" : f->host_addr, f->host_port,
		    *f->guest_addr == '\0' ? "10.0.2.15" : f->guest_addr, f->guest_port);
	}
}

/* The other process: its ends of the sockets, and its description. */
static int
prepare_net(struct writer *w, int frames, int ready)
{
	struct backend_start *s = w->start;
	struct backend_command *net = &s->net;
	const char *program = vmm_program("smol-net", "SMOL_NET", w->arena, w->err), **argv;
	char path[HOST_MEMORY_PATH_MAX];
	struct str text = { 0 };
	int fd, rv;

	if (program == NULL)
		return -1;
	fd = host_memory_file(path, w->err);
	if (fd < 0)
		return -1;
	s->opened[s->nopened++] = fd;
	net_description(&w->m->nic, arena_printf(w->arena, "%d", frames), arena_printf(w->arena, "%d", ready), &text);
	rv = write_full(fd, text.p, text.len) < 0 || lseek(fd, 0, SEEK_SET) < 0;
	str_release(&text);
	if (rv != 0)
		return err_sys(w->err, "cannot write a file in memory");
	net->keep[net->nkeep++] = frames;
	net->keep[net->nkeep++] = ready;
	net->keep[net->nkeep++] = fd;
	argv = arena_calloc(w->arena, 3, sizeof(*argv));
	argv[0] = program;
	argv[1] = arena_printf(w->arena, "%d", fd);
	net->argv = argv;
	return 0;
}

static int
add_user_nic(struct writer *w)
{
	int frames[2], ready[2];

	if (w->m->nic.kind == MACHINE_NIC_NONE)
		return 0;
	if (w->start == NULL)
		return add_nic(w, "(smol-net)");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, frames) < 0)
		return err_sys(w->err, "cannot make sockets");
	w->start->opened[w->start->nopened++] = frames[1];
	if (add_nic(w, given(w, frames[0])) < 0)
		return -1;
	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_sys(w->err, "cannot make a pipe");
	w->start->ready_fd = ready[0];
	w->start->opened[w->start->nopened++] = ready[1];
	return prepare_net(w, frames[1], ready[1]);
}

static int
add_taps(struct writer *w)
{
	const char *name;
	size_t i;
	int fd;

	for (i = 0; i < w->m->ntaps; i++) {
		name = w->m->taps[i].interface == NULL ? "" : w->m->taps[i].interface;
		fd = w->start == NULL ? -1 : host_tap_open(name, w->err);
		if (w->start != NULL && fd < 0)
			return -1;
		if (add_nic(w, w->start == NULL ? (*name == '\0' ? "(tap)" : name) : given(w, fd)) < 0)
			return -1;
	}
	return 0;
}

static int
add_shares(struct writer *w)
{
	size_t i;

	for (i = 0; i < w->m->nshares; i++) {
		const struct machine_share *s = &w->m->shares[i];
		const char *fd = opened(w, s->path, O_RDONLY | O_DIRECTORY, "the shared directory");

		if (fd == NULL)
			return -1;
		str_addf(&w->text, "share %s %s %s\n", s->tag, fd, s->read_only ? "ro" : "rw");
	}
	return 0;
}

static int
add_fwcfg(struct writer *w)
{
	size_t i;

	for (i = 0; i < w->m->nfwcfg; i++) {
		const struct machine_fwcfg *f = &w->m->fwcfg[i];
		const char *fd =
		    f->file != NULL ? opened(w, f->file, O_RDONLY, "the guest's file") : text_file(w, f->text);

		if (line(w, arena_printf(w->arena, "fwcfg %s", f->name), fd, "") < 0)
			return -1;
	}
	return 0;
}

static int
add_consoles(struct writer *w)
{
	const char *console = lent(w, w->env->console_fd, "(console)");
	size_t i;

	if (line(w, w->m->console == MACHINE_CONSOLE_VIOCON ? "console" : "uart", console, "") < 0)
		return -1;
	for (i = 0; i < w->m->nports; i++) {
		const char *path = w->m->ports[i].socket == NULL ? "(nobody)" : w->m->ports[i].socket;

		if (line(w, "port", lent(w, w->start == NULL ? -1 : w->env->port_fds[i], path), "") < 0)
			return -1;
	}
	return 0;
}

/* --- the whole --- */

static int
describe(struct writer *w)
{
	const struct machine *m = w->m;

	str_addf(&w->text, "smol-vmm 1\ncpus %u\nmem %" PRIu64 "\n", m->cpus, m->mem_bytes);
	if (line(w, "kvm", opened(w, "/dev/kvm", O_RDWR, "the device"), "") < 0 ||
	    line(w, "kernel", opened(w, m->kernel, O_RDONLY, "the kernel"), "") < 0)
		return -1;
	if (m->initrd != NULL && line(w, "initrd", opened(w, m->initrd, O_RDONLY, "the initrd"), "") < 0)
		return -1;
	str_add(&w->text, "cmdline ");
	if (machine_cmdline(m, &w->text, w->err) < 0)
		return -1;
	str_addf(&w->text, "\n%s", m->acpi ? "acpi\n" : "");
	if (add_consoles(w) < 0 || add_disks(w) < 0 || add_user_nic(w) < 0 || add_taps(w) < 0 || add_shares(w) < 0 ||
	    add_fwcfg(w) < 0)
		return -1;
	str_addf(&w->text, "rng\n%s", m->balloon ? "balloon\n" : "");
	return line(w, "control", lent(w, w->env->control_fd, "(smol)"), "");
}

int
vmm_prepare(const struct machine *m, const struct backend_env *env, struct arena *arena, struct backend_start *start,
    struct err *err)
{
	struct writer w = { .m = m, .env = env, .arena = arena, .start = start, .err = err };
	const char **argv = arena_calloc(arena, 3, sizeof(*argv));
	int rv = describe(&w);

	start->power_button = m->acpi;
	argv[0] = env->program;
	argv[1] = rv < 0 ? NULL : text_file(&w, w.text.p);
	str_release(&w.text);
	start->monitor.argv = argv;
	return argv[1] == NULL ? -1 : 0;
}

int
vmm_show(const struct machine *m, const struct backend_env *env, struct arena *arena, struct str *out, struct err *err)
{
	struct writer w = { .m = m, .env = env, .arena = arena, .err = err };
	int rv = describe(&w);

	if (rv == 0)
		str_addn(out, w.text.p, w.text.len);
	if (rv == 0 && m->nic.kind != MACHINE_NIC_NONE) {
		str_add(out, "\n");
		net_description(&m->nic, "(smol-vmm)", "(smol)", out);
	}
	str_release(&w.text);
	return rv;
}
