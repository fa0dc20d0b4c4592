/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatted text: %s %c %d %u %o %x %%, with 0 and a width, l and ll.
 */
#ifndef PROBE_PRINT_H
#define PROBE_PRINT_H

#include "probe.h"

/* Into a buffer, always terminated; returns the length kept. */
size_t format(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
size_t vformat(char *buf, size_t size, const char *fmt, va_list ap);
/* To the console; a message of more than 511 bytes is cut. */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Says what cannot be and resets the machine. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
