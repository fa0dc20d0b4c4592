/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of devices that config(1) compiles into a NetBSD kernel, cfdata[]
 * of ioconf.c: read from the ELF file by its symbol, and entries of it
 * disabled, as userconf(4) does it when the kernel starts.
 *
 *	struct cfdata, an entry	(sys/device.h)		ELF32	ELF64
 *	cf_name, cf_atname	strings			0, 4	0, 8
 *	cf_unit, cf_fstate	24 and 8 bits		8	16
 *		before NetBSD 10: 16 and 16 bits
 *	cf_loc, cf_flags				12, 16	24, 32
 *	cf_pspec		NULL: at root		20	40
 *	its size					24	48
 *	struct cfparent: cfp_iattr, cfp_parent, cfp_unit (-1: any)
 *
 * The entry whose name is NULL ends the table.
 */
#ifndef SMOL_MACHINE_CFDATA_H
#define SMOL_MACHINE_CFDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CFDATA_MAX 16384 /* GENERIC has about 1,500 */

enum cfdata_state {
	CFDATA_NOTFOUND = 0, /* FSTATE_NOTFOUND: one device, name and unit */
	CFDATA_FOUND = 1,
	CFDATA_STAR = 2, /* as many as there are */
	CFDATA_DSTAR = 3, /* the same, disabled */
	CFDATA_DNOTFOUND = 4,
};

/* Strings are the kernel's bytes. */
struct cfdata_entry {
	const char *name, *attach; /* "com", "com_isa" */
	const char *parent; /* a device, else the attribute it attaches to; NULL: root */
	int32_t parent_unit; /* -1: any */
	uint32_t unit;
	enum cfdata_state state;
	uint64_t state_offset; /* of that byte in the file */
};

struct cfdata {
	struct cfdata_entry *entries; /* in the kernel's order; cfdata_release() frees */
	size_t n;
};

/* Of the bytes of a kernel, which must outlive it.  Fails where there are no symbols, and on what is no such table. */
int cfdata_read(struct cfdata *, const void *kernel, size_t len, struct err *);
void cfdata_release(struct cfdata *);

static inline bool
cfdata_disabled(const struct cfdata_entry *e)
{
	return e->state == CFDATA_DSTAR || e->state == CFDATA_DNOTFOUND;
}

/* "com0", "com*": for people; "isa?", "mainbus0", "root". */
#define CFDATA_TEXT_MAX 80
char *cfdata_name(const struct cfdata_entry *, char buf[CFDATA_TEXT_MAX]);
char *cfdata_parent(const struct cfdata_entry *, char buf[CFDATA_TEXT_MAX]);

/* What a virtual machine's kernel needs: the list of smolBSD's SMOLIFY. */
extern const char cfdata_keep_default[];

/*
 * Disables entries in the kernel's bytes, which the table was read of: those
 * whose name is in the list (names of drivers, between commas or blanks), or
 * with keep those whose name is not.  A name that no entry has is an error
 * unless any; so is that nothing would be left.
 */
struct cfdata_choice {
	const char *list;
	bool keep, any;
};

struct cfdata_count {
	size_t disabled; /* by this call */
	size_t left;
};

int cfdata_disable(struct cfdata *, uint8_t *kernel, const struct cfdata_choice *, struct cfdata_count *, struct err *);

#endif
