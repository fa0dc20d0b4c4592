/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image that a build starts from: its digest, and a descriptor of it.  A
 * compressed one (.gz, .xz, .zst, .bz2 by its name) is unpacked once:
 *
 *	images/live.img.gz ──(digest)──► CACHE/blobs/SHA256.img, sparse
 */
#ifndef SMOL_SOURCE_BASE_IMAGE_H
#define SMOL_SOURCE_BASE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

struct base_image {
	uint8_t digest[SHA256_SIZE]; /* of the file as it was given (compressed) */
	int fd; /* of that file; holds its lock */
	char *path; /* of the plain image */
	bool unpacked_now; /* the cache did not have it */
};

/* No machine writes to the image until base_image_release(), or that is the error. */
int base_image_find(struct base_image *, const char *path, struct err *);
void base_image_release(struct base_image *); /* safe on a zeroed struct, and after a failure */

#endif
