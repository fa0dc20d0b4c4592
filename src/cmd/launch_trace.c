/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boots timed: one after the other, warm and cold, by each monitor in turn.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "cmd/cmd.h"
#include "cmd/launch.h"
#include "cmd/trace_print.h"
#include "instance/instance.h"

#define RUNS 10
#define TIMEOUT_S 60

void
launch_trace_init(const struct launch *l, struct trace *t)
{
	const struct machine_nic *nic = &l->machine.nic;
	size_t i;

	trace_init(t);
	t->until = l->trace.until;
	for (i = 0; i < nic->nforwards && t->port == 0; i++) {
		if (nic->forwards[i].udp)
			continue;
		t->port = nic->forwards[i].host_port;
		t->listens = nic->forwards[i].guest_port == 22;
	}
}

/* Whatever of it is in the host's memory goes, as far as the system lets us. */
static void
forget(const char *path)
{
	cleanup_close int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static void
forget_all(const struct launch *l, const struct backend_env *env)
{
	size_t i;

	forget(env->program);
	forget(l->machine.kernel);
	forget(l->machine.initrd);
	for (i = 0; i < l->machine.ndisks; i++)
		forget(l->machine.disks[i].path);
}

static int
boot(struct launch *l, struct trace_run *r, struct err *err)
{
	struct instance_options options = { .trace = &r->trace };
	struct instance_result result;
	struct backend_env env;
	const struct backend_ops *backend = launch_backend(l, &env, err);

	if (backend == NULL)
		return -1;
	r->vmm = backend->name;
	if (r->cold)
		forget_all(l, &env);
	launch_trace_init(l, &r->trace);
	r->trace.stops = true;
	r->trace.timeout_ms = (l->trace.timeout_s == 0 ? TIMEOUT_S : l->trace.timeout_s) * 1000;
	if (instance_run(&l->machine, backend, &env, &options, &result, err) < 0)
		return -1;
	if (result.end == INSTANCE_INTERRUPTED)
		return err_set(err, "interrupted");
	if (r->trace.timed_out)
		return err_set(
		    err, "the boot was not over after %u s; see --timeout, -p and --until", r->trace.timeout_ms / 1000);
	return 0;
}

/* "smol", "qemu", or both; "": what is chosen by itself. */
static size_t
monitors(const struct launch *l, const char *list[2])
{
	const char *vmm = launch_get(l, SET_VMM);

	list[0] = vmm == NULL ? "" : vmm;
	if (vmm == NULL || strcmp(vmm, "both") != 0)
		return 1;
	list[0] = "smol";
	list[1] = "qemu";
	return 2;
}

int
launch_trace(struct launch *l, struct err *err)
{
	unsigned runs = l->trace.runs == 0 ? RUNS : l->trace.runs, colds = l->trace.cold ? 2 : 1, i;
	const char *list[2];
	size_t nlist = monitors(l, list), total = runs * colds * nlist, n = 0;
	struct trace_run *all = calloc(total, sizeof(*all));
	struct cmd_progress progress;
	int rv = 0;

	cmd_progress_init(&progress, "booting", l->trace.json);
	/* In turn, so that what else this host does falls on all alike. */
	for (i = 0; rv == 0 && all != NULL && i < total; i++, n++) {
		cmd_progress(&progress, i, total);
		launch_set(l, SET_VMM, list[i % nlist]);
		all[i].cold = colds == 2 && i / nlist % 2 == 0;
		rv = boot(l, &all[i], err);
	}
	cmd_progress_end(&progress);
	if (rv == 0 && all != NULL)
		rv = trace_print(l->image, all, total, l->trace.json, err);
	for (i = 0; all != NULL && i < n; i++)
		trace_release(&all[i].trace);
	free(all);
	return rv;
}
