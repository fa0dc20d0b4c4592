/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot, in order: what the monitor handed over, console, interrupts and
 * time, disks, root, /etc/rc.
 */
#include "blk.h"
#include "boot.h"
#include "clock.h"
#include "cmdline.h"
#include "console.h"
#include "ffs.h"
#include "hostile.h"
#include "http.h"
#include "ioapic.h"
#include "lapic.h"
#include "mptable.h"
#include "print.h"
#include "reset.h"
#include "script.h"
#include "string.h"
#include "tests.h"
#include "trap.h"
#include "viocon.h"
#include "x86.h"

_Noreturn void probe_main(uint32_t start_info);

static struct ffs root;

static void
say_machine(void)
{
	print("probe: %u MB, %d cpus, mptable %x, console %s, tsc %u kHz\n", (uint32_t)(boot.ram_bytes >> 20),
	    mptable.cpu_count, mptable.pointer, console_name(), clock.tsc_khz);
	if (boot.initrd_bytes > 0)
		print("probe: initrd of %u bytes\n", boot.initrd_bytes);
	if (cmdline.verbose)
		print("probe: command line: %s\n", boot.cmdline);
}

static void
say_devices(void)
{
	char line[256];
	size_t n = format(line, sizeof(line), "probe: virtio");
	struct virtio_device *d;

	for (int i = 0; i < virtio_count(); i++) {
		d = virtio_get(i);
		n += format(line + n, sizeof(line) - n, " %s@%x:%u%s", virtio_type_name(d->type), d->base, d->irq,
		    d->version == 2 ? "" : "(not version 2)");
	}
	print("%s\n", line);
}

static bool
root_mount(void)
{
	struct wedge wedge;
	const char *why = "no such disk or wedge";

	if (wedge_find(cmdline.root, &wedge)) {
		why = ffs_mount(&root, &wedge);
		if (why == NULL) {
			print("probe: root %s: ffs v%d, %u/%u, %s\n", cmdline.root, root.v2 ? 2 : 1, root.bsize,
			    root.fsize, root.clean ? "clean" : "not clean");
			return true;
		}
	}
	print("probe: no root '%s': %s\n", cmdline.root, why);
	return false;
}

static void
say_cause(const char *why)
{
	if (why != NULL)
		print("probe: start_info: %s\n", why);
}

/* No script: show, test, serve. */
static uint8_t
run_without_script(void)
{
	struct ffs_node node;
	const char *why;
	uint32_t failed = 0;

	print("probe: no #!probe script in /etc/rc or /etc/rc.probe\n");
	script_ls(&root, "/");
	if (!cmdline.test)
		failed = tests_run(&root);
	if (ffs_lookup(&root, "/var/www", &node)) {
		why = http_serve(&root, "/var/www", 80);
		print("probe: /var/www: %s\n", why);
	}
	return failed == 0 ? 0 : 1;
}

void
probe_main(uint32_t start_info)
{
	const char *why = boot_init(start_info);
	uint8_t code = 0;
	bool mounted;

	clock.tsc_boot = rdtsc();
	trap_init();
	cmdline_parse(boot.cmdline);
	virtio_scan();
	console_init(cmdline.console);
	print("smol probe: a test guest, not NetBSD\n");
	say_cause(why);
	mptable_init();
	lapic_init();
	ioapic_init();
	clock_init();
	if (strcmp(console_name(), "viocon0") == 0)
		viocon_start();
	say_machine();
	say_devices();
	blk_init();
	if (cmdline.hostile)
		machine_exit(hostile_run(cmdline.seed) == 0 ? 0 : 1);
	mounted = root_mount();
	if (cmdline.test)
		code = tests_run(mounted ? &root : NULL) == 0 ? 0 : 1;
	if (mounted && !script_run(&root))
		code = run_without_script();
	else if (!mounted && !cmdline.test)
		code = tests_run(NULL) == 0 ? 0 : 1;
	machine_exit(code);
}
