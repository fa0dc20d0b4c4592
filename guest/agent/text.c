/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes and strings.  The loops are volatile or assembly where a compiler could
 * take them for memcpy() and call it in itself.
 */
#include "text.h"

void *
memcpy(void *restrict to, const void *restrict from, size_t n)
{
#if defined(__x86_64__) || defined(__i386__)
	void *d = to;

	__asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(n) : : "memory");
#else
	uint8_t *d = to;
	const uint8_t *s = from;

	for (; n >= 16; n -= 16, d += 16, s += 16)
		__asm__ volatile("ldp x9, x10, [%0]\n\tstp x9, x10, [%1]" : : "r"(s), "r"(d) : "x9", "x10", "memory");
	for (; n > 0; n--, d++, s++)
		*(volatile uint8_t *)d = *s;
#endif
	return to;
}

void *
memmove(void *to, const void *from, size_t n)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if (d <= s || d >= s + n)
		return memcpy(to, from, n);
	while (n-- > 0)
		((volatile uint8_t *)d)[n] = s[n];
	return to;
}

void *
memset(void *to, int c, size_t n)
{
#if defined(__x86_64__) || defined(__i386__)
	void *d = to;

	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
#else
	while (n-- > 0)
		((volatile uint8_t *)to)[n] = (uint8_t)c;
#endif
	return to;
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	size_t i;

	for (i = 0; i < n; i++) {
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}

size_t
text_len(const char *s)
{
	const volatile char *p = s;

	while (*p != '\0')
		p++;
	return (size_t)(p - s);
}

bool
text_same(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

bool
text_starts(const char *s, const char *prefix)
{
	while (*prefix != '\0') {
		if (*s++ != *prefix++)
			return false;
	}
	return true;
}

char *
text_find(const char *s, char c)
{
	for (; *s != '\0'; s++) {
		if (*s == c)
			return (char *)s;
	}
	return NULL;
}

bool
text_copy(char *to, size_t size, const char *from)
{
	size_t n = text_len(from), take = n < size ? n : size - 1;

	memcpy(to, from, take);
	to[take] = '\0';
	return take == n;
}

bool
text_add(char *to, size_t size, const char *from)
{
	size_t at = text_len(to);

	return text_copy(to + at, size - at, from);
}

bool
text_add_number(char *to, size_t size, uint32_t v)
{
	char digits[11];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	return text_add(to, size, digits + at);
}

bool
text_number(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || v > (UINT64_C(1) << 59))
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	*out = v;
	return v <= max;
}

bool
text_address(const char *s, uint8_t out[4], const char **rest)
{
	unsigned i, v;

	for (i = 0; i < 4; i++) {
		if (i > 0 && *s++ != '.')
			return false;
		if (*s < '0' || *s > '9')
			return false;
		for (v = 0; *s >= '0' && *s <= '9' && v < 256; s++)
			v = v * 10 + (unsigned)(*s - '0');
		if (v > 255)
			return false;
		out[i] = (uint8_t)v;
	}
	*rest = s;
	return *s == '\0' || *s == '/';
}
