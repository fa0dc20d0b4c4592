/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 9P fields in and out.
 */
#include "vmm/p9/wire.h"

#include <errno.h>
#include <string.h>

#include "base/endian.h"

static const uint8_t *
take(struct p9_in *in, size_t len)
{
	static const uint8_t zeros[8];
	const uint8_t *p = in->p;

	if (in->error != 0 || (size_t)(in->end - p) < len) {
		if (in->error == 0)
			in->error = EINVAL;
		return zeros;
	}
	in->p += len;
	return p;
}

uint8_t
p9_get8(struct p9_in *in)
{
	return *take(in, 1);
}

uint16_t
p9_get16(struct p9_in *in)
{
	return get_le16(take(in, 2));
}

uint32_t
p9_get32(struct p9_in *in)
{
	return get_le32(take(in, 4));
}

uint64_t
p9_get64(struct p9_in *in)
{
	return get_le64(take(in, 8));
}

void
p9_get_string(struct p9_in *in, char *buf, size_t size)
{
	size_t len = p9_get16(in);
	const uint8_t *p;

	buf[0] = '\0';
	if (in->error == 0 && (size_t)(in->end - in->p) < len)
		in->error = EINVAL;
	if (in->error == 0 && len >= size)
		in->error = ENAMETOOLONG;
	if (in->error != 0)
		return;
	p = in->p;
	in->p += len;
	if (memchr(p, '\0', len) != NULL) {
		in->error = EINVAL;
		return;
	}
	memcpy(buf, p, len);
	buf[len] = '\0';
}

static uint8_t *
room(struct p9_out *out, size_t len)
{
	uint8_t *p = out->p;

	if (out->full || (size_t)(out->end - p) < len) {
		out->full = true;
		return NULL;
	}
	out->p += len;
	return p;
}

void
p9_put8(struct p9_out *out, uint8_t v)
{
	uint8_t *p = room(out, 1);

	if (p != NULL)
		*p = v;
}

void
p9_put16(struct p9_out *out, uint16_t v)
{
	uint8_t *p = room(out, 2);

	if (p != NULL)
		put_le16(p, v);
}

void
p9_put32(struct p9_out *out, uint32_t v)
{
	uint8_t *p = room(out, 4);

	if (p != NULL)
		put_le32(p, v);
}

void
p9_put64(struct p9_out *out, uint64_t v)
{
	uint8_t *p = room(out, 8);

	if (p != NULL)
		put_le64(p, v);
}

void
p9_put_string(struct p9_out *out, const char *s)
{
	size_t len = strlen(s);
	uint8_t *p = len > UINT16_MAX ? NULL : room(out, 2 + len);

	if (p == NULL) {
		out->full = true;
		return;
	}
	put_le16(p, (uint16_t)len);
	memcpy(p + 2, s, len);
}

void
p9_put_qid(struct p9_out *out, const struct p9_qid *q)
{
	p9_put8(out, q->type);
	p9_put32(out, q->version);
	p9_put64(out, q->path);
}
