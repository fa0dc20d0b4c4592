/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of 9P messages: little-endian integers, strings as length[2]
 * bytes.  Both cursors are bounded and their errors stick: a handler reads all
 * its fields, then asks once.
 *
 *	message: size[4] type[1] tag[2] body
 *	qid: type[1] version[4] path[8]
 */
#ifndef SMOL_VMM_P9_WIRE_H
#define SMOL_VMM_P9_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define P9_HEADER_BYTES 7u
#define P9_QID_BYTES 13u
#define P9_NAME_MAX 255
#define P9_TARGET_MAX 4095 /* of a symbolic link */

/* What is left of a request; error is 0 or EINVAL, ENAMETOOLONG. */
struct p9_in {
	const uint8_t *p, *end;
	int error;
};

/* What a reply's body has room for. */
struct p9_out {
	uint8_t *p, *end;
	bool full; /* something did not fit and is not there */
};

struct p9_qid {
	uint8_t type;
	uint32_t version;
	uint64_t path;
};

uint8_t p9_get8(struct p9_in *);
uint16_t p9_get16(struct p9_in *);
uint32_t p9_get32(struct p9_in *);
uint64_t p9_get64(struct p9_in *);
/* NUL-terminated; a string of size bytes and more, or with a NUL in it, is an error and reads as "". */
void p9_get_string(struct p9_in *, char *buf, size_t size);

void p9_put8(struct p9_out *, uint8_t);
void p9_put16(struct p9_out *, uint16_t);
void p9_put32(struct p9_out *, uint32_t);
void p9_put64(struct p9_out *, uint64_t);
void p9_put_string(struct p9_out *, const char *);
void p9_put_qid(struct p9_out *, const struct p9_qid *);

#endif
