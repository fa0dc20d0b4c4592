/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads and runs the script: a table of commands, errors with line numbers.
 */
#include "script.h"

#include "clock.h"
#include "console.h"
#include "http.h"
#include "print.h"
#include "reset.h"
#include "script_device.h"
#include "string.h"
#include "tests.h"

enum { SCRIPT_MAX = 16384, CHUNK = 4096 };

static char script[SCRIPT_MAX + 1];

/* Every command gets the rest of its line; NULL or what went wrong. */
struct command {
	const char *name;
	const char *(*run)(struct ffs *, char *arg);
};

static const char *
command_print(struct ffs *fs, char *arg)
{
	(void)fs;
	print("%s\n", arg);
	return NULL;
}

static const char *
command_cat(struct ffs *fs, char *arg)
{
	static char chunk[CHUNK];
	struct ffs_node node;
	uint64_t off = 0;
	int32_t n;

	if (!ffs_lookup(fs, arg, &node) || ffs_kind(&node) != FFS_FILE)
		return "no such file";
	while ((n = ffs_read(fs, &node, off, chunk, sizeof(chunk))) > 0) {
		console_write(chunk, (size_t)n);
		off += (uint32_t)n;
	}
	return n < 0 ? "cannot read" : NULL;
}

static const char *
command_ls(struct ffs *fs, char *arg)
{
	struct ffs_node node, entry_node;
	struct ffs_dirent entry;
	uint64_t off = 0;
	char kind;

	if (!ffs_lookup(fs, arg, &node) || ffs_kind(&node) != FFS_DIR)
		return "no such directory";
	while (ffs_readdir(fs, &node, &off, &entry)) {
		if (!ffs_inode(fs, entry.ino, &entry_node))
			return "bad inode";
		kind = ffs_kind(&entry_node) == FFS_DIR ? 'd' : ffs_kind(&entry_node) == FFS_LINK ? 'l' : '-';
		print("%c%04o %10llu %s\n", kind, entry_node.mode & 0xfff, (unsigned long long)entry_node.size,
		    entry.name);
	}
	return NULL;
}

static const char *
command_sleep(struct ffs *fs, char *arg)
{
	(void)fs;
	for (uint64_t s = parse_number(arg, NULL); s > 0; s--)
		clock_sleep_us(US_PER_S);
	return NULL;
}

static const char *
command_serve(struct ffs *fs, char *arg)
{
	char *p = arg;
	uint64_t port;

	while (*p != '\0' && *p != ' ')
		p++;
	if (*p != ' ')
		return "wants a directory and a port";
	*p++ = '\0';
	port = parse_number(p, NULL);
	if (port == 0 || port > 65535)
		return "wants a port from 1 to 65535";
	return http_serve(fs, arg, (uint16_t)port);
}

static const char *
command_test(struct ffs *fs, char *arg)
{
	(void)arg;
	tests_run(fs);
	return NULL;
}

static const char *
command_exit(struct ffs *fs, char *arg)
{
	(void)fs;
	machine_exit((uint8_t)parse_number(arg, NULL));
}

/* Of those that need no file system. */
#define DEVICE_COMMAND(name)                                                                                           \
	static const char *device_##name(struct ffs *fs, char *arg)                                                    \
	{                                                                                                              \
		(void)fs;                                                                                              \
		return command_##name(arg);                                                                            \
	}
DEVICE_COMMAND(say)
DEVICE_COMMAND(hear)
DEVICE_COMMAND(fwcfg)
DEVICE_COMMAND(share)
DEVICE_COMMAND(disks)
DEVICE_COMMAND(write)

static const struct command commands[] = { { "print", command_print }, { "cat", command_cat }, { "ls", command_ls },
	{ "sleep", command_sleep }, { "serve", command_serve }, { "test", command_test }, { "exit", command_exit },
	{ "say", device_say }, { "hear", device_hear }, { "fwcfg", device_fwcfg }, { "share", device_share },
	{ "disks", device_disks }, { "write", device_write } };

static void
line_run(struct ffs *fs, const char *file, uint32_t number, char *line)
{
	char *arg = line;
	const char *why = "unknown command";

	while (*arg != '\0' && *arg != ' ')
		arg++;
	if (*arg == ' ')
		*arg++ = '\0';
	while (*arg == ' ')
		arg++;
	for (size_t i = 0; i < nitems(commands); i++)
		if (strcmp(line, commands[i].name) == 0) {
			why = commands[i].run(fs, arg);
			break;
		}
	if (why != NULL)
		print("%s:%u: %s: %s\n", file, number, line, why);
}

/* Loads the file; true if it is a script of ours. */
static bool
script_load(struct ffs *fs, const char *file)
{
	struct ffs_node node;
	int32_t n;

	if (!ffs_lookup(fs, file, &node) || ffs_kind(&node) != FFS_FILE)
		return false;
	n = ffs_read(fs, &node, 0, script, SCRIPT_MAX);
	script[n > 0 ? n : 0] = '\0';
	return has_prefix(script, "#!probe") != 0 && (script[7] == '\n' || script[7] == '\0');
}

static void
script_lines(struct ffs *fs, const char *file)
{
	char *line = script, *p, *next;
	uint32_t number = 1;

	for (; *line != '\0'; line = next, number++) {
		for (p = line; *p != '\0' && *p != '\n'; p++)
			continue;
		next = *p == '\n' ? p + 1 : p;
		while (p > line && (p[-1] == ' ' || p[-1] == '\r'))
			p--;
		*p = '\0';
		while (*line == ' ' || *line == '\t')
			line++;
		if (*line != '\0' && *line != '#')
			line_run(fs, file, number, line);
	}
}

bool
script_run(struct ffs *fs)
{
	static const char *const files[] = { "/etc/rc", "/etc/rc.probe" };

	for (size_t i = 0; i < nitems(files); i++)
		if (script_load(fs, files[i])) {
			script_lines(fs, files[i]);
			return true;
		}
	return false;
}

void
script_ls(struct ffs *fs, const char *dir)
{
	char arg[FFS_PATH_MAX];

	copy_string(arg, sizeof(arg), dir, strlen(dir));
	command_ls(fs, arg);
}
