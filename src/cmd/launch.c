/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Settings: where they come from, and which wins.
 */
#include "cmd/launch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"
#include "host/host.h"
#include "service/conf.h"

/* By their names in a conf; of two, the later wins. */
static const struct {
	const char *name;
	enum setting_id id;
} names[] = {
	{ "KERNEL", SET_KERNEL },
	{ "NBIMG", SET_IMG },
	{ "kernel", SET_KERNEL },
	{ "img", SET_IMG },
	{ "mem", SET_MEM },
	{ "cores", SET_CORES },
	{ "append", SET_APPEND },
	{ "root", SET_ROOT },
	{ "hostfwd", SET_HOSTFWD },
	{ "share", SET_SHARE },
	{ "extra", SET_EXTRA },
	{ "ARCH", SET_ARCH },
	{ "imgtag", SET_IMGTAG },
	{ "fwcfgvar", SET_FWCFGVAR },
	{ "fwcfgfile", SET_FWCFGFILE },
	{ "serial_port", SET_SERIAL_PORT },
	{ "qmp_port", SET_QMP_PORT },
	{ "use_pty", SET_USE_PTY },
	{ "bridgenet", SET_BRIDGENET },
	{ "sharerw", SET_SHARERW },
	{ "drive2", SET_DRIVE2 },
	{ "max_ports", SET_MAX_PORTS },
	{ "nonet", SET_NONET },
	{ "daemon", SET_DAEMON },
	{ "initrd", SET_INITRD },
	{ "login", SET_LOGIN },
	{ "verbose", SET_VERBOSE },
	{ "vmm", SET_VMM },
	{ "acpi", SET_ACPI },
	{ "balloon", SET_BALLOON },
	{ "bios", SET_BIOS },
};

int
launch_init(struct launch *l, struct err *err)
{
	const char *arch = getenv("ARCH");

	*l = (struct launch){ .initrd_fd = -1, .arch_given = arch != NULL && *arch != '\0' };
	arena_init(&l->arena);
	machine_init(&l->machine);
	l->arch = l->arch_given ? arch : host_arch();
	if (l->arch == NULL)
		return err_set(err, "this host's architecture is none that smol knows; set ARCH=amd64");
	if (workspace_arch_check(l->arch, err) < 0)
		return -1;
	return workspace_find(&l->arena, &l->ws, err);
}

void
launch_release(struct launch *l)
{
	if (l->initrd_fd >= 0)
		(void)close(l->initrd_fd);
	free(l->vars);
	free(l->shares);
	machine_release(&l->machine);
	arena_release(&l->arena);
}

bool
launch_is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool
launch_is_live(const char *path)
{
	return str_ends(path, "-live.img");
}

int
launch_no_live(const char *path, struct err *err)
{
	return err_set(err, "there is no live image '%s'; 'smol fetch live' gets it", path);
}

void
launch_set(struct launch *l, enum setting_id id, const char *value)
{
	l->set[id] = (struct setting){ .value = value };
}

int
launch_set_sockets(struct launch *l, const char *count, struct err *err)
{
	uint64_t n;

	if (parse_u64(count, 0, MACHINE_PORTS_MAX, "number of console sockets", &n, err) < 0)
		return -1;
	launch_set(l, SET_MAX_PORTS, arena_printf(&l->arena, "%u", (unsigned)n + 1));
	return 0;
}

void
launch_append(struct launch *l, enum setting_id id, const char *value)
{
	const char *old = l->set[id].value;

	launch_set(l, id, old == NULL ? value : arena_printf(&l->arena, "%s,%s", old, value));
}

const char *
launch_get(const struct launch *l, enum setting_id id)
{
	const char *value = l->set[id].value;

	return value == NULL || *value == '\0' ? NULL : value;
}

bool
launch_is(const struct launch *l, enum setting_id id)
{
	static const char *const no[] = { "n", "no", "0" };
	const char *value = launch_get(l, id);
	size_t i;

	for (i = 0; value != NULL && i < nitems(no); i++)
		if (strcmp(value, no[i]) == 0)
			return false;
	return value != NULL;
}

int
launch_bad(const struct launch *l, enum setting_id id, struct err *err)
{
	const struct setting *s = &l->set[id];

	if (s->file == NULL)
		return -1;
	return s->line == 0 ? err_wrap(err, "%s", s->file) : err_wrap(err, "%s:%u", s->file, s->line);
}

const char *
launch_path(struct launch *l, enum setting_id id, const char *path)
{
	const char *other;

	if (*path == '/' || (l->set[id].file == NULL && access(path, F_OK) == 0))
		return path;
	other = workspace_path(&l->ws, &l->arena, path);
	return l->set[id].file != NULL || access(other, F_OK) == 0 ? other : path;
}

int
launch_conf(struct launch *l, const char *path, bool override, struct err *err)
{
	static const char *const environment[] = { "QEMU", "QEMU_ACCEL" };
	const char *file = arena_strdup(&l->arena, path), *value;
	bool mine[SETTINGS];
	struct conf conf;
	size_t i;

	/* What a conf sees, as it sees svc; that does not count as set by it. */
	(void)setenv("ARCH", l->arch, 0);
	if (conf_read(&l->arena, l->ws.root, path, &conf, err) < 0)
		return -1;
	for (i = 0; i < SETTINGS; i++)
		mine[i] = override || l->set[i].value == NULL;
	for (i = 0; i < nitems(names); i++) {
		struct setting *s = &l->set[names[i].id];

		value = conf_get(&conf, names[i].name);
		if (value != NULL && mine[names[i].id] && (*value != '\0' || s->file != file))
			*s = (struct setting){ value, file, conf_line(&conf, names[i].name) };
	}
	for (i = 0; i < nitems(environment); i++) {
		value = conf_get(&conf, environment[i]);
		if (value != NULL && *value != '\0')
			(void)setenv(environment[i], value, 1);
	}
	conf_release(&conf);
	return 0;
}

const char *
launch_service_of(struct launch *l, const char *name)
{
	static const char *const arches[] = { "amd64", "i386", "evbarm-aarch64" };
	size_t len = strcspn(name, ":"), i;

	for (i = 0; i < nitems(arches); i++) {
		size_t arch = strlen(arches[i]);

		if (len <= arch + 1 || name[len - arch - 1] != '-' || strncmp(name + len - arch, arches[i], arch) != 0)
			continue;
		/* The user's word, else the name's. */
		if (l->arch_given && strcmp(l->arch, arches[i]) != 0)
			return NULL;
		l->arch = arches[i];
		return arena_strndup(&l->arena, name, len - arch - 1);
	}
	return NULL;
}
