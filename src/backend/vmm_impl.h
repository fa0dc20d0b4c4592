/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the smol-vmm backend share:
 *
 *	vmm.c		finding it, refusing what it cannot do
 *	vmm_start.c	machine → descriptors, and the two descriptions (vmm/config.h, vmm/net/config.h)
 */
#ifndef SMOL_BACKEND_VMM_IMPL_H
#define SMOL_BACKEND_VMM_IMPL_H

#include "backend/backend.h"

/* As src/vmm/ has them (vm.h, config.h, x86_64/layout.h), which is another program. */
#define VMM_CPUS_MAX 32
#define VMM_MEM_MAX (UINT64_C(64) << 30)
#define VMM_DEVICES_MAX 18
#define VMM_NETS_MAX 8
#define VMM_SHARES_MAX 8
#define VMM_FWCFG_MAX 64

int
vmm_prepare(const struct machine *, const struct backend_env *, struct arena *, struct backend_start *, struct err *);
int vmm_show(const struct machine *, const struct backend_env *, struct arena *, struct str *out, struct err *);

/* The path of a program of ours that lies beside smol, in PATH, or where the variable says; the arena's. NULL and err.
 */
const char *vmm_program(const char *name, const char *variable, struct arena *, struct err *);

#endif
