/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few functions of C's <string.h> that a freestanding program must bring
 * (compilers call the first four on their own), and number parsing.
 */
#ifndef PROBE_STRING_H
#define PROBE_STRING_H

#include "probe.h"

void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
size_t strlen(const char *);
int strcmp(const char *, const char *);
int strncmp(const char *, const char *, size_t);

/* Copies at most size - 1 bytes and always terminates; true if all fit. */
bool copy_string(char *dst, size_t size, const char *src, size_t len);
/* Length of the common prefix word if s starts with prefix, else 0. */
size_t has_prefix(const char *s, const char *prefix);
/* Decimal, or hexadecimal behind 0x; *end is left at the first other byte. */
uint64_t parse_number(const char *s, const char **end);

#endif
