/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints the command line of a machine, each word ended by a NUL, as it would
 * be started under TCG:
 *
 *	machine_args ARCH KERNEL [NAME=VALUE]...
 *
 * initrd=PATH append=TEXT console=viocon disk=PATH (its writes are dropped)
 * rodisk=PATH share=TAG:PATH roshare=TAG:PATH var=K=V file=F=PATH port=SOCKET
 * forward=FORWARD
 */
#include <stdio.h>
#include <string.h>

#include "backend/backend.h"
#include "base/defs.h"
#include "machine/kernel.h"

static int
add_share(struct machine *m, char *text, bool read_only, struct err *err)
{
	char *colon = strchr(text, ':');

	if (colon == NULL)
		return err_usage(err, "a share is TAG:PATH");
	*colon = '\0';
	*machine_add_share(m) = (struct machine_share){ .tag = text, .path = colon + 1, .read_only = read_only };
	return 0;
}

static int
word(struct machine *m, struct arena *arena, char *name, struct err *err)
{
	char *value = strchr(name, '=');

	if (value == NULL)
		return err_usage(err, "'%s' is not NAME=VALUE", name);
	*value++ = '\0';
	if (strcmp(name, "initrd") == 0)
		m->initrd = value;
	else if (strcmp(name, "append") == 0)
		m->append = value;
	else if (strcmp(name, "console") == 0)
		m->console = strcmp(value, "viocon") == 0 ? MACHINE_CONSOLE_VIOCON : MACHINE_CONSOLE_COM;
	else if (strcmp(name, "disk") == 0)
		machine_add_disk(m)->path = value;
	else if (strcmp(name, "rodisk") == 0)
		*machine_add_disk(m) = (struct machine_disk){ .path = value, .read_only = true };
	else if (strcmp(name, "share") == 0 || strcmp(name, "roshare") == 0)
		return add_share(m, value, *name == 'r', err);
	else if (strcmp(name, "var") == 0 || strcmp(name, "file") == 0)
		return machine_fwcfg_parse(m, arena, value, *name == 'f', err);
	else if (strcmp(name, "port") == 0)
		machine_add_port(m)->socket = value;
	else if (strcmp(name, "forward") == 0)
		return machine_forward_parse(m, arena, value, err);
	else
		return err_usage(err, "no such word '%s'", name);
	return 0;
}

static const char *const *
command(struct machine *m, struct arena *arena, int argc, char **argv, struct err *err)
{
	struct backend_env env = { .console_fd = -1, .control_fd = -1 };
	struct backend_start start;
	struct kernel k;
	int i;

	m->name = "test";
	m->arch = argv[1];
	m->kernel = argv[2];
	for (i = 3; i < argc; i++)
		if (word(m, arena, argv[i], err) < 0)
			return NULL;
	if (kernel_probe(m->kernel, &k, err) < 0 || kernel_check(&k, m->kernel, m->arch, err) < 0)
		return NULL;
	m->guest = k.is_linux ? MACHINE_GUEST_LINUX : MACHINE_GUEST_NETBSD;
	m->acpi = k.is_linux;
	backend_start_init(&start);
	if (machine_check(m, err) < 0 || host_accel("tcg", m->arch, &env.accel, err) < 0 ||
	    backend_qemu.find(m, &env, arena, err) < 0 || backend_qemu.check(m, &env.accel, err) < 0 ||
	    backend_qemu.prepare(m, &env, arena, &start, err) < 0)
		return NULL;
	return start.monitor.argv;
}

int
main(int argc, char **argv)
{
	const char *const *words;
	struct err err = { 0 };
	struct arena arena;
	struct machine m;
	size_t i;

	if (argc < 3) {
		(void)fputs("usage: machine_args ARCH KERNEL [NAME=VALUE]...\n", stderr);
		return 2;
	}
	arena_init(&arena);
	machine_init(&m);
	words = command(&m, &arena, argc, argv, &err);
	for (i = 0; words != NULL && words[i] != NULL; i++)
		(void)fwrite(words[i], 1, strlen(words[i]) + 1, stdout);
	if (words == NULL)
		(void)fprintf(stderr, "machine_args: %s\n", err.msg);
	machine_release(&m);
	arena_release(&arena);
	return words == NULL ? 1 : 0;
}
