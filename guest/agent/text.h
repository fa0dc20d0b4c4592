/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program without a C library needs of one: bytes and strings.
 */
#ifndef AGENT_TEXT_H
#define AGENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

/* The compiler calls these by itself. */
void *memcpy(void *restrict, const void *restrict, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);

size_t text_len(const char *);
bool text_same(const char *, const char *);
bool text_starts(const char *s, const char *prefix);
/* First place of c, or NULL. */
char *text_find(const char *s, char c);

/* Copies what fits and always ends with a NUL; false if something did not fit. */
bool text_copy(char *to, size_t size, const char *from);
bool text_add(char *to, size_t size, const char *from);
bool text_add_number(char *to, size_t size, uint32_t);

/* The whole string is a decimal number of at most max. */
bool text_number(const char *s, uint64_t max, uint64_t *out);

/* a.b.c.d into network order; stops at '/' or the end, *rest is what follows. */
bool text_address(const char *s, uint8_t out[4], const char **rest);

#endif
