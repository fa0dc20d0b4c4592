/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol kernel inspect: what a kernel is, and what it can do.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/kernel_arg.h"
#include "machine/elf.h"

/* What a kernel takes once it is loaded. */
struct sizes {
	uint64_t text, rodata, data, bss;
};

static void
measure(const struct elf *e, struct sizes *z)
{
	const struct elf_part *s;
	unsigned i;

	*z = (struct sizes){ 0 };
	for (i = 0; i < e->nloads; i++) {
		s = &e->loads[i];
		*(s->exec ? &z->text : s->write ? &z->data : &z->rodata) += s->bytes;
		z->bss += s->memory > s->bytes ? s->memory - s->bytes : 0;
	}
}

static const char *
kind_name(const struct kernel *k)
{
	return k->kind == KERNEL_ELF	     ? (k->bits == 64 ? "ELF 64" : "ELF 32")
	       : k->kind == KERNEL_LINUX_X86 ? "bzImage"
					     : "arm64 Image";
}

/* __NetBSD_Version__, MMmmrrpp00 of sys/param.h: major and minor, and for a branch's head its patch. */
static const char *
system_name(const struct kernel *k, char buf[64])
{
	if (k->netbsd)
		(void)snprintf(buf, 64, "NetBSD %" PRIu32 ".%" PRIu32 ".%" PRIu32, k->netbsd_version / 100000000,
		    k->netbsd_version / 1000000 % 100, k->netbsd_version / 100 % 100);
	else
		(void)snprintf(buf, 64, "%s", k->is_linux ? "Linux" : "unknown");
	return buf;
}

static size_t
disabled(const struct cfdata *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->n; i++)
		n += cfdata_disabled(&c->entries[i]);
	return n;
}

static void
print_elf(const struct kernel_arg *a, const struct elf *e, const struct err *no_table)
{
	char text[SIZE_TEXT_MAX], rodata[SIZE_TEXT_MAX], data[SIZE_TEXT_MAX], bss[SIZE_TEXT_MAX];
	struct sizes z;

	measure(e, &z);
	(void)printf("entry    %#" PRIx64 "\n", a->kernel.entry);
	if (a->kernel.pvh)
		(void)printf("pvh      %#" PRIx64 "\n", a->kernel.pvh_entry);
	else
		(void)printf("pvh      no\n");
	(void)printf("loads    text %s, read-only data %s, data %s, bss %s\n", size_text(z.text, text),
	    size_text(z.rodata, rodata), size_text(z.data, data), size_text(z.bss, bss));
	(void)printf("symbols  %" PRIu64 "\n", e->nsymbols);
	(void)printf("viocon   %s\n", a->kernel.viocon ? "yes" : "no");
	if (no_table->msg[0] != '\0')
		(void)printf("devices  not known: %s\n", no_table->msg);
	else
		(void)printf("devices  %zu, %zu of them disabled\n", a->table.n, disabled(&a->table));
}

static void
print_text(const struct kernel_arg *a, const struct elf *e, const struct err *no_table)
{
	char size[SIZE_TEXT_MAX], name[64];

	(void)printf("kernel   %s\nkind     %s\nsystem   %s\narch     %s\nsize     %s\n", a->path,
	    kind_name(&a->kernel), system_name(&a->kernel, name), kernel_machine_name(a->kernel.machine),
	    size_text(a->map.len, size));
	if (e != NULL)
		print_elf(a, e, no_table);
}

/* Addresses have all of 64 bits, which is more than JSON's readers take as a number. */
static json_t *
address(uint64_t addr)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%#" PRIx64, addr);
	return json_string(text);
}

static json_t *
elf_json(const struct kernel_arg *a, const struct elf *e, const struct err *no_table)
{
	bool table = no_table->msg[0] == '\0';
	struct sizes z;

	measure(e, &z);
	return json_pack("{s:o, s:o, s:b, s:I, s:{s:I, s:I, s:I, s:I}, s:o, s:o}", "entry", address(a->kernel.entry),
	    "pvh_entry", a->kernel.pvh ? address(a->kernel.pvh_entry) : json_null(), "viocon", a->kernel.viocon,
	    "symbols", (json_int_t)e->nsymbols, "loads", "text", (json_int_t)z.text, "rodata", (json_int_t)z.rodata,
	    "data", (json_int_t)z.data, "bss", (json_int_t)z.bss, "devices",
	    table ? json_integer((json_int_t)a->table.n) : json_null(), "devices_disabled",
	    table ? json_integer((json_int_t)disabled(&a->table)) : json_null());
}

static int
print_json(const struct kernel_arg *a, const struct elf *e, const struct err *no_table, struct err *err)
{
	char name[64];
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:I}", "kernel", a->path, "kind", kind_name(&a->kernel), "system",
		   system_name(&a->kernel, name), "arch", kernel_machine_name(a->kernel.machine), "bytes",
		   (json_int_t)a->map.len),
	       *elf = e == NULL ? json_object() : elf_json(a, e, no_table);

	if (j == NULL)
		return err_set(err, "a path is not UTF-8, which JSON needs");
	(void)json_object_update(j, elf);
	(void)json_dumpf(j, stdout, JSON_INDENT(2));
	(void)printf("\n");
	json_decref(elf);
	json_decref(j);
	return 0;
}

static int
inspect(struct kernel_arg *a, bool json, struct err *err)
{
	struct err no_table = { 0 };
	struct elf e;
	bool elf = a->kernel.kind == KERNEL_ELF;

	if (elf && elf_open(&e, a->map.p, a->map.len, err) < 0)
		return -1;
	if (elf)
		(void)cfdata_read(&a->table, a->map.p, a->map.len, &no_table);
	if (json)
		return print_json(a, elf ? &e : NULL, &no_table, err);
	print_text(a, elf ? &e : NULL, &no_table);
	return 0;
}

static int
run(int argc, char **argv, struct err *err)
{
	return kernel_arg_show(argc, argv, inspect, err);
}

const struct command cmd_kernel_inspect = {
	.name = "kernel inspect",
	.args = "[--json] KERNEL",
	.summary = "tell what a kernel is and what it can do",
	.help = "Its kind, system and architecture; of an ELF file also the PVH entry, by which microvms start it,\n"
		"the sizes, the symbols, whether it has the early virtio console, and how many devices it knows.\n\n"
		"  --json  the same as a JSON object, in bytes\n\n"
		"  smol kernel inspect kernels/netbsd-SMOL\n",
	.run = run,
};
