/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Being the guest's init: file systems and network, the service, and the end.
 *
 *	waiting ──► running ──► ended ──► all others TERM, KILL ──► the last words, sync, off
 *	               └─ STOP: TERM, later KILL ─┘
 *
 * Where another is init, STOP goes the same way without a service.
 */
#include "agent.h"

#define CONSOLE "/dev/console"
#define OTHERS_MS 2000 /* that the others have after TERM */
#define LAST_WORDS_MS 1000

static struct {
	enum agent_service state;
	long pid;
	uint8_t end, stopping;
	uint32_t status;
	uint64_t start_at; /* without a host */
	enum { STAY, STOPPING, KILLING, LAST } phase;
	enum sys_stop how;
	uint64_t deadline;
	int report;
} service;

static struct start given;
static uint8_t given_bytes[AGENT_PAYLOAD_MAX];
static struct lines lines;
static char root_options[128];

void
service_state(uint8_t event[AGENT_EVENT_SIZE])
{
	memset(event, 0, AGENT_EVENT_SIZE);
	event[0] = (uint8_t)service.state;
	event[1] = service.end;
	event[2] = service.stopping;
	put_le32(event + 4, service.status);
	put_le32(event + 8, (uint32_t)service.pid);
}

/* --- before it --- */

/* "/" says whether the root may be written, the others are mounted. */
static void
read_fstab(bool only_root)
{
	char *line, *rest, *f[4], *part;
	size_t n;

	if (!lines_open(&lines, "/etc/fstab"))
		return;
	while ((line = lines_next(&lines)) != NULL) {
		for (part = line; *part != '\0'; part++) {
			if (*part == '\t')
				*part = ' ';
		}
		for (rest = line, n = 0; n < 4 && (part = field_next(&rest, ' ')) != NULL;) {
			if (part[0] != '\0')
				f[n++] = part;
		}
		if (n < 4 || f[0][0] == '#')
			continue;
		if (only_root && text_same(f[1], "/")) {
			(void)text_copy(root_options, sizeof(root_options), f[3]);
			config.read_only |= text_same(f[3], "ro") || text_starts(f[3], "ro,");
		}
		if (!only_root && f[1][0] == '/' && f[1][1] != '\0' && !text_same(f[1], "/dev/pts"))
			(void)init_mount(f[0], f[1], f[2], f[3]);
	}
	lines_close(&lines);
}

static void
write_resolv_conf(void)
{
	struct file_stat st;
	char text[80] = "nameserver ";
	long fd;

	if (config.nameserver == NULL && sys_stat("/etc/resolv.conf", &st) >= 0 && st.size > 0)
		return;
	(void)text_add(text, sizeof(text) - 1, config.nameserver == NULL ? "10.0.2.3" : config.nameserver);
	(void)text_add(text, sizeof(text), "\n");
	fd = sys_open("/etc/resolv.conf", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		return;
	(void)sys_write((int)fd, text, text_len(text));
	sys_close((int)fd);
}

static void
start_network(void)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	uint8_t address[4];
	const char *rest;
	uint64_t prefix = 24;
	long r;

	r = init_address(init_loopback, loopback, 8);
	if (r < 0)
		agent_say("no address for", init_loopback, r);
	if (text_same(config.address, "none"))
		return;
	if (!text_address(config.address, address, &rest) || (*rest == '/' && !text_number(rest + 1, 32, &prefix))) {
		agent_say("/etc/smol/service: bad address", config.address, 0);
		return;
	}
	r = init_address(config.interface, address, (unsigned)prefix);
	/* There is no such interface: a machine without a network. */
	if (r == -ENXIO || r == -ENODEV)
		return;
	if (r >= 0 && text_address(config.gateway, address, &rest))
		r = init_route(address);
	if (r < 0)
		agent_say("no network on", config.interface, r);
	write_resolv_conf();
}

static void
open_console(void)
{
	long fd = sys_open(CONSOLE, O_RDWR | O_NOCTTY, 0);
	int i;

	for (i = 0; fd >= 0 && i < 3; i++)
		(void)sys_dup2((int)fd, i);
	if (fd > 2)
		sys_close((int)fd);
}

void
init_start(void)
{
	read_fstab(true);
	init_system(config.read_only, root_options);
	open_console();
	read_fstab(false);
	if (config.hostname != NULL)
		(void)sys_hostname(config.hostname);
	start_network();
	if (config.service.argc > 0 || config.wait_ms > 0) {
		service.state = AGENT_SERVICE_WAITING;
		service.start_at = sys_now_ms() + config.wait_ms;
	}
}

/* --- the service --- */

static void
ended(enum agent_end end, uint32_t status)
{
	service.state = AGENT_SERVICE_ENDED;
	service.end = (uint8_t)end;
	service.status = status;
	service.pid = 0;
	port_event();
	if (!config.stay && service.phase == STAY)
		(void)service_stop(config.end, 0);
}

static void
run_service(void)
{
	static struct process p;
	long r = config.service.argc == 0 ? -ENOENT : process_start(&config.service, &config.service, CONSOLE, &p);

	if (r < 0) {
		agent_say("cannot start the service", config.service.argc == 0 ? NULL : config.service.argv[0], r);
		ended(AGENT_FAILED, 126);
		return;
	}
	/* The report is read when it has ended. */
	service.state = AGENT_SERVICE_RUNNING;
	service.pid = p.pid;
	service.report = p.report;
	port_event();
}

const char *
service_start(const struct start *s)
{
	const uint8_t *from;
	size_t i;

	if (service.state != AGENT_SERVICE_WAITING)
		return "no service is waiting";
	if (s->argc > 0) {
		/* The strings lie in the port's buffer, from user to the last. */
		from = (const uint8_t *)s->user;
		memcpy(given_bytes, from, sizeof(given_bytes) - AGENT_OPEN_SIZE);
		given = config.service;
		for (i = 0; i <= s->argc; i++)
			given.argv[i] = s->argv[i] == NULL ? NULL : (char *)given_bytes + (s->argv[i] - s->user);
		for (i = 0; i < s->envc && given.envc < ARGS_MAX; i++)
			given.env[given.envc++] = (char *)given_bytes + (s->env[i] - s->user);
		given.env[given.envc] = NULL;
		given.argc = s->argc;
		if (s->user[0] != '\0')
			given.user = (const char *)given_bytes;
		if (s->dir[0] != '\0')
			given.dir = (const char *)given_bytes + (s->dir - s->user);
		config.service = given;
	}
	run_service();
	return NULL;
}

bool
service_reaped(long pid, int status)
{
	char report[REPORT_MAX + 5] = "";
	uint32_t value;
	enum agent_end end;
	long n;

	if (service.pid == 0 || pid != service.pid)
		return false;
	n = sys_read(service.report, report, sizeof(report) - 1);
	sys_close(service.report);
	end = (enum agent_end)sys_end(status, &value);
	if (n > 4) {
		agent_say(report + 4, NULL, 0);
		end = AGENT_FAILED;
		value = get_le32(report);
	}
	ended(end, value);
	return true;
}

/* --- the end --- */

const char *
service_stop(enum sys_stop how, uint64_t timeout_ms)
{
	if (service.phase > STOPPING)
		return NULL;
	service.phase = STOPPING;
	service.how = how;
	service.stopping = 1;
	service.deadline = sys_now_ms() + timeout_ms;
	if (service.pid != 0)
		(void)sys_kill(-service.pid, AGENT_SIGTERM);
	port_event();
	return NULL;
}

static void
end_others(uint64_t now)
{
	if (service.pid != 0)
		(void)sys_kill(-service.pid, AGENT_SIGKILL);
	if (!agent.init)
		(void)sys_kill(1, AGENT_SIGTSTP); /* no new ones (init(8)) */
	(void)sys_kill(-1, AGENT_SIGTERM);
	(void)sys_kill(-1, AGENT_SIGCONT);
	service.phase = KILLING;
	service.deadline = now + OTHERS_MS;
}

/* A step on the way to the end, if it is time for it. */
static void
stop_step(uint64_t now)
{
	if (service.phase == STOPPING && ((agent.init && service.pid == 0) || now >= service.deadline || !agent.init))
		end_others(now);
	if (service.phase == KILLING && (sys_kill(-1, 0) < 0 || now >= service.deadline)) {
		(void)sys_kill(-1, AGENT_SIGKILL);
		service.phase = LAST;
		service.deadline = now + LAST_WORDS_MS;
		port_event();
	}
	if (service.phase == LAST && (!port_pending() || now >= service.deadline)) {
		sys_sync();
		sys_stop(service.how);
		/* It did not: once more, later. */
		service.deadline = now + LAST_WORDS_MS;
	}
}

int
service_timeout(void)
{
	uint64_t now;

	if (service.phase != STAY)
		return 20;
	if (service.state != AGENT_SERVICE_WAITING)
		return -1;
	now = sys_now_ms();
	return now >= service.start_at ? 0 : (int)(service.start_at - now);
}

void
service_loop(void)
{
	uint64_t now = sys_now_ms();

	if (service.state == AGENT_SERVICE_WAITING && service.phase == STAY && now >= service.start_at)
		run_service();
	if (service.phase != STAY)
		stop_step(now);
}
