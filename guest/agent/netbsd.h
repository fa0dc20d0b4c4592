/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What several files of NetBSD's side need: struct timespec, ioctl(2) numbers
 * by sys/sys/ioccom.h's rule, sysctl(2).
 */
#ifndef AGENT_NETBSD_H
#define AGENT_NETBSD_H

#include "sys.h"
#include "syscall.h"

struct nb_timespec {
	int64_t sec;
	long nsec;
};

#define IOC(dir, group, n, size) (long)((dir) | (uint32_t)(size) << 16 | (uint32_t)(group) << 8 | (n))
#define IOC_NONE 0x20000000U
#define IOC_READ 0x40000000U
#define IOC_WRITE 0x80000000U

static inline long
nb_sysctl(const int *name, unsigned len, void *old, size_t *oldlen, const void *new, size_t newlen)
{
	return syscall(SYS_sysctl, (long)name, (long)len, (long)old, (long)oldlen, (long)new, (long)newlen);
}

#endif
