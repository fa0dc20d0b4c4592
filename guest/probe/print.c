/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatted text to a buffer or to the console.
 */
#include "print.h"

#include "console.h"
#include "reset.h"
#include "string.h"
#include "x86.h"

struct sink {
	char *buf;
	size_t size, len;
};

struct conversion {
	bool zero, wide;
	size_t width;
};

static void
sink_put(struct sink *s, char c)
{
	if (s->len + 1 < s->size)
		s->buf[s->len++] = c;
}

static void
sink_field(struct sink *s, const char *text, size_t len, const struct conversion *c)
{
	for (size_t i = len; i < c->width; i++)
		sink_put(s, c->zero ? '0' : ' ');
	for (size_t i = 0; i < len; i++)
		sink_put(s, text[i]);
}

static void
sink_number(struct sink *s, uint64_t v, uint32_t base, bool negative, const struct conversion *c)
{
	char text[24];
	size_t i = sizeof(text);
	uint32_t digit;

	do {
		v = div_u64(v, base, &digit);
		text[--i] = "0123456789abcdef"[digit];
	} while (v != 0);
	if (negative)
		text[--i] = '-';
	sink_field(s, text + i, sizeof(text) - i, c);
}

static const char *
conversion_parse(struct conversion *c, const char *fmt)
{
	*c = (struct conversion){ 0 };
	if (*fmt == '0') {
		c->zero = true;
		fmt++;
	}
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		c->width = c->width * 10 + (size_t)(*fmt - '0');
	if (fmt[0] == 'l' && fmt[1] == 'l')
		c->wide = true;
	while (*fmt == 'l')
		fmt++;
	return fmt;
}

size_t
vformat(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct sink s = { buf, size, 0 };
	struct conversion c;
	const char *text;
	char one;
	int32_t d;

	for (; *fmt != '\0'; fmt++) {
		if (*fmt != '%') {
			sink_put(&s, *fmt);
			continue;
		}
		fmt = conversion_parse(&c, fmt + 1);
		switch (*fmt) {
		case 's':
			text = va_arg(ap, const char *);
			sink_field(&s, text, strlen(text), &c);
			break;
		case 'c':
			one = (char)va_arg(ap, int);
			sink_field(&s, &one, 1, &c);
			break;
		case 'd':
			d = va_arg(ap, int32_t);
			sink_number(&s, d < 0 ? 0 - (uint32_t)d : (uint32_t)d, 10, d < 0, &c);
			break;
		case 'o':
		case 'u':
		case 'x':
			sink_number(&s, c.wide ? va_arg(ap, uint64_t) : va_arg(ap, uint32_t),
			    *fmt == 'o'	  ? 8
			    : *fmt == 'u' ? 10
					  : 16,
			    false, &c);
			break;
		case '\0':
			fmt--;
			break;
		default:
			sink_put(&s, *fmt);
		}
	}
	buf[s.len] = '\0';
	return s.len;
}

size_t
format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = vformat(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

void
print(const char *fmt, ...)
{
	char buf[512];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = vformat(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	console_write(buf, n);
}

void
panic(const char *fmt, ...)
{
	static bool again;
	char buf[512];
	va_list ap;
	size_t n;

	interrupts_off();
	if (!again) {
		again = true;
		va_start(ap, fmt);
		n = vformat(buf, sizeof(buf), fmt, ap);
		va_end(ap);
		console_write("probe: panic: ", 14);
		console_write(buf, n);
		console_write("\n", 1);
	}
	machine_exit(112);
}
