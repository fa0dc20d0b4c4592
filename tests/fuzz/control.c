/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What monitors and clients say: the first byte chooses whose line each is.
 */
#include <stdint.h>
#include <string.h>

#include "backend/control.h"
#include "instance/clients.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ignore(void *arg, json_t *result, const char *error)
{
	(void)arg;
	/* One or the other. */
	if ((result == NULL) == (error == NULL))
		__builtin_trap();
}

/* A request waits for each line, and some lines come without. */
static void
monitor(const struct control_ops *ops, const char *text, size_t len)
{
	struct control c;
	struct err err = { 0 };
	const char *nl;

	control_init(&c, ops, -1, true);
	while (len > 0) {
		nl = memchr(text, '\n', len);
		if (c.nwaiting < 2)
			c.waiting[c.nwaiting++].fn = ignore;
		if (ops->line(&c, text, nl == NULL ? len : (size_t)(nl - text), &err) < 0 && *err.msg == '\0')
			__builtin_trap();
		len -= nl == NULL ? len : (size_t)(nl - text) + 1;
		text = nl == NULL ? text : nl + 1;
	}
	control_release(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;
	json_t *request = NULL;
	struct err err = { 0 };

	if (size == 0)
		return 0;
	switch (data[0] % 3) {
	case 0:
		monitor(&control_vmm, text, size - 1);
		break;
	case 1:
		monitor(&control_qemu, text, size - 1);
		break;
	default:
		if ((clients_parse(text, size - 1, &request, &err) == 0) != (request != NULL))
			__builtin_trap();
		json_decref(request);
	}
	return 0;
}
