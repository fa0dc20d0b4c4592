/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt descriptor table (Intel SDM volume 3, chapter 6) and dispatch.
 */
#include "trap.h"

#include "lapic.h"
#include "print.h"

struct trap_frame {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t vector, error, eip, cs, eflags;
};

enum { STUB_SIZE = 16, GATE_INTERRUPT32 = 0x8e00, CODE_SELECTOR = 8 };

extern char trap_stubs[];
void trap(struct trap_frame *);

static uint32_t idt[VECTOR_COUNT][2] __attribute__((aligned(8)));
static struct trap_handler *handlers[VECTOR_COUNT];
static uint32_t counts[VECTOR_COUNT];

void
trap_init(void)
{
	static struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) descriptor;
	uint32_t stub = addr_of(trap_stubs);

	for (int i = 0; i < VECTOR_COUNT; i++, stub += STUB_SIZE) {
		idt[i][0] = CODE_SELECTOR << 16 | (stub & 0xffff);
		idt[i][1] = (stub & 0xffff0000) | GATE_INTERRUPT32;
	}
	descriptor.limit = sizeof(idt) - 1;
	descriptor.base = addr_of(idt);
	__asm__ volatile("lidt %0" : : "m"(descriptor));
}

void
trap_attach(uint32_t vector, struct trap_handler *h)
{
	h->next = handlers[vector];
	handlers[vector] = h;
}

uint32_t
trap_count(uint32_t vector)
{
	return counts[vector];
}

void
trap(struct trap_frame *f)
{
	if (f->vector < VECTOR_PIN0)
		panic("exception %u error %x at %08x, eax %x ebx %x ecx %x "
		      "edx %x esi %x edi %x",
		    f->vector, f->error, f->eip, f->eax, f->ebx, f->ecx, f->edx, f->esi, f->edi);
	if (f->vector >= VECTOR_COUNT)
		panic("vector %u", f->vector);
	counts[f->vector]++;
	for (struct trap_handler *h = handlers[f->vector]; h != NULL; h = h->next)
		h->fn(h->arg);
	if (f->vector != VECTOR_SPURIOUS)
		lapic_eoi();
}
