/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol run: a service's image, or any image, by Docker's spelling.
 *
 *	argument ─► image (and service name) ─► etc/NAME.conf ─► options ─► launch
 *
 * What the user types wins over the conf, which wins over the defaults.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/defs.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/launch.h"

/* Options without a letter. */
enum {
	OPT_ACPI = 1,
	OPT_ALLOW,
	OPT_BALLOON,
	OPT_BIOS,
	OPT_COLD,
	OPT_CONTROL,
	OPT_DRIVE,
	OPT_FILE,
	OPT_INITRD,
	OPT_JSON,
	OPT_NAME,
	OPT_NETWORK,
	OPT_OVERLAY,
	OPT_PTY,
	OPT_QMP,
	OPT_RM,
	OPT_ROOT,
	OPT_RUNS,
	OPT_RW,
	OPT_SERIAL,
	OPT_SOCKETS,
	OPT_TAP,
	OPT_TIMEOUT,
	OPT_TRACE,
	OPT_UNLOCKED,
	OPT_UNTIL,
	OPT_VMM
};

static const struct option longs[] = {
	{ "acpi", no_argument, NULL, OPT_ACPI },
	{ "allow", required_argument, NULL, OPT_ALLOW },
	{ "balloon", no_argument, NULL, OPT_BALLOON },
	{ "bios", no_argument, NULL, OPT_BIOS },
	{ "cold", no_argument, NULL, OPT_COLD },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "detach", no_argument, NULL, 'd' },
	{ "drive", required_argument, NULL, OPT_DRIVE },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "env", required_argument, NULL, 'e' },
	{ "file", required_argument, NULL, OPT_FILE },
	{ "initrd", no_argument, NULL, OPT_INITRD },
	{ "interactive", no_argument, NULL, 'i' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "kernel", required_argument, NULL, 'k' },
	{ "memory", required_argument, NULL, 'm' },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "network", required_argument, NULL, OPT_NETWORK },
	{ "overlay", required_argument, NULL, OPT_OVERLAY },
	{ "print", no_argument, NULL, 'n' },
	{ "publish", required_argument, NULL, 'p' },
	{ "pty", optional_argument, NULL, OPT_PTY },
	{ "qmp", required_argument, NULL, OPT_QMP },
	{ "rm", no_argument, NULL, OPT_RM },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "runs", required_argument, NULL, OPT_RUNS },
	{ "rw", no_argument, NULL, OPT_RW },
	{ "serial", required_argument, NULL, OPT_SERIAL },
	{ "sockets", required_argument, NULL, OPT_SOCKETS },
	{ "tap", optional_argument, NULL, OPT_TAP },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "trace", no_argument, NULL, OPT_TRACE },
	{ "tty", no_argument, NULL, 't' },
	{ "unlocked", no_argument, NULL, OPT_UNLOCKED },
	{ "until", required_argument, NULL, OPT_UNTIL },
	{ "vmm", required_argument, NULL, OPT_VMM },
	{ "volume", required_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

static int
no_image(struct launch *l, const char *arg, const char *path, struct err *err)
{
	const char *known = workspace_services(&l->ws, &l->arena);

	if (launch_is_live(path))
		return launch_no_live(path, err);
	if (launch_service_of(l, arg) == NULL && workspace_service(&l->ws, &l->arena, arg) != NULL)
		return err_set(err, "service '%s' has no image '%s' yet; make it with 'smol build %s'", arg, path, arg);
	return err_set(err, "there is neither an image nor a service '%s'%s%s", arg,
	    *known == '\0' ? "" : "; the services here are ", known);
}

/* A path, a NAME-ARCH[:TAG] of images/, or a service. */
static int
find_image(struct launch *l, const char *arg, struct err *err)
{
	const char *base = strrchr(arg, '/'), *path;

	if (base != NULL || str_ends(arg, ".img") ||
	    (launch_is_file(arg) && workspace_service(&l->ws, &l->arena, arg) == NULL)) {
		base = base == NULL ? arg : base + 1;
		l->machine.name = str_ends(base, ".img") ? arena_strndup(&l->arena, base, strlen(base) - 4) : base;
		l->service = launch_service_of(l, l->machine.name);
		l->image = arg;
		if (!launch_is_file(arg) && workspace_name_ok(arg))
			l->image = workspace_path(&l->ws, &l->arena, arena_printf(&l->arena, "images/%s", arg));
		return 0;
	}
	l->machine.name = arg;
	l->service = launch_service_of(l, arg);
	path = workspace_path(&l->ws, &l->arena, arena_printf(&l->arena, "images/%s.img", arg));
	if (l->service != NULL && launch_is_file(path)) {
		l->image = path;
		return 0;
	}
	if (l->service != NULL || !workspace_name_ok(arg))
		return no_image(l, arg, path, err);
	l->service = arg;
	return 0;
}

static int
read_conf(struct launch *l, struct err *err)
{
	const char *path = l->service == NULL ? NULL : workspace_conf(&l->ws, &l->arena, l->service), *arch;

	if (path == NULL || !launch_is_file(path))
		return 0;
	if (launch_conf(l, path, false, err) < 0)
		return -1;
	arch = launch_get(l, SET_ARCH);
	if (arch == NULL || strcmp(arch, l->arch) == 0)
		return 0;
	if (workspace_arch_check(arch, err) < 0)
		return launch_bad(l, SET_ARCH, err);
	if (l->arch_given || l->image != NULL) {
		(void)err_set(err, "it is for %s, this run is for %s; set ARCH=%s", arch, l->arch, arch);
		return launch_bad(l, SET_ARCH, err);
	}
	l->arch = arch;
	return 0;
}

static int
default_image(struct launch *l, const char *arg, struct err *err)
{
	const char *img = launch_get(l, SET_IMG);

	if (l->image != NULL)
		return 0;
	if (img != NULL)
		l->image = launch_path(
		    l, SET_IMG, str_ends(img, ".img") ? img : arena_printf(&l->arena, "images/%s.img", img));
	else
		l->image = workspace_image(&l->ws, &l->arena, l->service, l->arch, launch_get(l, SET_IMGTAG));
	return launch_is_file(l->image) ? 0 : no_image(l, arg, l->image, err);
}

/* "K=V", or "K" with the environment's value; a variable that is not set is none, as with Docker. */
static int
variable(struct launch *l, const char *arg, struct err *err)
{
	const char *equal = strchr(arg, '='), *value = equal == NULL ? getenv(arg) : equal + 1;
	size_t len = equal == NULL ? strlen(arg) : (size_t)(equal - arg);

	if (len == 0)
		return err_usage(err, "bad guest variable '%s': want NAME=VALUE, or NAME of the environment", arg);
	if (value == NULL)
		return 0;
	*vec_push(l->vars, l->nvars, l->vars_cap) = (struct machine_fwcfg){
		.name = arena_printf(&l->arena, "opt/org.smolbsd.var.%.*s", (int)len, arg),
		.text = value,
	};
	return 0;
}

static int
file(struct launch *l, const char *arg, struct err *err)
{
	const char *equal = strchr(arg, '=');

	if (equal == NULL || equal == arg || equal[1] == '\0')
		return err_usage(err, "bad guest file '%s': want NAME=PATH", arg);
	*vec_push(l->vars, l->nvars, l->vars_cap) = (struct machine_fwcfg){
		.name = arena_printf(&l->arena, "opt/org.smolbsd.file.%.*s", (int)(equal - arg), arg),
		.file = equal + 1,
	};
	return 0;
}

static int
volume(struct launch *l, const char *arg, struct err *err)
{
	bool ro = str_ends(arg, ":ro"), suffix = ro || str_ends(arg, ":rw");
	const char *path = suffix ? arena_strndup(&l->arena, arg, strlen(arg) - 3) : arg;
	struct stat st;

	if (strchr(path, ':') != NULL && stat(path, &st) < 0)
		return err_usage(
		    err, "bad volume '%s': want DIR or DIR:ro; the guest mounts it where it likes, as vio9p0", arg);
	*vec_push(l->shares, l->nshares, l->shares_cap) = (struct machine_share){ .path = path, .read_only = ro };
	return 0;
}

static int
network(struct launch *l, const char *arg, struct err *err)
{
	if (strcmp(arg, "none") != 0 && strcmp(arg, "user") != 0 && strcmp(arg, "restricted") != 0)
		return err_usage(err, "bad network '%s': want user, restricted or none; --tap is a second one", arg);
	launch_set(l, SET_NONET, *arg == 'n' ? "y" : "");
	l->machine.nic.restricted = *arg == 'r';
	return 0;
}

/* Options that are a setting as they are; with the value of those that have no argument. */
static const struct {
	int option;
	enum setting_id id;
	const char *value;
} settings[] = {
	{ 'a', SET_APPEND, NULL },
	{ 'c', SET_CORES, NULL },
	{ 'd', SET_DAEMON, "y" },
	{ 'k', SET_KERNEL, NULL },
	{ 'm', SET_MEM, NULL },
	{ 'n', SET_VERBOSE, "y" },
	{ 'x', SET_EXTRA, NULL },
	{ OPT_ACPI, SET_ACPI, "y" },
	{ OPT_BALLOON, SET_BALLOON, "y" },
	{ OPT_BIOS, SET_BIOS, "y" },
	{ OPT_DRIVE, SET_DRIVE2, NULL },
	{ OPT_INITRD, SET_INITRD, "y" },
	{ OPT_PTY, SET_USE_PTY, "y" },
	{ OPT_QMP, SET_QMP_PORT, NULL },
	{ OPT_ROOT, SET_ROOT, NULL },
	{ OPT_SERIAL, SET_SERIAL_PORT, NULL },
	{ OPT_TAP, SET_BRIDGENET, "y" },
	{ OPT_UNLOCKED, SET_SHARERW, "y" },
	{ OPT_VMM, SET_VMM, NULL },
};

/* 1: it is none of the trace's. */
static int
trace_option(struct launch *l, int ch, struct err *err)
{
	struct launch_trace *t = &l->trace;
	uint64_t n;

	switch (ch) {
	case OPT_COLD:
		t->cold = true;
		break;
	case OPT_JSON:
		t->json = true;
		break;
	case OPT_RUNS:
		if (parse_u64(optarg, 1, 4096, "number of runs", &n, err) < 0)
			return -1;
		t->runs = (unsigned)n;
		break;
	case OPT_TIMEOUT:
		if (parse_u64(optarg, 1, 86400, "number of seconds", &n, err) < 0)
			return -1;
		t->timeout_s = (unsigned)n;
		break;
	case OPT_TRACE:
		t->on = true;
		return 0;
	case OPT_UNTIL:
		t->until = optarg;
		break;
	default:
		return 1;
	}
	return t->command ? 0 : err_usage(err, "that is an option of 'smol trace'");
}

static int
option(struct launch *l, int ch, struct err *err)
{
	int rv = trace_option(l, ch, err);
	size_t i;

	if (rv <= 0)
		return rv;
	switch (ch) {
	case 'e':
		return variable(l, optarg, err);
	case 'i':
	case 't':
		l->all_keys = true;
		return 0;
	case 'p':
		launch_append(l, SET_HOSTFWD, optarg);
		return 0;
	case 'v':
		return volume(l, optarg, err);
	case OPT_ALLOW:
		return machine_allow_parse(&l->machine, &l->arena, optarg, err);
	case OPT_CONTROL:
		l->control = optarg;
		return 0;
	case OPT_FILE:
		return file(l, optarg, err);
	case OPT_NAME:
		l->name = optarg;
		return 0;
	case OPT_NETWORK:
		return network(l, optarg, err);
	case OPT_OVERLAY:
		l->overlay = optarg;
		return 0;
	case OPT_RW:
		l->write_through = true;
		return 0;
	case OPT_SOCKETS:
		return launch_set_sockets(l, optarg, err);
	default: /* --rm is what always happens */
		break;
	}
	for (i = 0; i < nitems(settings); i++)
		if (ch == settings[i].option)
			launch_set(l, settings[i].id, optarg != NULL ? optarg : settings[i].value);
	return 0;
}

/* What was asked for and means nothing beside the rest. */
static int
check_options(const struct launch *l, struct err *err)
{
	if (l->set[SET_DAEMON].file == NULL && launch_is(l, SET_DAEMON) && l->all_keys)
		return err_usage(err, "-d leaves the terminal, -i and -t are about it: one or the other");
	if (l->machine.nic.nallows > 0 && !l->machine.nic.restricted)
		return err_usage(err, "--allow is about a restricted network: it needs --network restricted");
	if (l->overlay != NULL && l->write_through)
		return err_usage(err, "--overlay keeps the writes off the image, --rw lets them in: one or the other");
	if (l->trace.on && launch_is(l, SET_DAEMON))
		return err_usage(err, "-d leaves the machine alone, a trace looks at it: one or the other");
	if (l->control != NULL && launch_is(l, SET_DAEMON))
		return err_usage(err, "with -d the control socket is the state directory's: leave out --control");
	if (l->set[SET_SHARERW].file == NULL && launch_is(l, SET_SHARERW) && !l->write_through)
		return err_usage(err, "--unlocked is about writing to the image: it needs --rw");
	return 0;
}

static int
options(struct launch *l, int argc, char **argv, struct err *err)
{
	int ch;

	while ((ch = cmd_getopt(argc, argv, "a:c:de:ik:m:np:tv:x:", longs, err)) != -1)
		if (ch == -2 || option(l, ch, err) < 0)
			return -1;
	if (argc - optind != 1)
		return err_usage(err, argc == optind ? "which service or image? see 'smol run --help'"
						     : "one service or image at a time; see 'smol run --help'");
	return check_options(l, err);
}

int
launch_run_options(struct launch *l, int argc, char **argv, struct err *err)
{
	if (options(l, argc, argv, err) < 0 || find_image(l, argv[optind], err) < 0 || read_conf(l, err) < 0 ||
	    default_image(l, argv[optind], err) < 0)
		return -1;
	return launch_machine(l, err);
}

static int
run(int argc, char **argv, struct err *err)
{
	struct launch l;
	int rv = -1;

	if (launch_init(&l, err) == 0 && launch_run_options(&l, argc, argv, err) == 0)
		rv = launch_run(&l, err);
	launch_release(&l);
	return rv;
}

const struct command cmd_run = {
	.name = "run",
	.args = "[-dint] [--rw] [-a ARGS] [-c CPUS] [-e K[=V]]... [-k KERNEL] [-m SIZE] [-p FORWARD]...\n"
		"\t[-v DIR[:ro]]... [-x ARGS] [--name NAME] [OPTION]... SERVICE|IMAGE",
	.summary = "run a service or an image in a virtual machine, here and now",
	.help =
	    "  -a ARGS     more kernel arguments; flags (-v, -s, ...) replace the -z (silent) that is the default\n"
	    "  -c CPUS     number of CPUs (1)\n"
	    "  -d          detach: return once the machine runs\n"
	    "  -e K[=V]    variable for the guest, by fw_cfg; without V the environment's\n"
	    "  -i, -t      all keys are the guest's, ^C too; Ctrl-A x ends the machine\n"
	    "  -k KERNEL   kernel (kernels/netbsd-SMOL)\n"
	    "  -m SIZE     memory: MiB, or with a unit as in 1g (256)\n"
	    "  -n, --print print QEMU's command line, or smol-vmm's description, instead of running it\n"
	    "  -p FORWARD  [ADDR:]HOST:GUEST[/udp], or [tcp|udp]:[ADDR]:HOST-[ADDR]:GUEST; may repeat\n"
	    "  -v DIR[:ro] share a directory by 9p (vio9p0, ...)\n"
	    "  -x ARGS     more arguments for QEMU\n"
	    "  --acpi      give the guest ACPI tables and a power button (Linux has them anyway)\n"
	    "  --allow ADDR[/BITS]:PORT[-LAST][/udp]|dns\n"
	    "              with --network restricted: what the guest may reach; may repeat (--vmm smol)\n"
	    "  --balloon   a device by which memory can be taken back from the guest\n"
	    "  --bios      a PC whose BIOS boots the image, with the kernel in it (BIOSBOOT=y; QEMU)\n"
	    "  --control SOCKET\n"
	    "              listen there for requests: JSON, a line each (smol-run(1))\n"
	    "  --drive FILE\n"
	    "              second disk\n"
	    "  --file F=PATH\n"
	    "              file for the guest, by fw_cfg\n"
	    "  --initrd    load the image as initrd: the root is a memory disk\n"
	    "  --name NAME name of the instance (the service's)\n"
	    "  --network user|restricted|none\n"
	    "  --overlay FILE\n"
	    "              keep what the guest writes in FILE, for the next run or to be committed (--vmm smol)\n"
	    "  --pty[=COMMAND]\n"
	    "              console on a pseudo-terminal, for COMMAND\n"
	    "  --qmp PORT  QEMU's QMP on that TCP port of localhost\n"
	    "  --root ROOT root device (the image's label)\n"
	    "  --rw        let the guest write to the image; else its writes end with it\n"
	    "  --trace     tell at the end when it reached what ('smol trace' does it many times)\n"
	    "  --unlocked  with --rw: do not lock the image\n"
	    "  --serial PORT\n"
	    "              console on that TCP port of localhost, by telnet\n"
	    "  --sockets COUNT\n"
	    "              console ports of the guest (ttyVI01, ...) as sockets s-NAME-pN.sock\n"
	    "  --tap[=INTERFACE]\n"
	    "              second NIC, on a tap interface\n"
	    "  --vmm smol|qemu\n"
	    "              monitor: our own (amd64, i386; needs KVM; the default for amd64 where that works), or QEMU\n"
	    "\n"
	    "IMAGE is a file, or NAME-ARCH[:TAG] of images/; etc/SERVICE.conf gives defaults.\n"
	    "Example: smol run -p 8080:80 bozohttpd\n",
	.run = run,
};
