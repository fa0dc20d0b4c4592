/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that are met at once.  Those that concern the whole system only
 * where it is the agent's.
 */
#include "agent.h"

static const char *
stop(const struct start *s)
{
	static const char *const names[] = {
		[SYS_HALT] = "halt", [SYS_POWEROFF] = "poweroff", [SYS_REBOOT] = "reboot"
	};
	uint64_t timeout_ms = 10000;
	size_t i;

	if (s->argc > 1 && !text_number(s->argv[1], UINT32_MAX / 2, &timeout_ms))
		return "bad timeout";
	for (i = 0; i < nitems(names); i++) {
		if (text_same(s->argv[0], names[i]))
			return service_stop((enum sys_stop)i, timeout_ms);
	}
	return "stop: halt, poweroff or reboot";
}

static const char *
set_clock(const struct start *s)
{
	uint64_t seconds, nanoseconds;
	long r;

	if (s->argc != 2 || !text_number(s->argv[0], UINT64_C(1) << 40, &seconds) ||
	    !text_number(s->argv[1], 999999999, &nanoseconds))
		return "bad time";
	r = sys_clock(seconds, (uint32_t)nanoseconds);
	return r < 0 ? sys_error(r) : NULL;
}

const char *
request(const struct start *s)
{
	long r;

	if (s->kind == AGENT_SERVICE)
		return service_start(s);
	if (!agent.system)
		return "the agent is not in charge of this system";
	switch (s->kind) {
	case AGENT_STOP:
		return stop(s);
	case AGENT_CLOCK:
		return set_clock(s);
	default:
		r = sys_hostname(s->argv[0]);
		return r < 0 ? sys_error(r) : NULL;
	}
}
