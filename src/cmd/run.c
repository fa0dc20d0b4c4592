/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol run: a service's image, or any image, in the foreground.
 *
 *	argument ─► image (and service name) ─► etc/NAME.conf ─► options ─► struct machine
 *
 * What the user types wins over the conf, which wins over the defaults.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/backend.h"
#include "base/defs.h"
#include "base/spawn.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "host/host.h"
#include "image/image.h"
#include "instance/instance.h"
#include "machine/kernel.h"
#include "machine/machine.h"
#include "service/conf.h"
#include "service/workspace.h"

struct run {
	struct arena arena;
	struct workspace ws;
	bool has_conf;
	struct conf conf;
	struct machine machine;
	const char *arch, *service, *image;
	/* Options; NULL: not given. */
	const char *kernel, *mem, *cpus, *append;
	bool rw, all_keys, print;
	bool forwards; /* -p was there: the conf's do not count */
};

static bool
is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* "NAME-ARCH" or "NAME-ARCH:TAG" → NAME, in the arena; NULL if it is neither. */
static const char *
service_of(struct run *r, const char *name)
{
	size_t len = strcspn(name, ":"), arch = strlen(r->arch);

	if (len <= arch + 1 || name[len - arch - 1] != '-' || strncmp(name + len - arch, r->arch, arch) != 0)
		return NULL;
	return arena_strndup(&r->arena, name, len - arch - 1);
}

static int
no_image(struct run *r, const char *arg, const char *path, struct err *err)
{
	const char *known = workspace_services(&r->ws, &r->arena);

	if (service_of(r, arg) == NULL && workspace_service(&r->ws, &r->arena, arg) != NULL)
		return err_set(err, "service '%s' has no image '%s' yet; make it with 'smol build %s'", arg, path, arg);
	return err_set(err, "there is neither an image nor a service '%s'%s%s", arg,
	    *known == '\0' ? "" : "; the services here are ", known);
}

/* A path, a NAME-ARCH[:TAG] of images/, or a service. */
static int
find_image(struct run *r, const char *arg, struct err *err)
{
	const char *base = strrchr(arg, '/'), *name, *path;

	if (base != NULL || str_ends(arg, ".img") ||
	    (is_file(arg) && workspace_service(&r->ws, &r->arena, arg) == NULL)) {
		base = base == NULL ? arg : base + 1;
		name = str_ends(base, ".img") ? arena_strndup(&r->arena, base, strlen(base) - 4) : base;
		r->image = arg;
		r->machine.name = name;
		r->service = service_of(r, name);
		if (!is_file(arg) && workspace_name_ok(arg))
			r->image = workspace_path(&r->ws, &r->arena, arena_printf(&r->arena, "images/%s", arg));
		return 0;
	}
	r->machine.name = arg;
	r->service = service_of(r, arg);
	path = workspace_path(&r->ws, &r->arena, arena_printf(&r->arena, "images/%s.img", arg));
	if (r->service != NULL && is_file(path)) {
		r->image = path;
		return 0;
	}
	if (r->service != NULL || !workspace_name_ok(arg))
		return no_image(r, arg, path, err);
	r->service = arg;
	return 0;
}

/* What the conf asks for and this smol cannot give is said, never skipped. */
static int
check_conf(const struct conf *c, struct err *err)
{
	const struct {
		const char *name, *value;
	} later[] = { { "share", c->share }, { "fwcfgvar", c->fwcfgvar }, { "fwcfgfile", c->fwcfgfile },
		{ "bridgenet", c->bridgenet }, { "qmp_port", c->qmp_port } };
	size_t i;

	for (i = 0; i < nitems(later); i++)
		if (later[i].value != NULL && *later[i].value != '\0')
			return err_at(err, c->path, conf_line(c, later[i].name),
			    "'smol run' does not know '%s' yet; take the line out to run without it", later[i].name);
	return 0;
}

static int
read_conf(struct run *r, struct err *err)
{
	const char *path = r->service == NULL ? NULL : workspace_conf(&r->ws, &r->arena, r->service);

	if (path == NULL || !is_file(path))
		return 0;
	if (conf_read(&r->arena, r->ws.root, path, &r->conf, err) < 0)
		return -1;
	r->has_conf = true;
	return check_conf(&r->conf, err);
}

/* Of a path in the conf, which is the workspace's. */
static const char *
conf_path(struct run *r, const char *path)
{
	return *path == '/' ? path : workspace_path(&r->ws, &r->arena, path);
}

static int
default_image(struct run *r, const char *arg, struct err *err)
{
	const char *img = r->conf.img;

	if (r->image != NULL)
		return 0;
	if (img != NULL && *img != '\0')
		r->image = conf_path(r, str_ends(img, ".img") ? img : arena_printf(&r->arena, "images/%s.img", img));
	else
		r->image = workspace_image(&r->ws, &r->arena, r->service, r->arch, r->conf.imgtag);
	return is_file(r->image) ? 0 : no_image(r, arg, r->image, err);
}

static int
choose_kernel(struct run *r, struct err *err)
{
	const char *name = kernel_default_name(r->arch);
	const char *env = getenv("KERNEL");
	struct kernel k;

	if (r->kernel != NULL)
		r->machine.kernel = r->kernel;
	else if (r->conf.kernel != NULL && *r->conf.kernel != '\0')
		r->machine.kernel = conf_path(r, r->conf.kernel);
	else if (env != NULL && *env != '\0')
		r->machine.kernel = env;
	else {
		r->machine.kernel = workspace_kernel(&r->ws, &r->arena, name);
		if (!is_file(r->machine.kernel))
			return err_set(err,
			    "there is no kernel '%s'; put https://smolbsd.org/assets/%s there, or name one with -k",
			    r->machine.kernel, name);
	}
	if (kernel_probe(r->machine.kernel, &k, err) < 0 || kernel_check(&k, r->machine.kernel, r->arch, err) < 0)
		return -1;
	r->machine.guest = k.is_linux ? MACHINE_GUEST_LINUX : MACHINE_GUEST_NETBSD;
	r->machine.console = k.viocon ? MACHINE_CONSOLE_VIOCON : MACHINE_CONSOLE_COM;
	return 0;
}

/* The image's own label says what the root is called. */
static int
choose_root(struct run *r, struct err *err)
{
	struct image_partition part;
	int fd;

	if (image_open(r->image, &fd, &part, err) < 0)
		return -1;
	(void)close(fd);
	if (r->conf.root != NULL && *r->conf.root != '\0')
		r->machine.root = r->conf.root;
	else if (!part.gpt)
		r->machine.root = "ld0a"; /* a disk without GPT is ld0a whole */
	else if (*part.label != '\0' && strchr(part.label, ' ') == NULL)
		r->machine.root = arena_printf(&r->arena, "NAME=%s", part.label);
	else
		r->machine.root = "dk0";
	return 0;
}

/* "-z" (silent) stands in front unless the user chose flags himself. */
static const char *
choose_append(struct run *r)
{
	const char *s = r->append != NULL ? r->append : r->conf.append, *p;

	if (s == NULL || *s == '\0')
		return "-z";
	for (p = s; *p != '\0'; p += strspn(p, " ")) {
		if (*p == '-')
			return s;
		p += strcspn(p, " ");
	}
	return arena_printf(&r->arena, "-z %s", s);
}

/* The conf's "extra": words, of which none needs the shell. */
static int
extra_words(struct run *r, struct err *err)
{
	const char **words = NULL;
	size_t n = 0, cap = 0;
	char *s, *word;

	if (r->conf.extra == NULL)
		return 0;
	if (strpbrk(r->conf.extra, "\"'`$\\") != NULL)
		return err_at(err, r->conf.path, conf_line(&r->conf, "extra"),
		    "quotes and '$' inside 'extra' are not known; write plain words");
	s = arena_strdup(&r->arena, r->conf.extra);
	while ((word = strsep(&s, " \t\n")) != NULL)
		if (*word != '\0')
			*vec_push(words, n, cap) = word;
	r->machine.qemu_args = arena_calloc(&r->arena, n + 1, sizeof(*words));
	if (n > 0)
		memcpy((void *)(uintptr_t)r->machine.qemu_args, words, n * sizeof(*words));
	r->machine.nqemu_args = n;
	free(words);
	return 0;
}

static int
sizes(struct run *r, struct err *err)
{
	const char *mem = r->mem != NULL ? r->mem : r->conf.mem, *cpus = r->cpus != NULL ? r->cpus : r->conf.cores;
	uint64_t n;

	if (mem != NULL && *mem != '\0' && machine_mem_parse(mem, &r->machine.mem_bytes, err) < 0)
		return -1;
	if (cpus != NULL && *cpus != '\0') {
		if (parse_u64(cpus, 1, MACHINE_CPUS_MAX, "number of CPUs", &n, err) < 0)
			return -1;
		r->machine.cpus = (unsigned)n;
	}
	if (!r->forwards && r->conf.hostfwd != NULL && *r->conf.hostfwd != '\0' &&
	    machine_forward_parse(&r->machine, &r->arena, r->conf.hostfwd, err) < 0)
		return err_wrap(err, "%s:%u", r->conf.path, conf_line(&r->conf, "hostfwd"));
	return 0;
}

static int
make_machine(struct run *r, const char *arg, struct err *err)
{
	struct machine_disk *disk;

	if (find_image(r, arg, err) < 0 || read_conf(r, err) < 0 || default_image(r, arg, err) < 0)
		return -1;
	if (r->conf.arch != NULL && strcmp(r->conf.arch, r->arch) != 0)
		return err_at(err, r->conf.path, conf_line(&r->conf, "ARCH"),
		    "it is for %s, this run is for %s; set ARCH=%s", r->conf.arch, r->arch, r->conf.arch);
	r->machine.arch = r->arch;
	if (choose_root(r, err) < 0 || choose_kernel(r, err) < 0 || sizes(r, err) < 0 || extra_words(r, err) < 0)
		return -1;
	r->machine.append = choose_append(r);
	disk = machine_add_disk(&r->machine);
	disk->path = r->image;
	disk->persist = r->rw;
	return machine_check(&r->machine, err);
}

static void
print_word(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";

	if (*s != '\0' && s[strspn(s, plain)] == '\0') {
		(void)fputs(s, stdout);
		return;
	}
	(void)putchar('\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			(void)fputs("'\\''", stdout);
		else
			(void)putchar(*s);
	}
	(void)putchar('\'');
}

static int
print_command(struct run *r, const struct backend_env *env, struct err *err)
{
	const char *const *argv = backend_qemu.argv(&r->machine, env, &r->arena, err);
	size_t i;

	if (argv == NULL)
		return -1;
	(void)fprintf(stderr, "smol: accelerator %s: %s\n", host_accel_name(env->accel.kind), env->accel.reason);
	for (i = 0; argv[i] != NULL; i++) {
		if (i > 0)
			(void)putchar(' ');
		print_word(argv[i]);
	}
	(void)putchar('\n');
	return cmd_flush(err);
}

/* One line that says how it ended, and the exit status. */
static int
report(const struct instance_result *res)
{
	if (res->mid_line && isatty(STDERR_FILENO))
		(void)fputc('\n', stderr);
	switch (res->end) {
	case INSTANCE_ENDED:
		(void)fputs("smol: the guest ended\n", stderr);
		return 0;
	case INSTANCE_PANICKED:
		(void)fputs("smol: the guest panicked\n", stderr);
		return 1;
	case INSTANCE_INTERRUPTED:
		if (res->signal == SIGINT)
			(void)fputs("smol: interrupted\n", stderr);
		else
			(void)fprintf(stderr, "smol: ended by signal %d (%s)\n", res->signal, strsignal(res->signal));
		return 128 + res->signal;
	default:
		/* As a program that SIGPIPE ends: silently. */
		return 128 + SIGPIPE;
	}
}

static int
start(struct run *r, const char *arg, struct err *err)
{
	struct instance_options options = { .all_keys = r->all_keys };
	struct backend_env env = { .console_fd = -1, .control_fd = -1, .port_fd = -1 };
	struct instance_result result;

	if (make_machine(r, arg, err) < 0 || host_accel(getenv("QEMU_ACCEL"), r->arch, &env.accel, err) < 0)
		return -1;
	if (backend_qemu.find(&r->machine, &env, &r->arena, err) < 0 ||
	    backend_qemu.check(&r->machine, &env.accel, err) < 0)
		return -1;
	if (r->print)
		return print_command(r, &env, err);
	if (r->all_keys && isatty(STDIN_FILENO))
		(void)fputs("smol: all keys are the guest's; Ctrl-A x ends it, Ctrl-A Ctrl-A is Ctrl-A\n", stderr);
	if (instance_run(&r->machine, &backend_qemu, &env, &options, &result, err) < 0)
		return -1;
	return report(&result);
}

static int
options(struct run *r, int argc, char **argv, struct err *err)
{
	static const struct option longs[] = { { "rw", no_argument, NULL, 'w' }, { NULL, 0, NULL, 0 } };
	int ch;

	while ((ch = cmd_getopt(argc, argv, "a:c:ik:m:p:tv", longs, err)) != -1) {
		switch (ch) {
		case 'a':
			r->append = optarg;
			break;
		case 'c':
			r->cpus = optarg;
			break;
		case 'i':
		case 't':
			r->all_keys = true;
			break;
		case 'k':
			r->kernel = optarg;
			break;
		case 'm':
			r->mem = optarg;
			break;
		case 'p':
			r->forwards = true;
			if (machine_forward_parse(&r->machine, &r->arena, optarg, err) < 0)
				return -1;
			break;
		case 'v':
			r->print = true;
			break;
		case 'w':
			r->rw = true;
			break;
		default:
			return -1;
		}
	}
	if (argc - optind != 1)
		return err_usage(err, argc == optind ? "which service or image? see 'smol run --help'"
						     : "one service or image at a time; see 'smol run --help'");
	return 0;
}

static int
run(int argc, char **argv, struct err *err)
{
	const char *arch = getenv("ARCH");
	struct run r = { 0 };
	int rv = -1;

	arena_init(&r.arena);
	machine_init(&r.machine);
	r.arch = arch != NULL && *arch != '\0' ? arch : host_arch();
	if (options(&r, argc, argv, err) == 0) {
		if (r.arch == NULL)
			(void)err_set(err, "this host's architecture is none that smol knows; set ARCH=amd64");
		else if (workspace_arch_check(r.arch, err) == 0 && workspace_find(&r.arena, &r.ws, err) == 0)
			rv = start(&r, argv[optind], err);
	}
	if (r.has_conf)
		conf_release(&r.conf);
	machine_release(&r.machine);
	arena_release(&r.arena);
	return rv;
}

const struct command cmd_run = {
	.name = "run",
	.args = "[-itv] [--rw] [-a ARGS] [-c CPUS] [-k KERNEL] [-m SIZE] [-p FORWARD]... SERVICE|IMAGE",
	.summary = "run a service or an image in a virtual machine, here and now",
	.help = "  -a ARGS     more kernel arguments; flags (-v, -s, ...) replace the -z (silent) that is the default\n"
		"  -c CPUS     number of CPUs (1)\n"
		"  -i, -t      all keys are the guest's, ^C too; Ctrl-A x ends the machine\n"
		"  -k KERNEL   kernel (kernels/netbsd-SMOL)\n"
		"  -m SIZE     memory: MiB, or with a unit as in 1g (256)\n"
		"  -p FORWARD  [ADDR:]HOST:GUEST[/udp], or [tcp|udp]:[ADDR]:HOST-[ADDR]:GUEST; may repeat\n"
		"  -v          print the QEMU command line instead of running it\n"
		"  --rw        let the guest write to the image; else its writes end with it\n"
		"\n"
		"IMAGE is a file, or NAME-ARCH[:TAG] of images/; etc/SERVICE.conf gives defaults.\n"
		"Example: smol run -p 8080:80 bozohttpd\n",
	.run = run,
};
