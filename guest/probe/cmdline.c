/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Command line parser: words between blanks, unknown ones ignored (NetBSD
 * has many more), malformed virtio_mmio.device= remembered for the tests.
 */
#include "cmdline.h"

#include "string.h"

enum { CMDLINE_MAX = 4096 };

struct cmdline cmdline;

static bool
device_parse(const char *s, const char *end, struct cmdline_device *d)
{
	const char *p;

	*d = (struct cmdline_device){ .size = parse_number(s, &p) };
	if (*p == 'K' || *p == 'k')
		d->size <<= 10;
	else if (*p == 'M' || *p == 'm')
		d->size <<= 20;
	else
		p--;
	p++;
	if (*p++ != '@')
		return false;
	d->addr = parse_number(p, &p);
	if (*p++ != ':')
		return false;
	d->irq = (uint32_t)parse_number(p, &p);
	if (*p == ':')
		d->id = (uint32_t)parse_number(p + 1, &p);
	return p == end && d->size >= 0x100 && d->addr != 0 && d->irq != 0 && d->addr + d->size <= UINT32_MAX;
}

static void
device_word(const char *word, const char *value, size_t len)
{
	struct cmdline_device *d = &cmdline.devices[cmdline.device_count];

	if (cmdline.device_count < CMDLINE_DEVICES && device_parse(value, word + len, d))
		cmdline.device_count++;
	else if (cmdline.bad[0] == '\0')
		copy_string(cmdline.bad, sizeof(cmdline.bad), word, len);
}

static void
word_parse(const char *word, size_t len)
{
	size_t n;

	if ((n = has_prefix(word, "virtio_mmio.device=")) != 0)
		device_word(word, word + n, len);
	else if ((n = has_prefix(word, "root=")) != 0)
		copy_string(cmdline.root, sizeof(cmdline.root), word + n, len - n);
	else if ((n = has_prefix(word, "console=")) != 0)
		copy_string(cmdline.console, sizeof(cmdline.console), word + n, len - n);
	else if ((n = has_prefix(word, "probe.test=")) != 0)
		cmdline.test = word[n] == '1';
	else if ((n = has_prefix(word, "probe.write=")) != 0)
		cmdline.write = word[n] == '1';
	else if ((n = has_prefix(word, "probe.fast=")) != 0)
		cmdline.fast = word[n] == '1';
	else if ((n = has_prefix(word, "probe.hostile=")) != 0)
		cmdline.hostile = word[n] == '1';
	else if ((n = has_prefix(word, "probe.seed=")) != 0)
		cmdline.seed = (uint32_t)parse_number(word + n, NULL);
	else if ((n = has_prefix(word, "probe.drop=")) != 0)
		cmdline.drop = (uint32_t)parse_number(word + n, NULL);
	else if (len == 2 && has_prefix(word, "-v") != 0)
		cmdline.verbose = true;
}

void
cmdline_parse(const char *text)
{
	const char *word, *limit = text + CMDLINE_MAX;

	while (text < limit && *text != '\0') {
		word = text;
		while (text < limit && *text != '\0' && *text != ' ')
			text++;
		if (text != word)
			word_parse(word, (size_t)(text - word));
		if (*text == ' ')
			text++;
	}
}
