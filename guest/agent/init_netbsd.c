/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Being init on NetBSD: the root file system writable, a /dev with nodes, the
 * terminals.  Device numbers are those of sys/conf/majors and
 * sys/arch/{amd64,i386,aarch64}/conf/majors.*; mount(2)'s structures are those of the file
 * systems' own headers.
 */
#include "agent.h"
#include "netbsd.h"

enum { MNT_RDONLY = 1, MNT_NOEXEC = 4, MNT_NOSUID = 8, MNT_UNION = 0x20, MNT_UPDATE = 0x10000 };
enum { MNT_FORCE = 0x80000, MNT_LOG = 0x2000000, MNT_NOATIME = 0x4000000 };

#if defined(__aarch64__)
enum { CONS = 2, CTTY = 3, MEM = 0, LOG = 5, FILEDESC = 34, BPF = 32, RND = 52, LD = 92, MD = 18, PARTITIONS = 16 };
#else
enum { CONS = 0, CTTY = 1, MEM = 2, LOG = 7, FILEDESC = 22, BPF = 23, RND = 46, LD = 69, MD = 24 };
#if defined(__i386__)
enum { PARTITIONS = 8 };
#else
enum { PARTITIONS = 16 };
#endif
#endif
#if defined(__aarch64__)
enum { LD_BLOCK = 92, MD_BLOCK = 18 };
#else
enum { LD_BLOCK = 19, MD_BLOCK = 17 };
#endif

const char init_loopback[] = "lo0", init_interface[] = "vioif0", init_port[] = "/dev/ttyVI02";

struct node {
	const char *name;
	uint16_t major, minor, mode;
};

static const struct node nodes[] = {
	{ "console", CONS, 0, 0600 },
	{ "constty", CONS, 1, 0600 },
	{ "tty", CTTY, 0, 0666 },
	{ "mem", MEM, 0, 0640 },
	{ "kmem", MEM, 1, 0640 },
	{ "null", MEM, 2, 0666 },
	{ "full", MEM, 11, 0666 },
	{ "zero", MEM, 12, 0666 },
	{ "klog", LOG, 0, 0600 },
	{ "stdin", FILEDESC, 0, 0666 },
	{ "stdout", FILEDESC, 1, 0666 },
	{ "stderr", FILEDESC, 2, 0666 },
	{ "bpf", BPF, 0, 0600 },
	{ "random", RND, 0, 0444 },
	{ "urandom", RND, 1, 0644 },
	{ "crypto", 160, 0, 0666 },
	{ "ptmx", 165, 0, 0666 },
	{ "ptm", 165, 1, 0666 },
	{ "drvctl", 167, 0, 0644 },
	{ "puffs", 178, 0, 0600 },
	{ "putter", 178, 1, 0600 },
	{ "cpuctl", 188, 0, 0666 },
};

/* PREFIXn, or PREFIXnL for partition L. */
static void
make(const char *prefix, unsigned n, char partition, uint32_t kind, uint32_t major, uint32_t minor)
{
	char path[32] = "/dev/", letter[2] = { partition, '\0' };

	(void)text_add(path, sizeof(path), prefix);
	(void)text_add_number(path, sizeof(path), n);
	(void)text_add(path, sizeof(path), letter);
	(void)sys_mknod(path, kind | (kind == S_CHAR && major == 364 ? 0600 : 0640), sys_device(major, minor));
}

static void
make_disks(void)
{
	unsigned n, p;

	for (n = 0; n < 2; n++) {
		for (p = 0; p < 5; p++) {
			make("ld", n, (char)('a' + p), S_BLOCK, LD_BLOCK, n * PARTITIONS + p);
			make("rld", n, (char)('a' + p), S_CHAR, LD, n * PARTITIONS + p);
			make("md", n, (char)('a' + p), S_BLOCK, MD_BLOCK, n * PARTITIONS + p);
			make("rmd", n, (char)('a' + p), S_CHAR, MD, n * PARTITIONS + p);
		}
	}
	for (n = 0; n < 8; n++) {
		make("dk", n, '\0', S_BLOCK, 168, n);
		make("rdk", n, '\0', S_CHAR, 168, n);
		make("ttyVI0", n, '\0', S_CHAR, 364, n);
		make("vio9p", n, '\0', S_CHAR, 356, n);
	}
}

static void
make_devices(void)
{
	char path[32];
	size_t i;

	for (i = 0; i < nitems(nodes); i++) {
		(void)text_copy(path, sizeof(path), "/dev/");
		(void)text_add(path, sizeof(path), nodes[i].name);
		(void)sys_mknod(path, S_CHAR | (uint32_t)nodes[i].mode, sys_device(nodes[i].major, nodes[i].minor));
	}
	make_disks();
}

static const struct {
	const char *name;
	int flag;
} options_known[] = {
	{ "ro", MNT_RDONLY },
	{ "noexec", MNT_NOEXEC },
	{ "nosuid", MNT_NOSUID },
	{ "union", MNT_UNION },
	{ "update", MNT_UPDATE },
	{ "force", MNT_FORCE },
	{ "log", MNT_LOG },
	{ "noatime", MNT_NOATIME },
};

/* The flags that are named; others are let be. */
static int
option_flags(const char *options)
{
	char word[32];
	const char *end;
	int flags = 0;
	size_t i;

	for (; *options != '\0'; options = *end == ',' ? end + 1 : end) {
		end = text_find(options, ',');
		if (end == NULL)
			end = options + text_len(options);
		if ((size_t)(end - options) >= sizeof(word))
			continue;
		memcpy(word, options, (size_t)(end - options));
		word[end - options] = '\0';
		for (i = 0; i < nitems(options_known); i++) {
			if (text_same(word, options_known[i].name))
				flags |= options_known[i].flag;
		}
	}
	return flags;
}

long
init_mount(const char *what, const char *where, const char *type, const char *options)
{
	union {
		struct {
			int version;
			uint64_t nodes_max, size_max;
			uint32_t uid, gid, mode;
		} tmpfs;
		struct {
			int version;
			uint32_t gid, mode;
			int flags;
		} ptyfs;
		struct {
			int version, flags;
		} procfs;
		const char *what; /* ufs_args, and the first of others' */
	} args;
	size_t size = sizeof(args.what);

	memset(&args, 0, sizeof(args));
	args.what = what;
	if (text_same(type, "tmpfs")) {
		args.what = NULL;
		args.tmpfs.version = 1;
		args.tmpfs.mode = text_same(where, "/dev") ? 0755 : 01777;
		size = sizeof(args.tmpfs);
	} else if (text_same(type, "ptyfs")) {
		args.what = NULL;
		args.ptyfs.version = 2;
		args.ptyfs.gid = 4; /* tty */
		args.ptyfs.mode = 0620;
		size = sizeof(args.ptyfs);
	} else if (text_same(type, "procfs")) {
		args.what = NULL;
		args.procfs.version = 1;
		size = sizeof(args.procfs);
	}
	return syscall(SYS_mount50, (long)type, (long)where, option_flags(options), (long)&args, (long)size);
}

/* With the options that fstab has for it; its type is one of those that a kernel can have there. */
static void
update_root(const char *options)
{
	static const char *const types[] = { "ffs", "ext2fs" };
	char update[256] = "update,";
	size_t i;

	(void)text_add(update, sizeof(update), options);
	for (i = 0; i < nitems(types); i++) {
		if (init_mount(NULL, "/", types[i], update) >= 0)
			return;
	}
	/* It was not unmounted, and nobody has checked it. */
	(void)text_add(update, sizeof(update), ",force");
	if (init_mount(NULL, "/", types[0], update) >= 0)
		agent_say("the root file system was not unmounted", NULL, 0);
}

void
init_system(bool read_only, const char *root_options)
{
	struct file_stat st;

	if (!read_only)
		update_root(root_options);
	if (sys_lstat("/dev/null", &st) < 0 || sys_lstat("/dev/ptm", &st) < 0) {
		(void)sys_mkdir("/dev", 0755);
		(void)init_mount(NULL, "/dev", "tmpfs", "");
		make_devices();
	}
	(void)sys_mkdir("/dev/pts", 0755);
	(void)init_mount(NULL, "/dev/pts", "ptyfs", "");
}
