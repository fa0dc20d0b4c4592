/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An arena: memory for what lives as long as one build (service, plan, tree).
 * Nothing in it is freed alone; arena_release() frees all.  Memory comes
 * zeroed.  Running out of memory ends the program with one line: no caller
 * could do better (malloc fails here only for absurd sizes, which the parsers
 * bound first).
 */
#ifndef SMOL_BASE_ARENA_H
#define SMOL_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *head;
	size_t used, size; /* bytes of the head chunk */
};

void arena_init(struct arena *);
void arena_release(struct arena *);

void *arena_alloc(struct arena *, size_t bytes); /* aligned to 8 */
void *arena_calloc(struct arena *, size_t n, size_t size); /* overflow checked */
char *arena_strdup(struct arena *, const char *);
char *arena_strndup(struct arena *, const char *, size_t len);
char *arena_printf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Heap memory by the same rule: never NULL. */
void *xmalloc(size_t bytes);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *, size_t n, size_t size);
char *xstrdup(const char *);

/*
 * Makes room for one more element in a growing array; evaluates to a pointer
 * to it.  p, n and cap are the array, its count and its capacity.
 */
#define vec_push(p, n, cap)                                                                                            \
	((n) == (cap) ? ((cap) = (cap) == 0 ? 16 : (cap)*2, (p) = xrealloc((p), (cap), sizeof(*(p)))) : (p),           \
	    &(p)[(n)++])

#endif
