/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI's hardware-reduced sleep registers (ACPI 6.5 section 4.8.3.7) and the
 * generic event device's.
 */
#include "vmm/device/power.h"

#include "vmm/x86_64/layout.h"

enum { CONTROL_STATE = 7 << 2, CONTROL_ENABLE = 1 << 5 };

static uint64_t
port_read(void *arg, uint64_t offset, unsigned size)
{
	struct power *p = arg;
	uint8_t v;

	(void)size;
	if (offset != LAYOUT_POWER_EVENTS)
		return 0;
	(void)pthread_mutex_lock(&p->lock);
	v = p->events;
	p->events = 0;
	if (v != 0)
		vm_irq(p->vm, LAYOUT_IRQ_POWER, false);
	(void)pthread_mutex_unlock(&p->lock);
	return v;
}

static void
port_write(void *arg, uint64_t offset, unsigned size, uint64_t value)
{
	struct power *p = arg;

	(void)size;
	if (offset == LAYOUT_POWER_CONTROL && (value & CONTROL_ENABLE) != 0 &&
	    (value & CONTROL_STATE) == LAYOUT_POWER_S5 << 2)
		vm_end(p->vm, VM_HALTED, "switched off");
}

void
power_attach(struct power *p, struct vm *vm)
{
	*p = (struct power){ .vm = vm };
	(void)pthread_mutex_init(&p->lock, NULL);
	bus_add(&vm->pio, &(struct bus_range){
			      LAYOUT_PORT_POWER, LAYOUT_PORT_POWER_BYTES, port_read, port_write, p, .name = "power" });
}

void
power_release(struct power *p)
{
	if (p->vm != NULL)
		(void)pthread_mutex_destroy(&p->lock);
	p->vm = NULL;
}

bool
power_button_press(struct power *p)
{
	if (p->vm == NULL)
		return false;
	(void)pthread_mutex_lock(&p->lock);
	if ((p->events & LAYOUT_POWER_EVENT_BUTTON) == 0) {
		p->events |= LAYOUT_POWER_EVENT_BUTTON;
		vm_irq(p->vm, LAYOUT_IRQ_POWER, true);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return true;
}
