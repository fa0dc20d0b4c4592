/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growing strings; numbers and sizes as users write them.
 */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static void
reserve(struct str *s, size_t more)
{
	size_t need = s->len + more + 1;

	if (need <= s->cap)
		return;
	s->cap = s->cap * 2 > need ? s->cap * 2 : need + 32;
	s->p = xrealloc(s->p, s->cap, 1);
}

void
str_addn(struct str *s, const char *t, size_t len)
{
	reserve(s, len);
	memcpy(s->p + s->len, t, len);
	s->len += len;
	s->p[s->len] = '\0';
}

void
str_add(struct str *s, const char *t)
{
	str_addn(s, t, strlen(t));
}

void
str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	reserve(s, (size_t)len);
	va_start(ap, fmt);
	(void)vsnprintf(s->p + s->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	s->len += (size_t)len;
}

void
str_release(struct str *s)
{
	free(s->p);
	*s = (struct str){ 0 };
}

bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *s, const char *suffix)
{
	size_t a = strlen(s), b = strlen(suffix);

	return a >= b && strcmp(s + a - b, suffix) == 0;
}

int
parse_u64(const char *s, uint64_t min, uint64_t max, const char *what, uint64_t *out, struct err *err)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (!isdigit((unsigned char)*s) || *end != '\0' || errno != 0)
		return err_usage(err, "bad %s '%s': a decimal number is wanted", what, s);
	if (v < min || v > max)
		return err_usage(err, "bad %s '%s': must be %" PRIu64 " to %" PRIu64, what, s, min, max);
	*out = v;
	return 0;
}

int
parse_size(const char *s, const char *what, uint64_t *bytes, struct err *err)
{
	static const char units[] = "KMGT";
	const char *unit;
	unsigned shift = 0;
	uint64_t v;
	char *end;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (isdigit((unsigned char)*s) && errno == 0 && *end != '\0') {
		unit = strchr(units, toupper((unsigned char)*end));
		if (unit != NULL) {
			shift = 10 * (unsigned)(unit - units + 1);
			end++;
		}
	}
	if (!isdigit((unsigned char)*s) || *end != '\0' || errno != 0)
		return err_usage(err, "bad %s '%s': want a number with K, M, G or T, as in 512M", what, s);
	if (v > (UINT64_MAX >> 1) >> shift)
		return err_usage(err, "bad %s '%s': too large", what, s);
	*bytes = v << shift;
	return 0;
}

char *
size_text(uint64_t bytes, char buf[SIZE_TEXT_MAX])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)bytes;
	size_t u = 0;

	while (v >= 1024 && u < 4) {
		v /= 1024;
		u++;
	}
	(void)snprintf(buf, SIZE_TEXT_MAX, u == 0 || v >= 100 ? "%.0f %s" : "%.1f %s", v, units[u]);
	return buf;
}
