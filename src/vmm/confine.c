/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a machine to its sandbox.
 */
#include "vmm/confine.h"

#include <assert.h>
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

/* What there will be a thread for. */
static unsigned
roles_of(const struct devices *d)
{
	return SANDBOX_ROLE(START) | SANDBOX_ROLE(VCPU) | SANDBOX_ROLE(LOOP) |
	       (d->nblocks > 0 ? SANDBOX_ROLE(DISK) : 0) | (d->nshares > 0 ? SANDBOX_ROLE(P9) : 0) |
	       (d->balloon != NULL ? SANDBOX_ROLE(BALLOON) : 0);
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
	if (sandbox_enter(&s, err) < 0)
		return -1;
	/* Not sandbox_no_threads(): KVM makes a thread in the first KVM_RUN.  No filter of theirs lets ours make any.
	 */
	return sandbox_filter(roles_of(d), err);
}

/* The process has shown that filters can be had: only memory can be missing. */
void
confine_thread(void *role)
{
	struct err err = { 0 };

	if (sandbox_filter(1u << (uintptr_t)role, &err) < 0) {
		(void)fprintf(stderr, "smol-vmm: %s\n", err.msg);
		_exit(1);
	}
}
