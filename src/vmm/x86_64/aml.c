/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AML opcodes (ACPI 6.5 section 20.3) and resource descriptors (section 6.4).
 */
#include "vmm/x86_64/aml.h"

#include <assert.h>
#include <string.h>

#include "base/endian.h"

enum {
	ZERO_OP = 0x00,
	NAME_OP = 0x08,
	BYTE_PREFIX = 0x0a,
	WORD_PREFIX = 0x0b,
	DWORD_PREFIX = 0x0c,
	STRING_PREFIX = 0x0d,
	SCOPE_OP = 0x10,
	BUFFER_OP = 0x11,
	PACKAGE_OP = 0x12,
	METHOD_OP = 0x14,
	EXT_PREFIX = 0x5b,
	EXT_REGION_OP = 0x80,
	EXT_FIELD_OP = 0x81,
	EXT_DEVICE_OP = 0x82,
	AND_OP = 0x7b,
	NOTIFY_OP = 0x86,
	IF_OP = 0xa0,
	SPACE_SYSTEM_IO = 1,
	METHOD_SERIALIZED = 0x08,
	FIELD_BYTE_ACCESS = 0x01,
	R_IO = 0x47,
	R_IO_DECODE16 = 1,
	R_MEMORY32_FIXED = 0x86,
	R_INTERRUPT = 0x89,
	R_END = 0x79,
	INT_CONSUMER = 1,
	INT_EDGE = 2,
	LENGTH_BYTES = 3, /* every length takes three: up to 1 MiB */
};

static void
add(struct aml *a, const void *p, size_t n)
{
	if (n > a->size - a->len)
		a->full = true;
	if (a->full)
		return;
	memcpy(a->buf + a->len, p, n);
	a->len += n;
}

static void
byte(struct aml *a, uint8_t v)
{
	add(a, &v, 1);
}

static void
dword(struct aml *a, uint32_t v)
{
	uint8_t p[4];

	put_le32(p, v);
	add(a, p, sizeof(p));
}

static void
name(struct aml *a, const char *s)
{
	assert(strlen(s) == 4 || (s[0] == '\\' && strlen(s) == 5));
	add(a, s, strlen(s));
}

static void
integer(struct aml *a, uint32_t v)
{
	if (v < 2) {
		byte(a, (uint8_t)v); /* ZeroOp, OneOp */
	} else if (v <= UINT8_MAX) {
		byte(a, BYTE_PREFIX);
		byte(a, (uint8_t)v);
	} else {
		byte(a, DWORD_PREFIX);
		dword(a, v);
	}
}

/* A length counts itself, in its own bytes. */
static void
begin(struct aml *a)
{
	static const uint8_t none[LENGTH_BYTES];

	assert(a->depth < AML_DEPTH_MAX);
	a->open[a->depth++] = a->len;
	add(a, none, sizeof(none));
}

void
aml_end(struct aml *a)
{
	size_t at, n;

	assert(a->depth > 0);
	at = a->open[--a->depth];
	if (a->full)
		return;
	n = a->len - at;
	a->buf[at] = (uint8_t)((LENGTH_BYTES - 1) << 6 | (n & 0xf));
	a->buf[at + 1] = (uint8_t)(n >> 4);
	a->buf[at + 2] = (uint8_t)(n >> 12);
}

void
aml_scope(struct aml *a, const char *s)
{
	byte(a, SCOPE_OP);
	begin(a);
	name(a, s);
}

void
aml_device(struct aml *a, const char *s)
{
	byte(a, EXT_PREFIX);
	byte(a, EXT_DEVICE_OP);
	begin(a);
	name(a, s);
}

void
aml_method(struct aml *a, const char *s, unsigned nargs)
{
	byte(a, METHOD_OP);
	begin(a);
	name(a, s);
	byte(a, (uint8_t)(nargs | METHOD_SERIALIZED));
}

void
aml_if_bit(struct aml *a, const char *s, uint8_t bits)
{
	byte(a, IF_OP);
	begin(a);
	byte(a, AND_OP);
	name(a, s);
	integer(a, bits);
	byte(a, ZERO_OP); /* the result goes nowhere else */
}

void
aml_name_integer(struct aml *a, const char *s, uint32_t value)
{
	byte(a, NAME_OP);
	name(a, s);
	integer(a, value);
}

void
aml_name_string(struct aml *a, const char *s, const char *text)
{
	byte(a, NAME_OP);
	name(a, s);
	byte(a, STRING_PREFIX);
	add(a, text, strlen(text) + 1);
}

static unsigned
digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* Section 19.3.4: five bits a letter, four a digit, the bytes swapped. */
void
aml_name_eisaid(struct aml *a, const char *s, const char *id)
{
	unsigned v = 0, i;

	assert(strlen(id) == 7);
	for (i = 0; i < 3; i++)
		v = v << 5 | (unsigned)(id[i] - '@');
	for (; i < 7; i++)
		v = v << 4 | digit(id[i]);
	aml_name_integer(a, s, __builtin_bswap32(v));
}

void
aml_name_package(struct aml *a, const char *s, const uint8_t *values, uint8_t n)
{
	uint8_t i;

	byte(a, NAME_OP);
	name(a, s);
	byte(a, PACKAGE_OP);
	begin(a);
	byte(a, n);
	for (i = 0; i < n; i++)
		integer(a, values[i]);
	aml_end(a);
}

void
aml_port_field(struct aml *a, const char *region, uint16_t port, const char *field)
{
	byte(a, EXT_PREFIX);
	byte(a, EXT_REGION_OP);
	name(a, region);
	byte(a, SPACE_SYSTEM_IO);
	integer(a, port);
	integer(a, 1);
	byte(a, EXT_PREFIX);
	byte(a, EXT_FIELD_OP);
	begin(a);
	name(a, region);
	byte(a, FIELD_BYTE_ACCESS);
	name(a, field);
	byte(a, 8); /* its bits, as a length of one byte */
	aml_end(a);
}

void
aml_notify(struct aml *a, const char *s, uint8_t value)
{
	byte(a, NOTIFY_OP);
	name(a, s);
	integer(a, value);
}

/* A buffer's size is a number before its bytes: kept open like a length. */
void
aml_resources(struct aml *a)
{
	byte(a, NAME_OP);
	name(a, "_CRS");
	byte(a, BUFFER_OP);
	begin(a);
	byte(a, WORD_PREFIX);
	add(a, (const uint8_t[]){ 0, 0 }, 2);
}

void
aml_resources_end(struct aml *a)
{
	size_t at = a->open[a->depth - 1] + LENGTH_BYTES;

	byte(a, R_END);
	byte(a, 0); /* no checksum */
	if (!a->full)
		put_le16(a->buf + at + 1, (uint16_t)(a->len - at - 3));
	aml_end(a);
}

void
aml_memory(struct aml *a, uint32_t base, uint32_t bytes)
{
	add(a, (const uint8_t[]){ R_MEMORY32_FIXED, 9, 0, 1 /* writable */ }, 4);
	dword(a, base);
	dword(a, bytes);
}

void
aml_io(struct aml *a, uint16_t port, uint8_t n)
{
	uint8_t low = (uint8_t)port, high = (uint8_t)(port >> 8);

	add(a, (const uint8_t[]){ R_IO, R_IO_DECODE16, low, high, low, high, 1, n }, 8);
}

void
aml_interrupt(struct aml *a, uint32_t gsi, bool level)
{
	add(a, (const uint8_t[]){ R_INTERRUPT, 6, 0, INT_CONSUMER | (level ? 0 : INT_EDGE), 1 }, 5);
	dword(a, gsi);
}
