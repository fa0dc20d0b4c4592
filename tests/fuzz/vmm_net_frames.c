/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes what smol-net reads before libslirp does: its description, and frames
 * with their virtio-net headers.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/net/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct net_config config;

static void
description(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);
	struct err err;

	memcpy(text, data, size);
	(void)net_config_parse(&config, text, &err);
	free(text);
}

static void
frame(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size), no[FRAME_REFUSAL_BYTES_MAX];
	static struct filter filter;
	struct frame f;
	struct err err;

	memcpy(copy, data, size);
	if (frame_finish(copy, copy + FRAME_VIRTIO_BYTES, size - FRAME_VIRTIO_BYTES)) {
		(void)net_config_parse(&config, "smol-net 1\nframes 3\nrestrict\nallow tcp 192.0.2.0/24 80\n", &err);
		filter_init(&filter, &config);
		frame_parse(&f, copy + FRAME_VIRTIO_BYTES, size - FRAME_VIRTIO_BYTES);
		if (filter_out(&filter, &f, 1) && f.opens)
			assert(f.to >> 8 == 0xc00002 && f.to_port == 80);
		assert(frame_refusal(&f, copy + FRAME_VIRTIO_BYTES, no) <= sizeof(no));
		filter_in(&filter, &f, 1);
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 's')
		description(data, size);
	else if (size >= FRAME_VIRTIO_BYTES + FRAME_ETHER_BYTES)
		frame(data, size);
	return 0;
}
