/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * KVM's binary statistics: a header, descriptors of one size each with a name,
 * and the values, all in one file a vCPU.
 */
#include "vmm/kvmstats.h"

#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "vmm/vcpu.h"

#define DESCRIPTORS_MAX 256
#define NAME_MAX_BYTES 64

const char *const kvmstats_names[KVMSTATS] = {
	"exits",
	"io_exits",
	"mmio_exits",
	"irq_exits",
	"halt_exits",
	"signal_exits",
	"irq_window_exits",
	"request_irq_exits",
	"irq_injections",
	"hypercalls",
	"pf_taken",
	"insn_emulation",
};

void
kvmstats_open(struct kvmstats *s, const struct vm *vm)
{
	unsigned i;
	int fd;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < vm->ncpus; i++) {
		fd = ioctl(vm->cpus[i].fd, KVM_GET_STATS_FD, NULL);
		if (fd < 0)
			break;
		s->fds[s->n++] = fd;
	}
}

void
kvmstats_release(struct kvmstats *s)
{
	while (s->n > 0)
		(void)close(s->fds[--s->n]);
}

/* Where our counters lie: the same for all vCPUs. */
static void
look(struct kvmstats *s)
{
	uint8_t buf[sizeof(struct kvm_stats_desc) + NAME_MAX_BYTES + 1];
	const char *name = (const char *)buf + sizeof(struct kvm_stats_desc);
	struct kvm_stats_desc desc;
	struct kvm_stats_header h;
	size_t bytes, i, k;

	s->looked = true;
	for (k = 0; k < KVMSTATS; k++)
		s->offset[k] = -1;
	if (pread_full(s->fds[0], &h, sizeof(h), 0) < 0 || h.name_size > NAME_MAX_BYTES)
		return;
	s->data_offset = h.data_offset;
	bytes = sizeof(desc) + h.name_size;
	for (i = 0; i < h.num_desc && i < DESCRIPTORS_MAX; i++) {
		memset(buf, 0, sizeof(buf));
		if (pread_full(s->fds[0], buf, bytes, h.desc_offset + i * bytes) < 0)
			return;
		memcpy(&desc, buf, sizeof(desc));
		for (k = 0; k < KVMSTATS; k++)
			if (strcmp(name, kvmstats_names[k]) == 0 && desc.size == 1)
				s->offset[k] = desc.offset;
	}
}

bool
kvmstats_read(struct kvmstats *s, uint64_t sums[KVMSTATS])
{
	unsigned i, k;
	uint64_t v;

	if (s->n == 0)
		return false;
	if (!s->looked)
		look(s);
	for (k = 0; k < KVMSTATS; k++) {
		sums[k] = s->offset[k] < 0 ? UINT64_MAX : 0;
		for (i = 0; i < s->n && s->offset[k] >= 0; i++)
			if (pread_full(s->fds[i], &v, sizeof(v), s->data_offset + (uint64_t)s->offset[k]) == 0)
				sums[k] += v;
	}
	return true;
}
