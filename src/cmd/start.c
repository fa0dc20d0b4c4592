/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol start: the flags of smolBSD's startnb.sh, and their meaning.  They take
 * effect in their order: what stands behind -f wins over the conf.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/launch.h"

static const struct option longs[] = {
	{ "append", required_argument, NULL, 'a' },
	{ "bridge", no_argument, NULL, 'b' },
	{ "conf", required_argument, NULL, 'f' },
	{ "cores", required_argument, NULL, 'c' },
	{ "detach", no_argument, NULL, 'd' },
	{ "drive", required_argument, NULL, 'l' },
	{ "env", required_argument, NULL, 'e' },
	{ "extra", required_argument, NULL, 'x' },
	{ "file", required_argument, NULL, 'E' },
	{ "image", required_argument, NULL, 'i' },
	{ "initrd", no_argument, NULL, 'I' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "memory", required_argument, NULL, 'm' },
	{ "name", required_argument, NULL, 1 },
	{ "no-network", no_argument, NULL, 'N' },
	{ "plain", no_argument, NULL, 'u' },
	{ "port", required_argument, NULL, 'p' },
	{ "print", no_argument, NULL, 'v' },
	{ "pty", no_argument, NULL, 'P' },
	{ "root", required_argument, NULL, 'r' },
	{ "serial", required_argument, NULL, 't' },
	{ "share", required_argument, NULL, 'w' },
	{ "sockets", required_argument, NULL, 'n' },
	{ "unlocked", no_argument, NULL, 's' },
	{ "vmm", required_argument, NULL, 2 },
	{ NULL, 0, NULL, 0 },
};

/* Flags that are a setting; with the value of those that have no argument. */
static const struct {
	char flag;
	enum setting_id id;
	const char *value;
} flags[] = {
	{ 'a', SET_APPEND, NULL },
	{ 'b', SET_BRIDGENET, "y" },
	{ 'c', SET_CORES, NULL },
	{ 'd', SET_DAEMON, "y" },
	{ 'e', SET_FWCFGVAR, NULL },
	{ 'E', SET_FWCFGFILE, NULL },
	{ 'i', SET_IMG, NULL },
	{ 'I', SET_INITRD, "y" },
	{ 'k', SET_KERNEL, NULL },
	{ 'l', SET_DRIVE2, NULL },
	{ 'm', SET_MEM, NULL },
	{ 'N', SET_NONET, "y" },
	{ 'p', SET_HOSTFWD, NULL },
	{ 'P', SET_USE_PTY, "y" },
	{ 'r', SET_ROOT, NULL },
	{ 's', SET_SHARERW, "y" },
	{ 't', SET_SERIAL_PORT, NULL },
	{ 'v', SET_VERBOSE, "y" },
	{ 'w', SET_SHARE, NULL },
	{ 'x', SET_EXTRA, NULL },
};

static const char *
base_name(struct launch *l, const char *path, const char *suffix)
{
	const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
	size_t len = strlen(base);

	return arena_strndup(&l->arena, base, str_ends(base, suffix) ? len - strlen(suffix) : len);
}

/* Sourced where it stands. A name without a slash may be one of the workspace's. */
static int
conf(struct launch *l, const char *arg, struct err *err)
{
	const char *path = arg, *arch;

	if (!launch_is_file(arg) && strchr(arg, '/') == NULL)
		path = workspace_conf(&l->ws, &l->arena, base_name(l, arg, ".conf"));
	else if (!launch_is_file(arg) && *arg != '/')
		path = workspace_path(&l->ws, &l->arena, arg);
	if (launch_conf(l, path == NULL ? arg : path, true, err) < 0)
		return -1;
	l->service = base_name(l, arg, ".conf");
	arch = launch_get(l, SET_ARCH);
	if (arch == NULL)
		return 0;
	if (workspace_arch_check(arch, err) < 0)
		return launch_bad(l, SET_ARCH, err);
	l->arch = arch;
	l->arch_given = true;
	return 0;
}

static int
flag(struct launch *l, int ch, struct err *err)
{
	size_t i;

	switch (ch) {
	case 1:
		l->name = optarg;
		return 0;
	case 2:
		launch_set(l, SET_VMM, optarg);
		return 0;
	case 'f':
		return conf(l, optarg, err);
	case 'n':
		return launch_set_sockets(l, optarg, err);
	case 'u':
		return setenv("NO_COLOR", "1", 1);
	default:
		break;
	}
	for (i = 0; i < nitems(flags); i++)
		if (ch == flags[i].flag)
			launch_set(l, flags[i].id, flags[i].value == NULL ? optarg : flags[i].value);
	return 0;
}

/* "images/x.img" as it is, "x-amd64:tag" of the workspace; else the service's own. */
static int
find_image(struct launch *l, struct err *err)
{
	const char *img = launch_get(l, SET_IMG), *env = getenv("NBIMG"), *path;

	if (img == NULL && env != NULL && *env != '\0')
		launch_set(l, SET_IMG, env);
	img = launch_get(l, SET_IMG);
	if (img == NULL && l->service == NULL)
		return err_usage(err, "no image: name one with -i, or a conf with -f; see 'smol start --help'");
	if (img == NULL) {
		l->image = workspace_image(&l->ws, &l->arena, l->service, l->arch, launch_get(l, SET_IMGTAG));
	} else {
		path = arena_printf(&l->arena, "images/%s.img", img);
		l->image = launch_path(l, SET_IMG, img);
		if (!str_ends(img, ".img") && !(launch_is_file(l->image) && strchr(img, '/') != NULL))
			l->image = launch_path(l, SET_IMG, path);
		l->machine.name = base_name(l, img, ".img");
		if (l->service == NULL)
			l->service = launch_service_of(l, l->machine.name);
	}
	if (launch_is_file(l->image))
		return 0;
	if (l->service != NULL && workspace_service(&l->ws, &l->arena, l->service) != NULL)
		return err_set(err, "there is no image '%s'; make it with 'smol build %s', or name one with -i",
		    l->image, l->service);
	if (launch_is_live(l->image))
		return launch_no_live(l->image, err);
	return err_set(err, "there is no image '%s'; name one with -i", l->image);
}

static int
start(int argc, char **argv, struct err *err)
{
	struct launch l;
	int rv = -1, ch = 0;

	if (launch_init(&l, err) == 0) {
		while ((ch = cmd_getopt(argc, argv, "f:k:a:e:E:p:i:Im:n:c:r:l:uw:x:t:hbdsPNv", longs, err)) >= 0)
			if (ch == 'h' || flag(&l, ch, err) < 0)
				break;
	} else
		ch = -2;
	l.write_through = l.pidfile = l.loud = l.all_keys = true;
	if (ch == 'h')
		rv = cmd_help(&cmd_start);
	else if (ch == -1 && optind < argc)
		rv = err_usage(err, "'%s' is no option; name the image with -i, a conf with -f", argv[optind]);
	else if (ch == -1 && find_image(&l, err) == 0 && launch_machine(&l, err) == 0)
		rv = launch_run(&l, err);
	launch_release(&l);
	return rv;
}

const struct command cmd_start = {
	.name = "start",
	.args = "[-bdhINPsuv] [-a ARGS] [-c CPUS] [-e K=V,...] [-E F=PATH,...] [-f CONF] [-i IMAGE] [-k KERNEL]\n"
		"\t[-l DRIVE] [-m SIZE] [-n COUNT] [-p FORWARD,...] [-r ROOT] [-t PORT] [-w DIR] [-x ARGS]",
	.summary = "start a virtual machine, by the flags of smolBSD's startnb.sh",
	.help =
	    "  -f CONF     read a conf; its name is the service's. Flags behind it win\n"
	    "  -i IMAGE    a file ending in .img, or NAME-ARCH[:TAG] of images/\n"
	    "  -k KERNEL   kernel (kernels/netbsd-SMOL)\n"
	    "  -c CPUS, -m SIZE, -r ROOT, -a ARGS\n"
	    "              CPUs (1), memory (256 MiB), root device, kernel arguments (-z)\n"
	    "  -I          load the image as initrd: the root is a memory disk\n"
	    "  -l DRIVE    second disk\n"
	    "  -p FORWARD  [tcp|udp]:[ADDR]:HOST-[ADDR]:GUEST or [ADDR:]HOST:GUEST[/udp], ...\n"
	    "  -N, -b      no network; a second NIC on a tap interface\n"
	    "  -w DIR      share a directory by 9p\n"
	    "  -e K=V, -E F=PATH\n"
	    "              variables and files for the guest, by fw_cfg\n"
	    "  -n COUNT    console ports of the guest (ttyVI01, ...) as sockets s-NAME-pN.sock\n"
	    "  -t PORT     console on that TCP port of localhost, by telnet\n"
	    "  -P          without a terminal, or with -d: console on a pseudo-terminal\n"
	    "  -d          detach: return once the machine runs\n"
	    "  -s          do not lock the image\n"
	    "  -x ARGS     more arguments for QEMU\n"
	    "  -v          print the QEMU command line instead of running it\n"
	    "  -u          plain output\n"
	    "  --name NAME name of the instance (the service's)\n"
	    "  --vmm smol|qemu\n"
	    "              monitor: our own (amd64, i386; needs KVM; the default for amd64 where that works), or QEMU\n"
	    "\n"
	    "All keys are the guest's; Ctrl-A x ends it, and so does 'kill $(cat qemu-NAME.pid)'.\n"
	    "The guest writes to the image.\n"
	    "Example: smol start -f etc/bozohttpd.conf -m 512 -d\n",
	.run = start,
};
