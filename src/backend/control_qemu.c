/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QMP:
 *
 *	greeting ─► qmp_capabilities ─► {} ─► ready ─► cont ─► events, answers
 */
#include <string.h>
#include <sys/socket.h>

#include "backend/control.h"
#include "base/defs.h"

#define COMMAND(name) "{\"execute\":\"" name "\"}\r\n"

static const char *const commands[CONTROL_VERBS] = {
	[CONTROL_STATUS] = COMMAND("query-status"),
	[CONTROL_PAUSE] = COMMAND("stop"),
	[CONTROL_RESUME] = COMMAND("cont"),
	[CONTROL_STOP] = COMMAND("system_powerdown"),
	[CONTROL_QUIT] = COMMAND("quit"),
	[CONTROL_METRICS] = "{\"execute\":\"query-stats\",\"arguments\":{\"target\":\"vcpu\"},\"id\":\"stats\"}\r\n",
};

static const struct {
	const char *reason;
	enum control_end end;
} ends[] = {
	{ "guest-shutdown", CONTROL_HALTED },
	{ "guest-reset", CONTROL_RESTARTED },
	{ "guest-panic", CONTROL_PANICKED },
	{ "host-signal", CONTROL_SIGNALLED },
	{ "host-qmp-quit", CONTROL_TOLD },
};

static int
request(enum control_verb verb, const uint64_t args[2], struct str *out, struct err *err)
{
	(void)args;
	if (commands[verb] == NULL)
		return err_set(err, "QEMU cannot do that; '--vmm smol' can");
	str_add(out, commands[verb]);
	return 0;
}

static void
shutdown_event(struct control *c, const json_t *data)
{
	const char *reason = json_string_value(json_object_get(data, "reason"));
	size_t i;

	if (reason == NULL)
		reason = "no reason given";
	for (i = 0; i < nitems(ends); i++)
		if (strcmp(reason, ends[i].reason) == 0)
			break;
	/* A panic is told before the shutdown that follows. */
	if (c->end != CONTROL_PANICKED)
		control_ended(c, i < nitems(ends) ? ends[i].end : CONTROL_FAILED,
		    strcmp(reason, "guest-reset") == 0 ? "" : reason);
}

/* query-stats: [{"provider": "kvm", "stats": [{"name": N, "value": V}, ...]}, ...], one for each vCPU, are added up. */
static json_t *
statistics(const json_t *vcpus)
{
	json_t *sum = json_object();
	size_t i, j;
	json_t *vcpu, *stat;

	json_array_foreach(vcpus, i, vcpu) json_array_foreach(json_object_get(vcpu, "stats"), j, stat)
	{
		const char *name = json_string_value(json_object_get(stat, "name"));
		const json_t *value = json_object_get(stat, "value");

		if (name != NULL && json_is_integer(value))
			(void)json_object_set_new(sum, name,
			    json_integer(json_integer_value(value) + json_integer_value(json_object_get(sum, name))));
	}
	return json_pack("{s:o}", "kvm", sum);
}

static void
returned(struct control *c, const json_t *msg)
{
	json_t *value = json_object_get(msg, "return"), *result;
	const char *status = json_string_value(json_object_get(value, "status"));

	if (!c->negotiated) {
		c->negotiated = c->ready = true;
		return;
	}
	if (json_object_get(msg, "id") != NULL)
		result = statistics(value);
	else if (status != NULL)
		result = json_pack("{s:s}", "state", status);
	else
		result = json_object();
	control_answered(c, result, NULL);
	json_decref(result);
}

static int
message(struct control *c, const json_t *msg, struct err *err)
{
	static const char negotiate[] = COMMAND("qmp_capabilities");
	const char *event = json_string_value(json_object_get(msg, "event"));
	const json_t *error = json_object_get(msg, "error");

	if (event != NULL) {
		if (strcmp(event, "SHUTDOWN") == 0)
			shutdown_event(c, json_object_get(msg, "data"));
		else if (strcmp(event, "GUEST_PANICKED") == 0)
			control_ended(c, CONTROL_PANICKED, "guest-panic");
	} else if (error != NULL) {
		const char *desc = json_string_value(json_object_get(error, "desc"));

		if (desc == NULL)
			desc = "no reason given";
		if (c->nwaiting == 0)
			return err_set(err, "it refused a command: %s", desc);
		control_answered(c, NULL, desc);
	} else if (json_object_get(msg, "QMP") != NULL) {
		(void)send(c->fd, negotiate, sizeof(negotiate) - 1, MSG_NOSIGNAL);
	} else if (json_object_get(msg, "return") != NULL)
		returned(c, msg);
	return 0;
}

static int
line(struct control *c, const char *text, size_t len, struct err *err)
{
	json_t *msg = json_loadb(text, len, 0, NULL);
	int rv = json_is_object(msg) ? message(c, msg, err) : err_set(err, "its control channel is not QMP");

	json_decref(msg);
	return rv;
}

const struct control_ops control_qemu = { .line = line, .request = request };
