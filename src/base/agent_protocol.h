/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host and smol-agent in the guest say to each other over one console
 * port (doc/design/0012-agent.md).  Included by both: needs no library.
 *
 * A frame is a head and its payload; numbers are little-endian:
 *
 *	0     2    3     4        8        12          12 + length
 *	magic type check stream   length   payload ...
 *
 * check makes the sum of the head's bytes 0xff.  A session begins with
 *
 *	host  ── HELLO version, host's nonce ──►  agent
 *	host  ◄── WELCOME both nonces, limits ──  agent
 *	host  ── START agent's nonce ──────────►  agent
 *
 * and each side takes what came before for rubbish of an earlier one: the host
 * looks, byte by byte, for a WELCOME with its nonce, the agent for a HELLO and
 * then for a START with the nonce that it just made.  The agent may still be in
 * the midst of an old frame: the host sends AGENT_FILLER zeros first, which end it.
 *
 * Streams are opened by the host, which chooses their numbers (not 0); the
 * agent's last word on each is DONE, after which the number is free.
 *
 *	CREDIT	how many bytes of DATA and ERRDATA the other may send more on this stream
 *	ACK	(stream 0) all bytes that the agent has read since START, modulo 2^32: no more than
 *		link_window beyond it may be on their way, since a NetBSD terminal drops what it cannot hold
 */
#ifndef SMOL_BASE_AGENT_PROTOCOL_H
#define SMOL_BASE_AGENT_PROTOCOL_H

#include "base/endian.h"

#define AGENT_VERSION 1
#define AGENT_HEAD_SIZE 12
#define AGENT_PAYLOAD_MAX 16384
#define AGENT_FRAME_MAX (AGENT_HEAD_SIZE + AGENT_PAYLOAD_MAX)
#define AGENT_FILLER AGENT_FRAME_MAX
#define AGENT_MAGIC0 0xa9
#define AGENT_MAGIC1 0x53

enum agent_type {
	AGENT_HELLO = 1, /* h: u32 version, u64 nonce */
	AGENT_WELCOME, /* a: struct agent_welcome, then text: "NetBSD 10.1 amd64" */
	AGENT_START, /* h: u64 the agent's nonce */
	AGENT_LOST, /* a: begin anew, all streams are gone */
	AGENT_ACK, /* a: u32, stream 0 */
	AGENT_OPEN, /* h: struct agent_open */
	AGENT_DATA, /* standard input or output */
	AGENT_ERRDATA, /* a: standard error */
	AGENT_EOF, /* h: no more DATA will come */
	AGENT_CREDIT, /* u32 */
	AGENT_SIGNAL, /* h: u32, to the stream's process group */
	AGENT_WINDOW, /* h: u16 rows, u16 columns */
	AGENT_CLOSE, /* h: nobody is interested any more: SIGHUP */
	AGENT_DONE, /* a: struct agent_done, the stream's last frame */
	AGENT_EVENT, /* a: struct agent_event, stream 0 */
	AGENT_NTYPES
};

#define AGENT_HELLO_SIZE 12
#define AGENT_START_SIZE 8

struct agent_head {
	uint8_t type;
	uint32_t stream, length;
};

static inline uint8_t
agent_head_sum(const uint8_t b[AGENT_HEAD_SIZE])
{
	unsigned i, sum = 0;

	for (i = 0; i < AGENT_HEAD_SIZE; i++)
		sum += b[i];
	return (uint8_t)sum;
}

static inline void
agent_head_put(uint8_t b[AGENT_HEAD_SIZE], uint8_t type, uint32_t stream, uint32_t length)
{
	b[0] = AGENT_MAGIC0;
	b[1] = AGENT_MAGIC1;
	b[2] = type;
	b[3] = 0;
	put_le32(b + 4, stream);
	put_le32(b + 8, length);
	b[3] = (uint8_t)(0xff - agent_head_sum(b));
}

/* False: no head. */
static inline bool
agent_head_get(const uint8_t b[AGENT_HEAD_SIZE], struct agent_head *h)
{
	h->type = b[2];
	h->stream = get_le32(b + 4);
	h->length = get_le32(b + 8);
	return b[0] == AGENT_MAGIC0 && b[1] == AGENT_MAGIC1 && agent_head_sum(b) == 0xff && h->type > 0 &&
	       h->type < AGENT_NTYPES && h->length <= AGENT_PAYLOAD_MAX;
}

/* --- how something ended --- */

enum agent_end {
	AGENT_EXITED, /* status: as the process gave it; 0 for requests that are met */
	AGENT_SIGNALLED, /* status: the signal */
	AGENT_FAILED, /* text says why; status: 126 or 127 as sh has it, or 1 */
	AGENT_CLOSED, /* by the host */
};

#define AGENT_DONE_SIZE 8 /* u8 end, 3 zeros, u32 status; text follows */

/* --- the service, where the agent is the guest's init --- */

enum agent_service {
	AGENT_SERVICE_NONE, /* the agent is not init, or has no service */
	AGENT_SERVICE_WAITING, /* for a host to start it, or for the time to do so without one */
	AGENT_SERVICE_RUNNING,
	AGENT_SERVICE_ENDED,
};

#define AGENT_EVENT_SIZE 12 /* u8 service, u8 end, u8 stopping, 0, u32 status, u32 pid */

/*
 *	0		4		12		20		24		28		32
 *	u32 version	u64 host's	u64 agent's	u32 link_window u32 stream	u32 max
 *			nonce		nonce				_window		_streams
 *	32		36 .. 47
 *	u32 features	as an EVENT: the service
 */
#define AGENT_WELCOME_SIZE 48
#define AGENT_FEATURE_INIT 1 /* it is process 1 */
#define AGENT_FEATURE_SYSTEM 2 /* STOP, CLOCK and HOSTNAME are its business */

/* --- OPEN --- */

enum agent_kind {
	AGENT_EXEC = 1, /* a program; without a '/' looked up in PATH */
	AGENT_PUT, /* argv[0]: a directory, into which DATA is unpacked as tar */
	AGENT_GET, /* argv[0]: what to send as tar, named by its last component; "DIR/.": what is in it */
	AGENT_SERVICE, /* start the service that waits; with arguments, in place of its own */
	AGENT_STOP, /* argv[0]: halt, poweroff or reboot; argv[1]: milliseconds until KILL follows TERM */
	AGENT_CLOCK, /* argv[0], argv[1]: seconds and nanoseconds since 1970 */
	AGENT_HOSTNAME, /* argv[0] */
	AGENT_NKINDS
};

/*
 *	0	1	2	4	6	8	10	12	16
 *	u8 kind	u8 flags u16	u16	u16	u16	0	u32	strings, each ended by a NUL:
 *			rows	columns	argc	envc		credit	user, directory, argv..., env...
 *
 * user is a name or number, with ":GROUP" if wanted; empty: root's, and / or the
 * home of a user that was named.  env: NAME=VALUE, on top of the service's.
 * credit is what the agent may send at first; the host has stream_window.
 */
#define AGENT_OPEN_SIZE 16
#define AGENT_OPEN_PTY 1 /* a terminal of rows and columns */
#define AGENT_OPEN_NO_OWNERS 2 /* PUT: files are the user's, whatever the archive says */

/* --- signals: NetBSD's numbers --- */

enum agent_signal {
	AGENT_SIGHUP = 1,
	AGENT_SIGINT = 2,
	AGENT_SIGQUIT = 3,
	AGENT_SIGILL = 4,
	AGENT_SIGTRAP = 5,
	AGENT_SIGABRT = 6,
	AGENT_SIGFPE = 8,
	AGENT_SIGKILL = 9,
	AGENT_SIGBUS = 10,
	AGENT_SIGSEGV = 11,
	AGENT_SIGSYS = 12,
	AGENT_SIGPIPE = 13,
	AGENT_SIGALRM = 14,
	AGENT_SIGTERM = 15,
	AGENT_SIGURG = 16,
	AGENT_SIGSTOP = 17,
	AGENT_SIGTSTP = 18,
	AGENT_SIGCONT = 19,
	AGENT_SIGCHLD = 20,
	AGENT_SIGTTIN = 21,
	AGENT_SIGTTOU = 22,
	AGENT_SIGIO = 23,
	AGENT_SIGXCPU = 24,
	AGENT_SIGXFSZ = 25,
	AGENT_SIGVTALRM = 26,
	AGENT_SIGPROF = 27,
	AGENT_SIGWINCH = 28,
	AGENT_SIGINFO = 29,
	AGENT_SIGUSR1 = 30,
	AGENT_SIGUSR2 = 31,
	AGENT_SIGPWR = 32,
};

#endif
