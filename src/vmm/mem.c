/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory: mmap(2), and bounds.
 */
#include "vmm/mem.h"

#include <string.h>
#include <sys/mman.h>

#include "base/defs.h"
#include "vmm/x86_64/layout.h"

static int
region_add(struct mem *m, uint64_t gpa, uint64_t bytes, struct err *err)
{
	struct mem_region *r = &m->region[m->nregions];
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return err_sys(err, "cannot reserve the guest's memory");
	*r = (struct mem_region){ gpa, bytes, p };
	m->nregions++;
	m->bytes += bytes;
	return 0;
}

int
mem_init(struct mem *m, uint64_t bytes, struct err *err)
{
	uint64_t low = u64_min(bytes, LAYOUT_RAM_LOW_MAX);

	*m = (struct mem){ 0 };
	if (region_add(m, 0, low, err) < 0)
		return -1;
	if (bytes > low && region_add(m, LAYOUT_RAM_HIGH, bytes - low, err) < 0) {
		mem_release(m);
		return -1;
	}
	return 0;
}

void
mem_release(struct mem *m)
{
	unsigned i;

	for (i = 0; i < m->nregions; i++)
		(void)munmap(m->region[i].host, m->region[i].bytes);
	*m = (struct mem){ 0 };
}

void *
mem_at(const struct mem *m, uint64_t gpa, uint64_t len)
{
	unsigned i;

	for (i = 0; i < m->nregions; i++) {
		const struct mem_region *r = &m->region[i];

		if (gpa >= r->gpa && gpa - r->gpa <= r->bytes && len <= r->bytes - (gpa - r->gpa))
			return r->host + (gpa - r->gpa);
	}
	return NULL;
}

bool
mem_read(const struct mem *m, uint64_t gpa, void *buf, uint64_t len)
{
	const void *p = mem_at(m, gpa, len);

	if (p != NULL)
		memcpy(buf, p, len);
	return p != NULL;
}

bool
mem_write(const struct mem *m, uint64_t gpa, const void *buf, uint64_t len)
{
	void *p = mem_at(m, gpa, len);

	if (p != NULL)
		memcpy(p, buf, len);
	return p != NULL;
}
