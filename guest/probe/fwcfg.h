/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's fw_cfg by ports (qemu/docs/specs/fw_cfg): numbers little endian in
 * registers, big endian in the directory.
 */
#ifndef PROBE_FWCFG_H
#define PROBE_FWCFG_H

#include "probe.h"

struct fwcfg_file {
	uint32_t size;
	uint16_t select;
	char name[56];
};

bool fwcfg_probe(void);
/* Number of files; 0xffffffff if the directory cannot be true. */
uint32_t fwcfg_directory_start(void);
/* The next entry; call at most that often. */
void fwcfg_directory_next(struct fwcfg_file *);
/* Reads at most len bytes of the file's beginning. */
void fwcfg_read(const struct fwcfg_file *, void *buf, uint32_t len);

#endif
