/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's fw_cfg (docs/specs/fw_cfg.rst), by ports and by DMA: named files that
 * the host hands to the guest.
 *
 *	0x510  selector (16 bits)    0x511  data, a byte at a time
 *	0x514  address of a DMA command, big-endian, high half first
 */
#ifndef SMOL_VMM_DEVICE_FWCFG_H
#define SMOL_VMM_DEVICE_FWCFG_H

#include <pthread.h>

#include "vmm/vm.h"

#define FWCFG_FILES_MAX 64
#define FWCFG_NAME_MAX 55
#define FWCFG_FILE_BYTES_MAX (16u << 20)

struct fwcfg_file {
	char name[FWCFG_NAME_MAX + 1];
	uint8_t *data;
	uint32_t bytes;
};

struct fwcfg {
	struct vm *vm;
	pthread_mutex_t lock;
	struct fwcfg_file files[FWCFG_FILES_MAX];
	unsigned nfiles;
	uint16_t selector;
	uint32_t offset;
	uint64_t dma;
	uint8_t directory[4 + 64 * FWCFG_FILES_MAX];
};

void fwcfg_init(struct fwcfg *);
/* The whole of a file, read now. */
int fwcfg_add(struct fwcfg *, const char *name, int fd, struct err *);
void fwcfg_attach(struct fwcfg *, struct vm *);
void fwcfg_release(struct fwcfg *);

#endif
