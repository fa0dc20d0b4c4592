/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Settings and image → struct machine, with smolBSD's defaults.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"
#include "base/stream.h"
#include "base/words.h"
#include "cmd/fetch_progress.h"
#include "cmd/launch.h"
#include "host/host.h"
#include "image/image.h"
#include "machine/kernel.h"
#include "service/service.h"
#include "source/fetch.h"

/* The default kernel, fetched from KDIST if it is not there. */
static int
default_kernel(struct launch *l, struct err *err)
{
	bool mine = l->service != NULL && workspace_service(&l->ws, &l->arena, l->service) != NULL;
	struct service_request request = { .name = mine ? l->service : NULL, .inputs_only = true, .arch = l->arch };
	struct fetch_progress progress;
	struct fetch_options options;
	struct service service;

	l->machine.kernel = workspace_kernel(&l->ws, &l->arena, kernel_default_name(l->arch));
	if (launch_is_file(l->machine.kernel))
		return 0;
	if (service_load(&l->arena, &l->ws, &request, &service, err) < 0)
		return -1;
	fetch_progress_init(&progress, false, stderr, NULL);
	fetch_options_init(&options);
	/* Who only looks at the command line wants nothing to come. */
	options.offline |= launch_is(l, SET_VERBOSE);
	options.only_missing = true;
	options.event = fetch_progress_event;
	options.arg = &progress;
	return fetch_kernel(&l->ws, &service, &options, err) < 0
		   ? err_wrap(err, "without -k, the kernel is %s", kernel_default_name(l->arch))
		   : 0;
}

/* The image brings its own kernel and arguments: what is about others cannot be meant; a conf's are for other runs. */
static int
choose_bios(struct launch *l, struct err *err)
{
	static const struct {
		enum setting_id id;
		const char *option;
	} others[] = { { SET_KERNEL, "-k" }, { SET_APPEND, "-a" }, { SET_ROOT, "--root" }, { SET_INITRD, "--initrd" } };
	struct machine *m = &l->machine;
	size_t i;

	for (i = 0; i < nitems(others); i++)
		if (launch_get(l, others[i].id) != NULL && l->set[others[i].id].file == NULL)
			return err_usage(
			    err, "with --bios the image boots its own kernel: leave out %s", others[i].option);
	m->bios = true;
	m->balloon = launch_is(l, SET_BALLOON);
	m->console = MACHINE_CONSOLE_COM;
	return 0;
}

/* NetBSD heeds the first console=, which is ours: what the user says about it becomes that. */
static void
choose_console(struct launch *l)
{
	const char *p = launch_get(l, SET_APPEND);
	size_t len;

	if (p == NULL || l->machine.guest == MACHINE_GUEST_LINUX)
		return;
	for (p += strspn(p, " "); *p != '\0'; p += len + strspn(p + len, " ")) {
		len = strcspn(p, " ");
		if (len == strlen("console=com") && strncmp(p, "console=com", len) == 0)
			l->machine.console = MACHINE_CONSOLE_COM;
		else if (len == strlen("console=viocon") && strncmp(p, "console=viocon", len) == 0)
			l->machine.console = MACHINE_CONSOLE_VIOCON;
	}
}

static int
choose_kernel(struct launch *l, struct err *err)
{
	const char *chosen = launch_get(l, SET_KERNEL), *env = getenv("KERNEL");
	struct machine *m = &l->machine;
	struct kernel k;

	if (chosen != NULL)
		m->kernel = launch_path(l, SET_KERNEL, chosen);
	else if (env != NULL && *env != '\0')
		m->kernel = env;
	else if (default_kernel(l, err) < 0)
		return -1;
	if (kernel_probe(m->kernel, &k, err) < 0 || kernel_check(&k, m->kernel, l->arch, err) < 0)
		return launch_bad(l, SET_KERNEL, err);
	m->guest = k.is_linux ? MACHINE_GUEST_LINUX : MACHINE_GUEST_NETBSD;
	m->acpi = launch_get(l, SET_ACPI) != NULL ? launch_is(l, SET_ACPI) : k.is_linux;
	m->balloon = launch_is(l, SET_BALLOON);
	m->console = k.viocon ? MACHINE_CONSOLE_VIOCON : MACHINE_CONSOLE_COM;
	choose_console(l);
	return 0;
}

/* The image's own label says what the root is called. */
static const char *
netbsd_root(struct launch *l, struct err *err)
{
	struct image_partition part;
	int fd;

	if (image_open(l->image, &fd, &part, err) < 0) {
		/* Another file system than ours, but there is a name that it should have. */
		if (l->service != NULL && access(l->image, R_OK) == 0)
			return arena_printf(&l->arena, "NAME=%sroot", l->service);
		return NULL;
	}
	(void)close(fd);
	if (part.letter != 0)
		return arena_printf(&l->arena, "ld0%c", part.letter);
	if (!part.gpt)
		return "ld0a"; /* a disk without any table is ld0a whole */
	if (*part.label != '\0' && strchr(part.label, ' ') == NULL)
		return arena_printf(&l->arena, "NAME=%s", part.label);
	return "dk0";
}

/*
 * The kernel takes a memory disk as one file system: of an image with
 * partitions that is one of them, copied into memory.
 */
static const char *
memory_disk(struct launch *l, struct err *err)
{
	struct image_partition part;
	char path[HOST_MEMORY_PATH_MAX];
	uint8_t digest[SHA256_SIZE];
	struct err ignored = { 0 };
	struct stream *out;
	int fd;

	/* Of another kind, or none: as it is. */
	if (image_open(l->image, &fd, &part, &ignored) < 0)
		return l->image;
	if ((!part.gpt && !part.mbr && part.letter == 0) || launch_is(l, SET_VERBOSE)) {
		(void)close(fd);
		return l->image;
	}
	l->initrd_fd = host_memory_file(path, err);
	if (l->initrd_fd < 0) {
		(void)close(fd);
		return NULL;
	}
	out = stream_open(l->initrd_fd, l->image, false);
	(void)stream_copy(out, fd, part.offset, part.bytes, l->image);
	(void)close(fd);
	return stream_close(out, digest, err) < 0 ? NULL : arena_strdup(&l->arena, path);
}

static int
choose_root(struct launch *l, struct err *err)
{
	struct machine *m = &l->machine;

	if (launch_is(l, SET_INITRD)) {
		m->initrd = memory_disk(l, err);
		return m->initrd == NULL ? -1 : 0;
	}
	m->root = launch_get(l, SET_ROOT);
	if (m->root == NULL)
		m->root = m->guest == MACHINE_GUEST_LINUX ? "/dev/vda" : netbsd_root(l, err);
	return m->root == NULL ? -1 : 0;
}

/* "-z" (silent) stands in front unless the user chose flags himself. */
static const char *
choose_append(struct launch *l)
{
	const char *s = launch_get(l, SET_APPEND), *p;

	if (l->machine.guest == MACHINE_GUEST_LINUX)
		return s == NULL ? "" : s;
	if (s == NULL)
		return "-z";
	if (l->loud)
		return s;
	for (p = s; *p != '\0'; p += strspn(p, " ")) {
		if (*p == '-')
			return s;
		p += strcspn(p, " ");
	}
	return arena_printf(&l->arena, "-z %s", s);
}

static int
sizes(struct launch *l, struct err *err)
{
	const char *mem = launch_get(l, SET_MEM), *cpus = launch_get(l, SET_CORES);
	uint64_t n;

	if (mem != NULL && machine_mem_parse(mem, &l->machine.mem_bytes, err) < 0)
		return launch_bad(l, SET_MEM, err);
	if (cpus == NULL)
		return 0;
	if (parse_u64(cpus, 1, MACHINE_CPUS_MAX, "number of CPUs", &n, err) < 0)
		return launch_bad(l, SET_CORES, err);
	l->machine.cpus = (unsigned)n;
	return 0;
}

static void
disks(struct launch *l)
{
	const char *second = launch_get(l, SET_DRIVE2);
	struct machine_disk *disk;

	if (l->machine.initrd == NULL) {
		disk = machine_add_disk(&l->machine);
		disk->path = l->image;
		disk->persist = l->write_through;
		disk->overlay = l->overlay;
		disk->unlocked = l->write_through && launch_is(l, SET_SHARERW);
	}
	if (second != NULL) {
		disk = machine_add_disk(&l->machine);
		disk->path = launch_path(l, SET_DRIVE2, second);
		disk->persist = l->write_through;
	}
}

static int
network(struct launch *l, struct err *err)
{
	const char *forwards = launch_get(l, SET_HOSTFWD), *bridge = launch_get(l, SET_BRIDGENET);
	struct machine *m = &l->machine;

	if (launch_is(l, SET_NONET)) {
		m->nic.kind = MACHINE_NIC_NONE;
		/* A conf's ports are its network's; the user's own are a contradiction. */
		if (l->set[SET_HOSTFWD].file != NULL && l->set[SET_NONET].file == NULL)
			forwards = NULL;
	}
	if (forwards != NULL && machine_forward_parse(m, &l->arena, forwards, err) < 0)
		return launch_bad(l, SET_HOSTFWD, err);
	if (launch_is(l, SET_BRIDGENET))
		machine_add_tap(m)->interface = str_starts(bridge, "tap") ? bridge : "";
	return 0;
}

static void
shares(struct launch *l)
{
	const char *share = launch_get(l, SET_SHARE);
	struct machine_share *s;
	size_t i;

	for (i = 0; i < l->nshares; i++) {
		s = machine_add_share(&l->machine);
		*s = l->shares[i];
		s->tag = arena_printf(&l->arena, "vio9p%zu", i);
	}
	if (l->nshares > 0 || share == NULL)
		return;
	s = machine_add_share(&l->machine);
	s->tag = "vio9p0";
	s->path = launch_path(l, SET_SHARE, share);
}

static int
fwcfg(struct launch *l, struct err *err)
{
	const char *vars = launch_get(l, SET_FWCFGVAR), *files = launch_get(l, SET_FWCFGFILE);
	struct machine *m = &l->machine;
	size_t i, j;

	if (vars != NULL && machine_fwcfg_parse(m, &l->arena, vars, false, err) < 0)
		return launch_bad(l, SET_FWCFGVAR, err);
	i = m->nfwcfg;
	if (files != NULL && machine_fwcfg_parse(m, &l->arena, files, true, err) < 0)
		return launch_bad(l, SET_FWCFGFILE, err);
	for (; i < m->nfwcfg; i++)
		m->fwcfg[i].file = launch_path(l, SET_FWCFGFILE, m->fwcfg[i].file);
	for (i = 0; i < l->nvars; i++) {
		for (j = 0; j < m->nfwcfg && strcmp(m->fwcfg[j].name, l->vars[i].name) != 0; j++)
			continue;
		*(j < m->nfwcfg ? &m->fwcfg[j] : machine_add_fwcfg(m)) = l->vars[i];
	}
	return 0;
}

/*
 * Beside the console, those that are asked for.  None by itself: with further
 * ports the console is another device to the kernel (MULTIPORT), of which
 * NetBSD's driver panics with DIAGNOSTIC and hears no keys at kernel prompts.
 */
static int
ports(struct launch *l, struct err *err)
{
	const char *max = launch_get(l, SET_MAX_PORTS);
	struct machine *m = &l->machine;
	uint64_t n = 1, i;

	if (max != NULL && parse_u64(max, 1, 1 + MACHINE_PORTS_MAX, "number of console ports", &n, err) < 0)
		return launch_bad(l, SET_MAX_PORTS, err);
	for (i = 1; i < n; i++)
		machine_add_port(m)->socket = arena_printf(&l->arena, "s-%s-p%u.sock", m->name, (unsigned)i);
	return 0;
}

static int
extras(struct launch *l, struct err *err)
{
	const char *qmp = launch_get(l, SET_QMP_PORT), *extra = launch_get(l, SET_EXTRA);
	struct machine *m = &l->machine;
	uint64_t port;

	if (qmp != NULL) {
		if (parse_u64(qmp, 1, 65535, "QMP port", &port, err) < 0)
			return launch_bad(l, SET_QMP_PORT, err);
		m->qmp = arena_printf(&l->arena, "localhost:%u", (unsigned)port);
	}
	if (l->pidfile)
		m->pidfile = arena_printf(&l->arena, "qemu-%s.pid", m->name);
	if (extra != NULL && words_split(&l->arena, extra, &m->qemu_args, &m->nqemu_args, err) < 0)
		return launch_bad(l, SET_EXTRA, err);
	return 0;
}

int
launch_machine(struct launch *l, struct err *err)
{
	struct machine *m = &l->machine;

	m->arch = l->arch;
	m->name = l->name != NULL ? l->name : l->service != NULL ? l->service : m->name;
	if (launch_is(l, SET_BIOS) ? choose_bios(l, err) < 0 : choose_kernel(l, err) < 0 || choose_root(l, err) < 0)
		return -1;
	if (sizes(l, err) < 0 || network(l, err) < 0 || fwcfg(l, err) < 0 || ports(l, err) < 0 || extras(l, err) < 0)
		return -1;
	m->append = m->bios ? "" : choose_append(l);
	disks(l);
	shares(l);
	return machine_check(m, err);
}
