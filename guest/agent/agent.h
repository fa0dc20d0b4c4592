/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-agent: what its files share.  One process, one loop, no memory but what
 * is declared here and there: a stream is a slot in a table.
 *
 *	main.c		arguments, the loop
 *	port.c		the console port: frames in, frames out, the beginning of a session
 *	stream.c	a stream: a process, its pipes or terminal, its credit
 *	start.c		what it shall be
 *	process.c	making that process
 *	tar_in.c, tar_out.c	what runs in it for PUT and GET
 *	request.c	OPENs that need no process
 *	config.c	/etc/smol/service
 *	service.c	init: mounts, network, the service, the end
 *	passwd.c lines.c text.c error.c	files of lines, strings, words for errors
 *	sys_*.c init_*.c net_*.c	the kernel's side
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "sys.h"

#define STREAMS 64
#define STREAM_WINDOW 32768
#define REPORT_MAX 256

struct stream {
	uint32_t id; /* 0: free */
	long pid; /* 0: it has ended, status says how */
	int in, out, err; /* ours; -1. A terminal is both in and out */
	int report; /* what the process says before it becomes another program, or fails to */
	bool pty, in_eof;
	uint32_t credit; /* that we may still send */
	uint32_t taken; /* by the process, not yet credited to the host */
	int status;
	size_t start, len; /* of input */
	uint8_t input[STREAM_WINDOW];
};

/* An OPEN, its strings in place; also the service's command. */
#define ARGS_MAX 1024
struct start {
	uint8_t kind, flags;
	uint16_t rows, columns;
	const char *user, *dir;
	char *argv[ARGS_MAX + 1], *env[ARGS_MAX + 1]; /* NULL ends them */
	size_t argc, envc;
};

/* --- port.c --- */

/* PATH, or the descriptor that is given; false if it cannot be had. */
bool port_open(const char *path, int fd);
void port_prepare(struct sys_poll *);
/* False: the other end is gone for good, or for now. */
bool port_handle(const struct sys_poll *);
bool port_flush(void);
bool port_is_open(void);
void port_close(void);
/* An end without a host that reads. */
bool port_pending(void);
/* Room for a frame of that payload, beside what answers need. */
bool port_has_room(size_t payload);
void port_send(uint8_t type, uint32_t stream, const void *payload, size_t len);
/* Where the payload of a frame that is still to be read goes, and how much; then the frame itself. */
uint8_t *port_payload(size_t *max);
void port_commit(uint8_t type, uint32_t stream, size_t len);
/* Every session ends so: all streams are closed. */
void port_lost(void);
/* Bytes for the service's state in WELCOME and EVENT. */
void port_event(void);

/* --- stream.c --- */

void stream_open(uint32_t id, const uint8_t *payload, size_t len);
/* A frame for a stream; false: the host breaks the rules. */
bool stream_frame(const struct agent_head *, const uint8_t *payload);
void stream_close_all(void);
#define STREAM_POLLS (3 * STREAMS)
void stream_prepare(struct sys_poll p[STREAM_POLLS]);
void stream_handle(const struct sys_poll p[STREAM_POLLS]);
/* One has something to do that no descriptor will tell. */
bool stream_busy(void);
/* A process has ended; false: not one of ours. */
bool stream_reaped(long pid, int status);
void stream_done(uint32_t id, enum agent_end, uint32_t status, const char *text);

/* --- start.c --- */

/* NULL, or what is wrong. */
const char *start_parse(struct start *, uint8_t *payload, size_t len);

/* --- process.c --- */

struct process {
	long pid;
	int in, out, err, report;
};
/* 0 or -errno. console: the child's terminal is that file, not pipes. */
long process_start(const struct start *, const struct start *base, const char *console, struct process *);
/* In the child: says why on the report, and ends. */
_Noreturn void process_fail(uint32_t status, const char *what, const char *name, long error);

/* --- tar_in.c, tar_out.c; in a process of their own: from standard input, to standard output --- */

_Noreturn void tar_in(const char *dir, bool owners);
_Noreturn void tar_out(const char *path);

/* --- request.c --- */

/* NULL, or what is wrong; for kinds other than EXEC, PUT and GET. */
const char *request(const struct start *);

/* --- config.c --- */

struct config {
	bool read, read_only;
	struct start service;
	const char *ports[4];
	size_t nports;
	const char *hostname, *interface, *address, *gateway, *nameserver;
	uint64_t wait_ms;
	enum sys_stop end;
	bool stay; /* when the service has ended */
};

extern struct config config;
void config_read(const char *path);

/* --- service.c --- */

/* Process 1: all before the service. */
void init_start(void);
void service_loop(void);
/* ms until it wants to run, -1: for ever. */
int service_timeout(void);
const char *service_start(const struct start *);
bool service_reaped(long pid, int status);
const char *service_stop(enum sys_stop, uint64_t timeout_ms);
void service_state(uint8_t event[AGENT_EVENT_SIZE]);

struct agent {
	bool init; /* process 1 */
	bool system; /* may stop it, set its clock and name */
};

extern struct agent agent;
/* A line on the console. */
void agent_say(const char *what, const char *name, long error);

/* --- lines.c --- */

struct lines {
	int fd;
	size_t start, len;
	char buf[2048];
};

bool lines_open(struct lines *, const char *path);
/* Without its newline; NULL at the end. Lines that are too long are cut. */
char *lines_next(struct lines *);
void lines_close(struct lines *);
/* The next field before c or the end; *rest moves on, NULL after the last. */
char *field_next(char **rest, char c);

/* --- passwd.c --- */

#define GROUPS_MAX 16
struct user {
	uint32_t uid, gid, groups[GROUPS_MAX];
	size_t ngroups;
	char name[64], home[256], shell[128];
};

/* NAME|UID[:GROUP|GID]; false: no such user or group. */
bool user_find(const char *spec, struct user *);

#endif
