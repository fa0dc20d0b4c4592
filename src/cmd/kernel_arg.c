/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel named on the command line.
 */
#include "cmd/kernel_arg.h"

#include "cmd/cmd.h"

int
kernel_arg_open(struct kernel_arg *a, const char *path, bool writable, struct err *err)
{
	*a = (struct kernel_arg){ .path = path };
	if (kernel_map(&a->map, path, writable, err) < 0) {
		a->map.p = NULL;
		return -1;
	}
	if (kernel_parse(a->map.p, a->map.len, &a->kernel, err) < 0)
		return err_wrap(err, "the kernel '%s' is damaged", path);
	if (a->kernel.kind == KERNEL_COMPRESSED)
		return err_set(
		    err, "the kernel '%s' is compressed with %s; unpack it first", path, a->kernel.compression);
	if (a->kernel.kind == KERNEL_UNKNOWN)
		return err_set(
		    err, "'%s' is not a kernel: it is neither an ELF file nor a bzImage nor an arm64 Image", path);
	return 0;
}

int
kernel_arg_table(struct kernel_arg *a, struct err *err)
{
	return cfdata_read(&a->table, a->map.p, a->map.len, err) < 0 ? err_wrap(err, "the kernel '%s'", a->path) : 0;
}

void
kernel_arg_close(struct kernel_arg *a)
{
	cfdata_release(&a->table);
	if (a->map.p != NULL)
		kernel_unmap(&a->map);
}

int
kernel_arg_show(int argc, char **argv, int (*show)(struct kernel_arg *, bool json, struct err *), struct err *err)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 } };
	struct kernel_arg a;
	bool json = false;
	int ch, rv;

	while ((ch = cmd_getopt(argc, argv, "", longs, err)) != -1) {
		if (ch != 'j')
			return -1;
		json = true;
	}
	if (argc - optind != 1)
		return err_usage(err, "want one KERNEL; see 'smol %s --help'", argv[0]);
	rv = kernel_arg_open(&a, argv[optind], false, err);
	if (rv == 0)
		rv = show(&a, json, err);
	kernel_arg_close(&a);
	return rv < 0 ? -1 : cmd_flush(err);
}
