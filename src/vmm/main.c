/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-vmm: runs the one machine that the descriptor given on its command line
 * describes.  Exit status: 0 the guest is done, 1 the monitor failed, 3 the
 * guest panicked, 4 it asked for a reset, 5 it was stopped, 64 + N it wrote N
 * to the exit port (127: N is 63 or more).
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/spawn.h"
#include "vmm/confine.h"
#include "vmm/monitor.h"

enum { EXITED = 64, EXITED_MAX = 63, BUFFER_BYTES = 32768 };

static int
exit_status(const struct monitor_result *r)
{
	int n;

	switch (r->end) {
	case VM_HALTED:
		return 0;
	case VM_PANICKED:
		return 3;
	case VM_RESET:
		return 4;
	case VM_EXITED:
		n = (int)strtol(r->why, NULL, 10) >> 1;
		return EXITED + (n < EXITED_MAX ? n : EXITED_MAX);
	case VM_STOPPED:
		return 5;
	default:
		(void)fprintf(stderr, "smol-vmm: %s\n", r->why);
		return 1;
	}
}

int
main(int argc, char **argv)
{
	struct monitor_result result;
	struct err err = { 0 };
	struct config config;
	uint64_t start_ns = vm_now_ns();

	/* With several, malloc counts the CPUs at some point, which no filter lets it; and no thread allocates much. */
	(void)mallopt(M_ARENA_MAX, 1);
	/* Buffers of devices: a mapping has no memory yet, and is not cleared. */
	(void)mallopt(M_MMAP_THRESHOLD, BUFFER_BYTES);
	if (argc != 2) {
		(void)fprintf(stderr, "usage: smol-vmm FD\n\n'smol run --vmm smol' starts it.\n");
		return 2;
	}
	if (spawn_std_open(&err) < 0 || config_read(&config, argv[1], &err) < 0 ||
	    confine_descriptors(&config, &err) < 0 || monitor_run(&config, start_ns, &result, &err) < 0) {
		(void)fprintf(stderr, "smol-vmm: %s\n", err.msg);
		return 1;
	}
	return exit_status(&result);
}
