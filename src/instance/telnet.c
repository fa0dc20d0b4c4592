/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Telnet from the client's side: a state machine that leaves the data.
 */
#include "instance/telnet.h"

enum { SE = 240, SB = 250, WILL = 251, WONT = 252, DO = 253, DONT = 254, IAC = TELNET_IAC };
enum { BINARY = 0, ECHO = 1, SUPPRESS_GO_AHEAD = 3 };

const uint8_t telnet_greeting[12] = {
	IAC,
	WILL,
	ECHO,
	IAC,
	WILL,
	SUPPRESS_GO_AHEAD,
	IAC,
	WILL,
	BINARY,
	IAC,
	DO,
	BINARY,
};

static void
command(struct telnet *t, uint8_t byte)
{
	if (byte == SB) {
		t->state = TELNET_SUB;
	} else if (byte >= WILL && byte <= DONT) {
		t->state = TELNET_OPTION;
		t->verb = byte;
	} else
		t->state = TELNET_DATA;
}

static void
option(struct telnet *t, uint8_t byte)
{
	if (byte == BINARY && t->verb == WILL)
		t->text = false;
	else if (byte == BINARY && t->verb == WONT)
		t->text = true;
	t->state = TELNET_DATA;
}

/* True if it is data. */
static bool
input(struct telnet *t, uint8_t byte)
{
	bool after_cr = t->cr;

	switch (t->state) {
	case TELNET_DATA:
		if (byte == IAC) {
			t->state = TELNET_COMMAND;
			return false;
		}
		t->cr = byte == '\r';
		return !(t->text && after_cr && byte == '\0');
	case TELNET_COMMAND:
		if (byte == IAC) {
			t->state = TELNET_DATA;
			t->cr = false;
			return true;
		}
		command(t, byte);
		return false;
	case TELNET_OPTION:
		option(t, byte);
		return false;
	case TELNET_SUB:
		if (byte == IAC)
			t->state = TELNET_SUB_IAC;
		return false;
	default:
		t->state = byte == SE ? TELNET_DATA : TELNET_SUB;
		return false;
	}
}

size_t
telnet_input(struct telnet *t, uint8_t *buf, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		if (input(t, buf[i]))
			buf[n++] = buf[i];
	return n;
}
