/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 9P2000.L messages: size[4] type[1] tag[2] ..., strings as length[2] bytes,
 * a reply's type is the request's plus one, or Rlerror.
 */
#include "p9.h"

#include "bytes.h"
#include "string.h"
#include "virtqueue.h"

enum {
	HEADER = 7,
	QID = 13,
	RLERROR = 7,
	TLOPEN = 12,
	TGETATTR = 24,
	TREADDIR = 40,
	TVERSION = 100,
	TATTACH = 104,
	TWALK = 110,
	TREAD = 116,
	TCLUNK = 120,
	NO_TAG = 0xffff,
	TIMEOUT_MS = 5000
};
#define NO_FID UINT32_MAX
#define GETATTR_BASIC 0x7ffull

static struct virtio_device *dev;
static struct virtqueue queue;
static uint8_t request[1024], reply[P9_MSIZE];
static uint32_t request_len, reply_len, last_errno;

bool
p9_init(void)
{
	if (dev != NULL)
		return true;
	dev = virtio_find(VIRTIO_9P, 0);
	if (dev == NULL || !virtio_begin(dev, 1 | VIRTIO_F_INDIRECT_DESC) || !virtqueue_init(&queue, dev, 0)) {
		dev = NULL;
		return false;
	}
	virtio_run(dev);
	return true;
}

struct virtio_device *
p9_device(void)
{
	return dev;
}

uint32_t
p9_errno(void)
{
	return last_errno;
}

void
p9_tag(char *buf, uint32_t size)
{
	uint32_t len = min_u32(virtio_config16(dev, 0), size - 1);

	for (uint32_t i = 0; i < len; i++)
		buf[i] = (char)virtio_config8(dev, 2 + i);
	buf[len] = '\0';
}

static void
put32(uint32_t v)
{
	put_le32(request + request_len, v);
	request_len += 4;
}

static void
put64(uint64_t v)
{
	put_le64(request + request_len, v);
	request_len += 8;
}

static void
put_string(const char *s)
{
	uint32_t len = (uint32_t)strlen(s);

	put_le16(request + request_len, len);
	memcpy(request + request_len + 2, s, len);
	request_len += 2 + len;
}

static void
begin(uint8_t type, uint32_t tag)
{
	request[4] = type;
	put_le16(request + 5, tag);
	request_len = HEADER;
}

/* True if the reply is of the right type, tag and at least this long. */
static bool
transact(uint32_t body_min)
{
	const struct segment segs[2] = { { request, request_len, false }, { reply, sizeof(reply), true } };
	uint32_t cookie;

	last_errno = 0;
	put_le32(request, request_len);
	if (!virtqueue_add(&queue, segs, 2, 0))
		return false;
	virtqueue_kick(&queue);
	if (!virtqueue_wait(&queue, TIMEOUT_MS) || !virtqueue_take(&queue, &cookie, &reply_len) || reply_len < HEADER ||
	    get_le32(reply) > sizeof(reply) || get_le32(reply) < HEADER || memcmp(reply + 5, request + 5, 2) != 0)
		return false;
	reply_len = get_le32(reply);
	if (reply[4] == RLERROR && reply_len >= HEADER + 4)
		last_errno = get_le32(reply + HEADER);
	return reply[4] == request[4] + 1 && reply_len >= HEADER + body_min;
}

bool
p9_attach(void)
{
	begin(TVERSION, NO_TAG);
	put32(P9_MSIZE);
	put_string("9P2000.L");
	if (!transact(4 + 2 + 8) || get_le32(reply + HEADER) > P9_MSIZE ||
	    memcmp(reply + HEADER + 6, "9P2000.L", 8) != 0)
		return false;
	begin(TATTACH, 1);
	put32(P9_ROOT_FID);
	put32(NO_FID);
	put_string("root");
	put_string("");
	put32(0);
	return transact(QID);
}

bool
p9_walk(uint32_t fid, uint32_t newfid, const char *name)
{
	begin(TWALK, 2);
	put32(fid);
	put32(newfid);
	put_le16(request + request_len, name != NULL ? 1 : 0);
	request_len += 2;
	if (name != NULL)
		put_string(name);
	return transact(2) && get_le16(reply + HEADER) == (name != NULL ? 1u : 0u);
}

bool
p9_open(uint32_t fid, uint32_t flags)
{
	begin(TLOPEN, 3);
	put32(fid);
	put32(flags);
	return transact(QID + 4);
}

int32_t
p9_read(uint32_t fid, uint64_t off, void *buf, uint32_t len)
{
	uint32_t n;

	len = min_u32(len, P9_MSIZE - HEADER - 4);
	begin(TREAD, 4);
	put32(fid);
	put64(off);
	put32(len);
	if (!transact(4))
		return -1;
	n = get_le32(reply + HEADER);
	if (n > len || n > reply_len - HEADER - 4)
		return -1;
	memcpy(buf, reply + HEADER + 4, n);
	return (int32_t)n;
}

bool
p9_readdir(uint32_t fid, uint64_t off, struct p9_entry *entry, bool *error)
{
	const uint8_t *e = reply + HEADER + 4;
	uint32_t n, len;

	begin(TREADDIR, 5);
	put32(fid);
	put64(off);
	put32(1024);
	*error = !transact(4);
	if (*error)
		return false;
	n = get_le32(reply + HEADER);
	if (n == 0)
		return false;
	*error = true;
	if (n > reply_len - HEADER - 4 || n < QID + 11)
		return false;
	entry->type = e[QID + 8];
	entry->next = get_le64(e + QID);
	len = get_le16(e + QID + 9);
	if (len > n - QID - 11 || len > P9_NAME_MAX || entry->next == off)
		return false;
	copy_string(entry->name, sizeof(entry->name), (const char *)e + QID + 11, len);
	*error = false;
	return true;
}

bool
p9_getattr(uint32_t fid, uint32_t *mode, uint64_t *size)
{
	begin(TGETATTR, 6);
	put32(fid);
	put64(GETATTR_BASIC);
	if (!transact(8 + QID + 4 + 4 + 4 + 8 + 8 + 8))
		return false;
	*mode = get_le32(reply + HEADER + 8 + QID);
	*size = get_le64(reply + HEADER + 8 + QID + 12 + 16);
	return true;
}

bool
p9_clunk(uint32_t fid)
{
	begin(TCLUNK, 7);
	put32(fid);
	return transact(0);
}
