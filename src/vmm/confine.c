/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a machine to its sandbox.
 */
#include "vmm/confine.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "vmm/p9/fid.h"
#include "vmm/sandbox.h"

#define FDS_MAX (8 + CONFIG_PORTS_MAX + 2 * CONFIG_DISKS_MAX + CONFIG_NETS_MAX + CONFIG_FWCFG_MAX + CONFIG_SHARES_MAX)
/* Beside an overlay's clusters: its bitmap, and logs on standard error. */
#define FILE_BYTES_SPARE (UINT64_C(64) << 20)

/* Threads that have no filter yet; vCPUs wait until there is none, and with them the guest. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t open;
	unsigned unfiltered;
} gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };

int
confine_descriptors(const struct config *c, struct err *err)
{
	int fds[FDS_MAX];
	unsigned n = 0, i;

	fds[n++] = c->kvm_fd;
	fds[n++] = c->kernel_fd;
	fds[n++] = c->initrd_fd;
	fds[n++] = c->uart_fd;
	fds[n++] = c->control_fd;
	for (i = 0; i < c->nports; i++)
		fds[n++] = c->port_fds[i];
	for (i = 0; i < c->ndisks; i++) {
		fds[n++] = c->disks[i].fd;
		fds[n++] = c->disks[i].overlay_fd;
	}
	for (i = 0; i < c->nnets; i++)
		fds[n++] = c->nets[i].fd;
	for (i = 0; i < c->nfwcfg; i++)
		fds[n++] = c->fwcfg[i].fd;
	for (i = 0; i < c->nshares; i++)
		fds[n++] = c->shares[i].fd;
	return sandbox_close_others(fds, n, err);
}

/* No disk needs more, nor does its overlay; a share's files have any length. */
static uint64_t
file_bytes(const struct config *c)
{
	uint64_t max = 0;
	struct stat st;
	unsigned i;

	for (i = 0; i < c->nshares; i++)
		if (!c->shares[i].read_only)
			return 0;
	for (i = 0; i < c->ndisks; i++)
		if (fstat(c->disks[i].fd, &st) == 0)
			max = u64_max(max, (uint64_t)st.st_size);
	return 2 * max + FILE_BYTES_SPARE;
}

int
confine_process(const struct config *c, const struct devices *d, struct err *err)
{
	struct sandbox s = { .file_bytes = file_bytes(c) };
	unsigned i;

	static_assert(2 * CONFIG_SHARES_MAX <= SANDBOX_DIRS_MAX, "room for all shares");
	for (i = 0; i < d->nshares; i++) {
		const struct p9_share *share = d->shares[i].share;

		s.dirs[s.ndirs++] = (struct sandbox_dir){ share->root->fd, true, share->read_only };
		s.dirs[s.ndirs++] = (struct sandbox_dir){ share->proc_fd, false, true };
	}
	/* Files that were read, and that nothing reads again. */
	(void)close(c->kernel_fd);
	if (c->initrd_fd >= 0)
		(void)close(c->initrd_fd);
	gate.unfiltered = c->cpus + devices_threads(d) + 1;
	return sandbox_enter(&s, err);
}

/* The last one lets the guest run. */
static void
filtered(bool wait)
{
	(void)pthread_mutex_lock(&gate.lock);
	if (gate.unfiltered > 0 && --gate.unfiltered == 0)
		(void)pthread_cond_broadcast(&gate.open);
	while (wait && gate.unfiltered > 0)
		(void)pthread_cond_wait(&gate.open, &gate.lock);
	(void)pthread_mutex_unlock(&gate.lock);
}

/* A vCPU's, made first, has shown that filters can be had; then only memory can be missing. */
void
confine_thread(void *role)
{
	struct err err = { 0 };

	if (sandbox_filter((enum sandbox_role)(uintptr_t)role, &err) < 0) {
		(void)fprintf(stderr, "smol-vmm: %s\n", err.msg);
		_exit(1);
	}
	filtered((enum sandbox_role)(uintptr_t)role == SANDBOX_VCPU);
}

int
confine_threads(struct err *err)
{
	/* Not sandbox_no_threads(): KVM makes a thread in the first KVM_RUN. No filter lets ours make any. */
	if (sandbox_filter(SANDBOX_LOOP, err) < 0)
		return -1;
	filtered(false);
	return 0;
}

void
confine_give_up(void)
{
	(void)pthread_mutex_lock(&gate.lock);
	gate.unfiltered = 0;
	(void)pthread_cond_broadcast(&gate.open);
	(void)pthread_mutex_unlock(&gate.lock);
}
