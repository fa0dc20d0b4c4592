/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Console port 1, fw_cfg, 9p and disks, for the script.
 */
#include "script_device.h"

#include "blk.h"
#include "fwcfg.h"
#include "p9.h"
#include "print.h"
#include "string.h"
#include "viocon.h"

enum { TEXT_MAX = 256, HEAR_MS = 20000, FILE_FID = 2 };

const char *
command_say(char *arg)
{
	if (!viocon_has_port(1))
		return "no console port 1";
	viocon_write(1, arg, strlen(arg));
	viocon_write(1, "\n", 1);
	return NULL;
}

const char *
command_hear(char *arg)
{
	static char line[TEXT_MAX];
	uint32_t len = 0, n;

	(void)arg;
	if (!viocon_has_port(1))
		return "no console port 1";
	do {
		n = viocon_read(1, line + len, TEXT_MAX - 1 - len, HEAR_MS);
		len += n;
	} while (n > 0 && len < TEXT_MAX - 1 && line[len - 1] != '\n');
	line[len] = '\0';
	print("heard: %s", line);
	return len > 0 ? NULL : "nothing came";
}

const char *
command_fwcfg(char *arg)
{
	static char text[TEXT_MAX];
	struct fwcfg_file f;
	uint32_t count, n;

	(void)arg;
	if (!fwcfg_probe())
		return "no fw_cfg";
	/* Reading a file ends the directory: it is begun again for each. */
	count = fwcfg_directory_start();
	for (uint32_t i = 0; i < count; i++) {
		fwcfg_directory_start();
		for (uint32_t j = 0; j <= i; j++)
			fwcfg_directory_next(&f);
		if (has_prefix(f.name, "opt/org.smolbsd.") == 0)
			continue;
		n = min_u32(f.size, TEXT_MAX - 1);
		fwcfg_read(&f, text, n);
		text[n] = '\0';
		print("fwcfg %s = %s\n", f.name, text);
	}
	return NULL;
}

const char *
command_share(char *arg)
{
	static char text[TEXT_MAX];
	int32_t n;

	if (!p9_init() || !p9_attach())
		return "no 9p share";
	p9_tag(text, TEXT_MAX);
	print("share %s\n", text);
	if (!p9_walk(P9_ROOT_FID, FILE_FID, arg) || !p9_open(FILE_FID, 0))
		return "no such file";
	n = p9_read(FILE_FID, 0, text, TEXT_MAX - 1);
	text[n > 0 ? n : 0] = '\0';
	print("%s", text);
	p9_clunk(FILE_FID);
	return n < 0 ? "cannot read" : NULL;
}

const char *
command_disks(char *arg)
{
	(void)arg;
	for (int i = 0; i < blk_count; i++)
		print("disk %d: %u sectors\n", i, (uint32_t)blk_get(i)->capacity);
	return NULL;
}

const char *
command_write(char *arg)
{
	static char sector[SECTOR];
	const char *text;
	uint32_t disk = (uint32_t)parse_number(arg, &text);

	if (disk >= (uint32_t)blk_count)
		return "no such disk";
	text += *text == ' ';
	copy_string(sector, sizeof(sector), text, strlen(text));
	return blk_write(blk_get((int)disk), 0, sector, 1) ? NULL : "cannot write";
}
