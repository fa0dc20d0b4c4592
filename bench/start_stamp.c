/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start_stamp FD PROGRAM ...: writes the time (CLOCK_MONOTONIC, ns, a host's
 * uint64_t) to FD and becomes PROGRAM, for bench/start.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct timespec t;
	uint64_t ns;
	int fd;

	if (argc < 3)
		return 2;
	fd = (int)strtol(argv[1], NULL, 10);
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	if (write(fd, &ns, sizeof(ns)) != (ssize_t)sizeof(ns) || close(fd) < 0)
		return 1;
	(void)execv(argv[2], argv + 2);
	return 127;
}
