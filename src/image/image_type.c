/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file systems an image can be made of.
 */
#include <string.h>

#include "image/gpt.h"
#include "image/image.h"

static const struct image_type types[IMAGE_FS_COUNT] = {
	[IMAGE_FFS] = { "ffs", &fs_ffs_ops, gpt_type_netbsd_ffs },
	[IMAGE_EXT2] = { "ext2", &fs_ext2_ops, gpt_type_linux },
};

const struct image_type *
image_type(enum image_fs fs)
{
	return &types[fs];
}

bool
image_fs_by_name(const char *name, enum image_fs *fs)
{
	unsigned i;

	for (i = 0; i < IMAGE_FS_COUNT; i++)
		if (strcmp(types[i].name, name) == 0) {
			*fs = i;
			return true;
		}
	return false;
}
