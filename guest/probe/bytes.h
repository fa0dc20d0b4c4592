/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Byte order: fields of disk and wire formats at any alignment.  le = disk,
 * virtio, 9P, MP table; be = network, fw_cfg.
 */
#ifndef PROBE_BYTES_H
#define PROBE_BYTES_H

#include "probe.h"

static inline uint32_t
get_le16(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8;
}

static inline uint32_t
get_le32(const void *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t
get_le64(const void *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t
get_be16(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 8 | b[1];
}

static inline uint32_t
get_be32(const void *p)
{
	return __builtin_bswap32(get_le32(p));
}

static inline void
put_le16(void *p, uint32_t v)
{
	uint16_t x = (uint16_t)v;

	__builtin_memcpy(p, &x, sizeof(x));
}

static inline void
put_le32(void *p, uint32_t v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void
put_le64(void *p, uint64_t v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void
put_be16(void *p, uint32_t v)
{
	uint8_t *b = p;

	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

static inline void
put_be32(void *p, uint32_t v)
{
	put_le32(p, __builtin_bswap32(v));
}

#endif
