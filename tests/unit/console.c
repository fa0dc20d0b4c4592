/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands between a guest's console and those who look at it: the relay's
 * buffer, the watch for a line, telnet.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "instance/relay.h"
#include "instance/telnet.h"
#include "instance/watch.h"
#include "test.h"

#define SIZE sizeof(((struct relay *)NULL)->bytes)

/* Byte number n of the test's stream. */
static uint8_t
byte(size_t n)
{
	return (uint8_t)(n * 31 >> 3);
}

static void
relays(void)
{
	cleanup_free struct relay *r = xcalloc(1, sizeof(*r));
	uint8_t buf[1000];
	size_t put = 0, i, step;
	int null = open("/dev/null", O_WRONLY);

	for (step = 1; step < 400; step++) {
		for (i = 0; i < 7 * step % sizeof(buf); i++)
			buf[i] = byte(put + i);
		relay_add(r, buf, i);
		put += i;
		CHECK(relay_space(r) == SIZE - r->len);
		if (step % 3 == 0 && r->len > 0)
			CHECK(relay_write(r, null, step) == 0);
		for (i = 0; i < r->len; i++)
			if (r->bytes[r->start + i] != byte(put - r->len + i))
				break;
		CHECK(i == r->len);
	}
	(void)close(null);
}

/* More than fits: the newest bytes are kept, also where one piece is larger than all. */
static void
overflow(void)
{
	cleanup_free struct relay *r = xcalloc(1, sizeof(*r));
	cleanup_free uint8_t *big = xmalloc(SIZE + 10);
	size_t i;

	for (i = 0; i < SIZE + 10; i++)
		big[i] = byte(i);
	relay_add(r, "x", 1);
	relay_add(r, big, SIZE + 10);
	CHECK(r->len == SIZE && memcmp(r->bytes + r->start, big + 10, SIZE) == 0);
	CHECK(!relay_room(r) && relay_space(r) == 0);
	relay_push(r, 'y');
	CHECK(r->len == SIZE && r->bytes[r->start + SIZE - 1] == byte(SIZE + 9));
	relay_add(r, "z", 1);
	CHECK(r->len == SIZE && r->bytes[r->start + SIZE - 1] == 'z' && r->bytes[r->start] == byte(11));
}

/* In one piece, and byte by byte. */
static void
watch(const char *text, const char *stream, bool found, bool ended)
{
	const uint8_t *p = (const uint8_t *)stream;
	bool whole, single = false;
	struct watch w;
	size_t i;

	watch_init(&w, text);
	whole = watch_feed(&w, p, strlen(stream));
	CHECK(whole == found && w.ended == ended);
	watch_init(&w, text);
	for (i = 0; i < strlen(stream); i++)
		single |= watch_feed(&w, p + i, 1);
	CHECK(single == found && w.ended == ended);
}

static void
watches(void)
{
	static const char done[] = "\nJEMATA!", halted[] = "\nhas halted.\nPress a key.\n\n";

	watch(done, "JEMATA!\n", true, false);
	watch(done, "JEMATA!", true, true);
	watch(done, "x\r\nJEMATA!\r\n", true, false);
	watch(done, "x\n\n\nJEMATA!", true, true);
	watch(done, "x JEMATA!\n", false, false);
	watch(done, "JEMAT\nA!", false, false);
	watch(done, "JEMJEMATA!", false, false);
	watch(done, "JEM\nJEMATA!!", true, false);
	watch(done, " JEMATA!\nJEMATA", false, false);
	watch(halted, "\n\rhas halted.\n\rPress a key.\n\r\n\r", true, true);
	watch(halted, "has halted.\r\nPress a key.\r\n\r\n", true, true);
	watch(halted, "has halted.\nhas halted.\nPress a key.\n\n", true, true);
	watch(halted, "has halted.\n\nhas halted.\nPress a key.\n\n", true, true);
	watch(halted, "has halted.\nPress a key.\n\nmore", true, false);
	watch(halted, "has halted.\nPress a key.\nmore\n", false, false);
	watch(halted, "it has halted.\nPress a key.\n\n", false, false);
	watch(halted, "\r\n[   1.16] has halted.\r\n[  11.16] Press a key.\r\n\r\n", true, true);
	watch(halted, "[ 1.1] has halted.\n[1.1] Press a key.\n\n[", true, false);
	watch(halted, "[ 1.1]has halted.\n[1.1] Press a key.\n\n", false, false);
	watch(halted, "[ 1.x] has halted.\n[1.1] Press a key.\n\n", false, false);
	watch(halted, "x [ 1.1] has halted.\nPress a key.\n\n", false, false);
	watch(halted, "[\nhas halted.\nPress a key.\n\n", true, true);
	watch(NULL, "JEMATA!\n", false, false);
}

static void
telnet(const char *in, size_t len, const char *want, size_t want_len)
{
	struct telnet whole = { 0 }, single = { 0 };
	uint8_t buf[64], one;
	size_t i, n = 0;
	uint8_t got[64];

	memcpy(buf, in, len);
	CHECK(telnet_input(&whole, buf, len) == want_len && memcmp(buf, want, want_len) == 0);
	for (i = 0; i < len; i++) {
		one = (uint8_t)in[i];
		if (telnet_input(&single, &one, 1) == 1)
			got[n++] = one;
	}
	CHECK(n == want_len && memcmp(got, want, n) == 0);
}

#define TELNET(in, want) telnet(in, sizeof(in) - 1, want, sizeof(want) - 1)

static void
telnets(void)
{
	TELNET("plain\r\n", "plain\r\n");
	TELNET("a\xff\xff"
	       "b",
	    "a\xff"
	    "b");
	TELNET("\xff\xfd\x01\xff\xfd\x03\xff\xfb\x00x", "x");
	TELNET("\xff\xfa\x18\x00vt100\xff\xff\xff\xf0y", "y");
	TELNET("\xff\xf1\xff\xf6z", "z");
	/* A NUL behind CR is the end of line of a client without BINARY, else a byte. */
	TELNET("\xff\xfc\x00"
	       "a\r\0b\0",
	    "a\rb\0");
	TELNET("\xff\xfb\x00"
	       "a\r\0b",
	    "a\r\0b");
	TELNET("a\r\0b", "a\r\0b");
	TELNET("\xff", "");
}

TEST_MAIN({ "relay: what is in it", relays }, { "relay: the oldest go", overflow }, { "watch", watches },
    { "telnet", telnets })
