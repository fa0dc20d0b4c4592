/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol kernel trim: a kernel with fewer drivers, for a quicker start.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cmd/cmd.h"
#include "cmd/kernel_arg.h"

struct args {
	const char *out, *keep, *disable;
	bool quiet;
};

static int
parse_options(struct args *a, int argc, char **argv, struct err *err)
{
	static const struct option longs[] = { { "disable", required_argument, NULL, 'd' },
		{ "keep", required_argument, NULL, 'k' }, { "output", required_argument, NULL, 'o' },
		{ "quiet", no_argument, NULL, 'q' }, { NULL, 0, NULL, 0 } };
	int ch;

	while ((ch = cmd_getopt(argc, argv, "o:q", longs, err)) != -1) {
		if (ch == -2)
			return -1;
		if (ch == 'o')
			a->out = optarg;
		if (ch == 'k')
			a->keep = optarg;
		if (ch == 'd')
			a->disable = optarg;
		a->quiet |= ch == 'q';
	}
	if (a->keep != NULL && a->disable != NULL)
		return err_usage(err, "--keep says what stays, --disable what does not: give one of them");
	return 0;
}

/* KERNEL before the options, too. */
static int
parse(struct args *a, const char **kernel, int argc, char **argv, struct err *err)
{
	*kernel = NULL;
	for (;;) {
		if (parse_options(a, argc, argv, err) < 0)
			return -1;
		if (optind >= argc)
			break;
		if (*kernel != NULL)
			return err_usage(err, "one kernel at a time: '%s' and '%s' are named", *kernel, argv[optind]);
		*kernel = argv[optind++];
	}
	if (*kernel == NULL || a->out == NULL)
		return err_usage(err, "want -o FILE and one KERNEL; see 'smol kernel trim --help'");
	return 0;
}

static int
write_kernel(const struct kernel_arg *k, const char *path, struct err *err)
{
	struct outfile f;
	int rv = -1;

	if (outfile_open(&f, path, err) < 0)
		return -1;
	if (write_full(f.fd, k->map.p, k->map.len) < 0 || fchmod(f.fd, k->map.mode) < 0)
		(void)err_sys(err, "cannot write '%s'", path);
	else
		rv = outfile_commit(&f, err);
	outfile_abort(&f);
	return rv;
}

static int
trim(const struct args *a, struct kernel_arg *k, struct err *err)
{
	struct cfdata_choice choice = { .list = a->disable, .keep = a->disable == NULL };
	struct cfdata_count count;

	if (choice.keep) {
		choice.list = a->keep == NULL ? cfdata_keep_default : a->keep;
		choice.any = a->keep == NULL;
	}
	if (kernel_arg_table(k, err) < 0)
		return -1;
	if (cfdata_disable(&k->table, k->map.p, &choice, &count, err) < 0)
		return err_wrap(err, "the kernel '%s'", k->path);
	if (write_kernel(k, a->out, err) < 0)
		return -1;
	if (!a->quiet)
		(void)printf("%s: %zu disabled, %zu of %zu left\n", a->out, count.disabled, count.left, k->table.n);
	return cmd_flush(err);
}

static int
run(int argc, char **argv, struct err *err)
{
	struct args a = { 0 };
	struct kernel_arg k;
	const char *kernel;
	int rv;

	if (parse(&a, &kernel, argc, argv, err) < 0)
		return -1;
	rv = kernel_arg_open(&k, kernel, true, err);
	if (rv == 0)
		rv = trim(&a, &k, err);
	kernel_arg_close(&k);
	return rv;
}

const struct command cmd_kernel_trim = {
	.name = "kernel trim",
	.args = "[--keep LIST | --disable LIST] [-q] -o FILE KERNEL",
	.summary = "disable drivers in a NetBSD kernel",
	.help = "Entries of the kernel's own table of devices are marked as disabled, as userconf(4) does it when\n"
		"the kernel starts; nothing else of it changes.\n\n"
		"  --keep LIST        drivers that stay, between commas or blanks; all others are disabled (mainbus\n"
		"                     cpu acpicpu ioapic pci isa pcdisplay wsdisplay com virtio ld vioif qemufwcfg)\n"
		"  --disable LIST     only these are disabled\n"
		"  -o, --output FILE  the new kernel; it may be KERNEL itself\n"
		"  -q, --quiet        print nothing but errors\n\n"
		"  smol kernel trim -o kernels/netbsd-small kernels/netbsd-GENERIC\n",
	.run = run,
};
