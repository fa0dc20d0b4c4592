/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol trace: the options of "run", and how often.
 */
#include "cmd/cmd.h"
#include "cmd/launch.h"

static int
trace(int argc, char **argv, struct err *err)
{
	struct launch l;
	int rv = -1;

	if (launch_init(&l, err) == 0) {
		l.trace.on = l.trace.command = true;
		if (launch_run_options(&l, argc, argv, err) == 0)
			rv = launch_trace(&l, err);
	}
	launch_release(&l);
	return rv;
}

const struct command cmd_trace = {
	.name = "trace",
	.args = "[--runs N] [--cold] [--vmm smol|qemu|both] [--until TEXT] [--timeout S] [--json]\n"
		"\t[OPTION OF 'smol run']... SERVICE|IMAGE",
	.summary = "boot a service or an image some times, and tell what took how long",
	.help =
	    "  --runs N    boots of each kind (10)\n"
	    "  --cold      as many again with nothing of kernel and image in the host's memory\n"
	    "  --vmm smol|qemu|both\n"
	    "              monitor, or one beside the other\n"
	    "  --until TEXT\n"
	    "              a boot is over with the console's line that holds TEXT, else when the first\n"
	    "              forwarded port (-p) answers, else with user space's first line\n"
	    "  --timeout S seconds that a boot may take (60)\n"
	    "  --json      every run, every stage, the monitor's counters\n"
	    "\n"
	    "Stages: the monitor is started, the machine made, its first instruction, the kernel's first line, init,\n"
	    "user space's first line, the answer. A silent kernel (-z, the default) says nothing: -a -v shows its "
	    "lines.\n"
	    "Example: smol trace --vmm both -p 8080:80 bozohttpd\n",
	.run = trace,
};
