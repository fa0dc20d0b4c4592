/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only Linux has, elsewhere.
 */
#include "host/host.h"

int
host_memory_file(char path[HOST_MEMORY_PATH_MAX], struct err *err)
{
	(void)path;
	return err_set(err, "files in memory are not to be had on %s", host_system());
}

int
host_tap_open(const char *interface, struct err *err)
{
	(void)interface;
	return err_set(err, "only QEMU opens tap interfaces on %s", host_system());
}

char *
host_program_dir(void)
{
	return NULL;
}
