/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The telnet protocol (RFC 854, 856 to 858), as far as a console needs it: we
 * offer character mode and a binary channel, and take what a client answers.
 *
 *	IAC IAC			the byte 255
 *	IAC WILL|WONT|DO|DONT x	taken note of, not answered
 *	IAC SB ... IAC SE	skipped
 *	CR NUL			CR, from a client that declined BINARY
 */
#ifndef SMOL_INSTANCE_TELNET_H
#define SMOL_INSTANCE_TELNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TELNET_IAC 255

enum telnet_state { TELNET_DATA, TELNET_COMMAND, TELNET_OPTION, TELNET_SUB, TELNET_SUB_IAC };

/* Zeroed: a new connection. */
struct telnet {
	enum telnet_state state;
	uint8_t verb; /* of OPTION */
	bool text; /* the client declined BINARY */
	bool cr; /* the last byte of data was CR */
};

/* What we say first: WILL ECHO, WILL SUPPRESS-GO-AHEAD, WILL BINARY, DO BINARY. */
extern const uint8_t telnet_greeting[12];

/* The data in what a client sent; buf is overwritten. How much there is. */
size_t telnet_input(struct telnet *, uint8_t *buf, size_t len);

#endif
