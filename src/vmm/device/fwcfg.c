/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fw_cfg registers and DMA commands.
 */
#include "vmm/device/fwcfg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/endian.h"
#include "base/io.h"

enum {
	PORT = 0x510,
	PORT_BYTES = 12,
	O_SELECTOR = 0,
	O_DATA = 1,
	O_DMA_HIGH = 4,
	O_DMA_LOW = 8,
	ITEM_SIGNATURE = 0x0000,
	ITEM_ID = 0x0001,
	ITEM_DIRECTORY = 0x0019,
	ITEM_FILES = 0x0020,
	ID_TRADITIONAL = 1,
	ID_DMA = 2,
	DIRECTORY_ENTRY = 64,
	DMA_ERROR = 1,
	DMA_READ = 2,
	DMA_SKIP = 4,
	DMA_SELECT = 8,
	DMA_WRITE = 16,
	DMA_COMMAND_BYTES = 16,
};

static const uint8_t signature[] = "QEMU", id[] = { ID_TRADITIONAL | ID_DMA, 0, 0, 0 };

/* What is selected. */
static const uint8_t *
item(const struct fwcfg *f, uint32_t *bytes)
{
	*bytes = 4;
	if (f->selector == ITEM_SIGNATURE)
		return signature;
	if (f->selector == ITEM_ID)
		return id;
	if (f->selector == ITEM_DIRECTORY) {
		*bytes = 4 + DIRECTORY_ENTRY * f->nfiles;
		return f->directory;
	}
	if (f->selector >= ITEM_FILES && f->selector - ITEM_FILES < (int)f->nfiles) {
		*bytes = f->files[f->selector - ITEM_FILES].bytes;
		return f->files[f->selector - ITEM_FILES].data;
	}
	*bytes = 0;
	return NULL;
}

/* The next bytes of it, zeros behind its end. */
static void
take(struct fwcfg *f, uint8_t *to, uint32_t len)
{
	uint32_t bytes, n = 0;
	const uint8_t *p = item(f, &bytes);

	if (f->offset < bytes) {
		n = bytes - f->offset < len ? bytes - f->offset : len;
		if (to != NULL)
			memcpy(to, p + f->offset, n);
	}
	if (to != NULL)
		memset(to + n, 0, len - n);
	f->offset = f->offset > UINT32_MAX - len ? UINT32_MAX : f->offset + len;
}

static void
dma(struct fwcfg *f, uint64_t at)
{
	uint8_t command[DMA_COMMAND_BYTES], result[4];
	uint32_t control, len, status = 0;
	uint8_t *to;

	if (!mem_read(&f->vm->mem, at, command, sizeof(command)))
		return;
	control = get_u32(command, true);
	len = get_u32(command + 4, true);
	if ((control & DMA_SELECT) != 0) {
		f->selector = (uint16_t)(control >> 16);
		f->offset = 0;
	}
	if ((control & DMA_READ) != 0) {
		to = mem_at(&f->vm->mem, get_u64(command + 8, true), len);
		if (to == NULL)
			status = DMA_ERROR;
		else
			take(f, to, len);
	} else if ((control & DMA_WRITE) != 0)
		status = DMA_ERROR;
	else if ((control & DMA_SKIP) != 0)
		take(f, NULL, len);
	put_u32(result, status, true);
	(void)mem_write(&f->vm->mem, at, result, sizeof(result));
}

static uint64_t
port_read(void *arg, uint64_t offset, unsigned size)
{
	/* The DMA register reads as "QEMU CFG". */
	static const uint8_t cfg[] = "QEMU CFG";
	struct fwcfg *f = arg;
	uint64_t v = 0;
	uint8_t byte;

	(void)pthread_mutex_lock(&f->lock);
	if (offset == O_DATA && size == 1) {
		take(f, &byte, 1);
		v = byte;
	} else if ((offset == O_DMA_HIGH || offset == O_DMA_LOW) && size == 4) {
		v = get_le32(cfg + (offset - O_DMA_HIGH));
	} else if (offset == O_SELECTOR) {
		v = f->selector;
	}
	(void)pthread_mutex_unlock(&f->lock);
	return v;
}

static void
port_write(void *arg, uint64_t offset, unsigned size, uint64_t value)
{
	struct fwcfg *f = arg;

	(void)pthread_mutex_lock(&f->lock);
	if (offset == O_SELECTOR && size == 2) {
		f->selector = (uint16_t)value;
		f->offset = 0;
	} else if (offset == O_DMA_HIGH && size == 4) {
		f->dma = (uint64_t)__builtin_bswap32((uint32_t)value) << 32;
	} else if (offset == O_DMA_LOW && size == 4) {
		dma(f, f->dma | __builtin_bswap32((uint32_t)value));
		f->dma = 0;
	}
	(void)pthread_mutex_unlock(&f->lock);
}

void
fwcfg_init(struct fwcfg *f)
{
	memset(f, 0, sizeof(*f));
	(void)pthread_mutex_init(&f->lock, NULL);
}

int
fwcfg_add(struct fwcfg *f, const char *name, int fd, struct err *err)
{
	struct fwcfg_file *file = &f->files[f->nfiles];
	uint8_t *entry = f->directory + 4 + (size_t)DIRECTORY_ENTRY * f->nfiles;
	struct stat st;

	if (f->nfiles == FWCFG_FILES_MAX)
		return err_set(err, "more than %d files for the guest", FWCFG_FILES_MAX);
	if (strlen(name) > FWCFG_NAME_MAX)
		return err_set(err, "the name '%s' is longer than %d bytes", name, FWCFG_NAME_MAX);
	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot read '%s'", name);
	if (st.st_size > (off_t)FWCFG_FILE_BYTES_MAX)
		return err_set(err, "'%s' is larger than %u MiB", name, FWCFG_FILE_BYTES_MAX >> 20);
	file->data = xmalloc((size_t)st.st_size + 1);
	file->bytes = (uint32_t)st.st_size;
	if (pread_full(fd, file->data, file->bytes, 0) < 0)
		return err_sys(err, "cannot read '%s'", name);
	(void)snprintf(file->name, sizeof(file->name), "%s", name);
	put_u32(entry, file->bytes, true);
	put_u16(entry + 4, (uint16_t)(ITEM_FILES + f->nfiles), true);
	memcpy(entry + 8, file->name, sizeof(file->name));
	f->nfiles++;
	put_u32(f->directory, f->nfiles, true);
	return 0;
}

void
fwcfg_attach(struct fwcfg *f, struct vm *vm)
{
	f->vm = vm;
	bus_add(&vm->pio, &(struct bus_range){ PORT, PORT_BYTES, port_read, port_write, f, .name = "fw_cfg" });
}

void
fwcfg_release(struct fwcfg *f)
{
	unsigned i;

	for (i = 0; i < f->nfiles; i++)
		free(f->files[i].data);
	(void)pthread_mutex_destroy(&f->lock);
}
