/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arenas and the allocation wrappers.  Chunks double up to 1 MiB, so that a
 * tree of a million files costs some hundred calls of malloc.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN (16 * 1024)
#define CHUNK_MAX (1024 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	max_align_t data[];
};

static _Noreturn void
no_memory(size_t bytes)
{
	(void)fprintf(stderr, "smol: out of memory (%zu bytes)\n", bytes);
	exit(1);
}

void *
xmalloc(size_t bytes)
{
	void *p = malloc(bytes == 0 ? 1 : bytes);

	if (p == NULL)
		no_memory(bytes);
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n == 0 ? 1 : n, size);

	if (p == NULL)
		no_memory(n);
	return p;
}

void *
xrealloc(void *old, size_t n, size_t size)
{
	void *p;

	if (size != 0 && n > SIZE_MAX / size)
		no_memory(SIZE_MAX);
	p = realloc(old, n * size == 0 ? 1 : n * size);
	if (p == NULL)
		no_memory(n * size);
	return p;
}

char *
xstrdup(const char *s)
{
	size_t len = strlen(s) + 1;

	return memcpy(xmalloc(len), s, len);
}

void
arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

void
arena_release(struct arena *a)
{
	struct arena_chunk *c, *next;

	for (c = a->head; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	arena_init(a);
}

static void
add_chunk(struct arena *a, size_t bytes)
{
	size_t size = a->size < CHUNK_MIN ? CHUNK_MIN : a->size * 2;
	struct arena_chunk *c;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < bytes)
		size = bytes;
	if (size > SIZE_MAX - sizeof(*c))
		no_memory(bytes);
	c = xcalloc(1, sizeof(*c) + size);
	c->next = a->head;
	a->head = c;
	a->size = size;
	a->used = 0;
}

void *
arena_alloc(struct arena *a, size_t bytes)
{
	void *p;

	if (bytes > SIZE_MAX - 7)
		no_memory(bytes);
	bytes = (bytes + 7) & ~(size_t)7;
	if (a->head == NULL || a->size - a->used < bytes)
		add_chunk(a, bytes);
	p = (char *)a->head->data + a->used;
	a->used += bytes;
	return p;
}

void *
arena_calloc(struct arena *a, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		no_memory(SIZE_MAX);
	return arena_alloc(a, n * size);
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	return memcpy(arena_alloc(a, len + 1), s, len);
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = arena_alloc(a, (size_t)len + 1);
	va_start(ap, fmt);
	(void)vsnprintf(s, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return s;
}
