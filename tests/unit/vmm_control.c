/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control protocol without a machine: lines in pieces, too long, of
 * nonsense; replies that are not taken.
 */
#include <stdlib.h>
#include <unistd.h>

#include "vmm/control.h"

#include "test.h"

static struct vm vm = { .kvm_fd = -1, .vm_fd = -1, .end_fd = -1 };
static struct loop loop = { .epoll_fd = -1 };
static struct devices devices;
static struct stop stop;
static struct kvmstats kvmstats;
static struct control control;

static void
start(void)
{
	const struct metrics metrics = { &vm, &devices, &kvmstats, 1 };

	vm = (struct vm){ .kvm_fd = -1, .vm_fd = -1, .end_fd = -1 };
	devices = (struct devices){ .vm = &vm };
	stop_init(&stop, &vm, &loop);
	control_init(&control, -1, &loop, &vm, &devices, &stop, &metrics);
}

/* What it answers, all of it; the next call takes it away. */
static const char *
say(const char *bytes, size_t n)
{
	static char got[16384];
	size_t taken, len = 0;

	do {
		taken = control_feed(&control, bytes, n);
		bytes += taken;
		n -= taken;
		if (len + control.out.len >= sizeof(got))
			abort();
		if (control.out.len > 0)
			memcpy(got + len, control.out.p, control.out.len);
		len += control.out.len;
		taken += control.out.len;
		control.out.len = 0;
	} while (taken > 0);
	got[len] = '\0';
	return got;
}

static const char *
ask(const char *text)
{
	return say(text, strlen(text));
}

static void
test_commands(void)
{
	start();
	CHECK_STR(ask("status\n"), "ok running\n");
	CHECK_STR(ask("pause\npause\nstatus\n"), "ok\nok\nok paused\n");
	CHECK_STR(ask("resume\nresume\nstatus\n"), "ok\nok\nok running\n");
	CHECK_STR(ask("stop\n"), "error the guest has no power button\n");
	CHECK_STR(ask("balloon 4096\n"), "error the machine has no balloon\n");
	CHECK_STR(ask("size 80 24\n"), "error the machine has no console with a size\n");
	CHECK(atomic_load(&vm.end) == VM_RUNNING);
	CHECK_STR(ask("quit\n"), "ok\n");
	CHECK(atomic_load(&vm.end) == VM_STOPPED);
	control_release(&control);
}

static void
test_errors(void)
{
	static const char *const wrong[][2] = {
		{ "\n", "error '' is not known\n" },
		{ " \n", "error '' is not known\n" },
		{ "statusx\n", "error 'statusx' is not known\n" },
		{ "Status\n", "error 'Status' is not known\n" },
		{ "status \n", "error 'status' has 2 words, not 1\n" },
		{ "status now\n", "error 'status' has 2 words, not 1\n" },
		{ "balloon\n", "error 'balloon' has 1 words, not 2\n" },
		{ "balloon 1 2 3 4 5\n", "error 'balloon' has 6 words, not 2\n" },
		{ "status\r\n", "error the line holds what is no text\n" },
		{ "\x1b[2J\n", "error the line holds what is no text\n" },
		{ "st\xc3\xa4tus\n", "error the line holds what is no text\n" },
	};
	size_t i;

	start();
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK_STR(ask(wrong[i][0]), wrong[i][1]);
	CHECK_STR(say("sta\0tus\n", 8), "error the line holds what is no text\n");
	CHECK(strncmp(ask("balloon -1\n"), "error bad size '-1'", 19) == 0);
	CHECK(strncmp(ask("balloon 99999999999999999999\n"), "error bad size", 14) == 0);
	CHECK(strncmp(ask("size 0 24\n"), "error bad number of columns", 27) == 0);
	CHECK(strncmp(ask("size 80 65536\n"), "error bad number of rows", 24) == 0);
	CHECK_STR(ask("status\n"), "ok running\n");
	control_release(&control);
}

static void
test_pieces(void)
{
	const char *text = "status\nstatus\n";
	size_t i;

	start();
	for (i = 0; text[i] != '\0'; i++)
		CHECK_STR(say(text + i, 1), text[i] == '\n' ? "ok running\n" : "");
	control_release(&control);
}

static void
test_long(void)
{
	static char line[3 * CONTROL_LINE_MAX];

	start();
	memset(line, 'x', sizeof(line));
	line[CONTROL_LINE_MAX] = '\n';
	CHECK(strncmp(say(line, CONTROL_LINE_MAX + 1), "error 'xxxx", 11) == 0);
	/* One byte more is too much, and said once; the line after it is well. */
	line[CONTROL_LINE_MAX] = 'x';
	CHECK_STR(say(line, CONTROL_LINE_MAX + 1), "error the line is too long\n");
	CHECK_STR(say(line, sizeof(line)), "");
	CHECK_STR(ask("x\nstatus\n"), "ok running\n");
	control_release(&control);
}

static void
test_unread(void)
{
	static char many[64 * CONTROL_LINE_MAX];
	size_t i, taken, all = 0;

	start();
	for (i = 0; i + 7 <= sizeof(many); i += 7)
		memcpy(many + i, "status\n", 7);
	while ((taken = control_feed(&control, many + all, i - all)) > 0)
		all += taken;
	/* One command is answered, a buffer's worth waits. */
	CHECK(control.out.len == strlen("ok running\n"));
	CHECK(all <= CONTROL_LINE_MAX + 1 + 7);
	control_release(&control);
}

static void
test_metrics(void)
{
	const char *got;

	start();
	bus_init(&vm.pio, 65536);
	(void)bus_read(&vm.pio, 0x80, 1);
	bus_write(&vm.pio, 0x80, 1, 0);
	bus_write(&vm.pio, 0x61, 1, 0);
	(void)bus_read(&vm.mmio, 0xfed00000, 4);
	got = ask("metrics\n");
	CHECK(strncmp(got, "ok {\"state\":\"running\",\"start_ns\":1,", 35) == 0);
	CHECK(strstr(got, "\"unclaimed\":{\"port_reads\":1,\"port_writes\":2,\"mmio_reads\":1,\"mmio_writes\":0,"
			  "\"ports\":[{\"port\":128,\"accesses\":2},{\"port\":97,\"accesses\":1}]}") != NULL);
	CHECK(strchr(got, '\n') == got + strlen(got) - 1);
	bus_release(&vm.pio);
	control_release(&control);
}

TEST_MAIN({ "commands", test_commands }, { "their errors", test_errors }, { "lines in pieces", test_pieces },
    { "lines too long", test_long }, { "replies that nobody takes", test_unread }, { "metrics", test_metrics })
