/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest guest that run.py needs: a PVH kernel which prints its command
 * line and then does what it finds there:
 *
 *	guest.end	reset (so does a guest that is told nothing)
 *	guest.hang	print "hanging", then sleep for ever
 *	guest.echo	say what comes in, in hexadecimal, until a 'q' resets it
 *	guest.flood	a mebibyte of numbered lines, then reset
 *
 * Console: 16550, polled; with -DVIOCON the virtio console's emergency write,
 * and the symbol by which smol knows such a kernel.
 */
#include <stddef.h>
#include <stdint.h>

#define FLOOD_LINES 32768 /* of 32 bytes */

void cmain(const uint32_t *start_info);
void viocon_earlyinit(void);

__asm__(".section .note.Xen, \"a\", @note\n"
	".balign 4\n"
	".long 4, 4, 18\n" /* XEN_ELFNOTE_PHYS32_ENTRY */
	".asciz \"Xen\"\n"
	".long entry\n"
	".text\n"
	".globl entry\n"
	"entry:	cli\n"
	"	movl $stack_top, %esp\n"
	"	pushl %ebx\n"
	"	call cmain\n"
	".bss\n"
	".balign 16\n"
	".skip 8192\n"
	"stack_top:\n"
	".text\n");

static inline void
outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint8_t
inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static const char *
find(const char *text, const char *word)
{
	size_t i;

	for (; *text != '\0'; text++) {
		for (i = 0; word[i] != '\0' && text[i] == word[i]; i++)
			continue;
		if (word[i] == '\0')
			return text + i;
	}
	return NULL;
}

#ifdef VIOCON
static volatile uint32_t *emergency;

/* The window whose DeviceID says console; virtio 1.2 sections 4.2.2 and 5.3.4. */
void
viocon_earlyinit(void)
{
	uintptr_t base;

	for (base = 0xfeb00000; base < 0xfeb03000 && emergency == NULL; base += 512)
		if (*(volatile uint32_t *)base == 0x74726976 && *(volatile uint32_t *)(base + 8) == 3)
			emergency = (volatile uint32_t *)(base + 0x108);
}

static void
put(char c)
{
	if (emergency != NULL)
		*emergency = (uint8_t)c;
}
#else
static void
put(char c)
{
	while ((inb(0x3fd) & 0x20) == 0)
		continue;
	outb(0x3f8, (uint8_t)c);
}
#endif

static void
print(const char *s)
{
	for (; *s != '\0'; s++)
		put(*s);
}

static void
print_hex(uint32_t v, int digits)
{
	while (digits-- > 0)
		put("0123456789abcdef"[v >> (4 * digits) & 15]);
}

static void
echo(void)
{
	uint8_t c;

	print("echoing\r\n");
	do {
		while ((inb(0x3fd) & 1) == 0)
			continue;
		c = inb(0x3f8);
		put('<');
		print_hex(c, 2);
		put('>');
	} while (c != 'q');
}

static void
flood(void)
{
	uint32_t i;

	for (i = 0; i < FLOOD_LINES; i++) {
		print_hex(i, 8);
		print(" this line has 32 bytes\n");
	}
}

static void
reset(void)
{
	static const struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) none;

	for (;;)
		__asm__ volatile("lidt %0; ud2" : : "m"(none));
}

void
cmain(const uint32_t *start_info)
{
	const char *cmdline = (const char *)(uintptr_t)start_info[6];

#ifdef VIOCON
	viocon_earlyinit();
#endif
	print("guest: ");
	print(cmdline);
	print("\r\n");
	if (find(cmdline, "guest.hang") != NULL) {
		print("hanging");
		for (;;)
			__asm__ volatile("hlt");
	}
	if (find(cmdline, "guest.echo") != NULL)
		echo();
	if (find(cmdline, "guest.flood") != NULL)
		flood();
	reset();
}
