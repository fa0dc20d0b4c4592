/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A service: what service/NAME/, its options.mk and own.mk, and NAME=VALUE
 * arguments say an image shall be.  Pure data; nothing of it is fetched or
 * unpacked here.
 *
 *	service/NAME/options.mk   variables
 *	service/NAME/own.mk       the user's, read after it
 *	service/NAME/root/        goes over /  (smol's own; smolBSD has postinst for it)
 *	service/NAME/etc/         goes over /etc
 *	service/NAME/packages/    goes to /packages
 *	service/NAME/mtree        owners, modes, devices (smol's own)
 *	service/NAME/postinst/    scripts of the build, by name
 *	service/NAME/sailor.conf  with MINIMIZE: what of the sets stays (sailor.h)
 *	service/common/           goes into /etc/include
 *
 * What the directory or a variable asks for and smol cannot do yet is an
 * error, never left out.
 */
#ifndef SMOL_SERVICE_SERVICE_H
#define SMOL_SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "service/sailor.h"
#include "service/workspace.h"

#define SERVICE_SIZE_AUTO 0

enum service_fs {
	SERVICE_FFS1,
	SERVICE_FFS2,
	SERVICE_EXT2, /* what smolBSD makes on Linux */
};

enum service_minimize {
	SERVICE_MINIMIZE_NO,
	SERVICE_MINIMIZE_PERCENT, /* the files and 10 % more */
	SERVICE_MINIMIZE_MB, /* the files and minimize_mb more */
};

struct service_set {
	const char *file; /* "base.tar.xz", or a path if it holds a '/' */
	const char *glob; /* "/usr/bin/strip": only that part; NULL: all */
};

/* BIOSBOOT: an image that a PC's BIOS boots. */
struct service_bios {
	bool boot;
	const char *boot_where, *kernel_where, *smolify_where; /* "service/x/options.mk:3", for messages */
	const char *set; /* that has usr/mdec, the boot blocks; NULL: ROOTDIR has it */
	const char *console; /* "com0", "com0,115200": BIOSCONSOLE */
	unsigned consdev; /* the same as X86_BP_CONSDEV_* */
	uint32_t speed; /* of a serial console; 0: as the boot blocks have it */
	const char *kernel; /* BIOSKERNEL: a file of kernels/, or a path if it holds a '/'; NULL: the sets' /netbsd */
	const char *kernel_url; /* directory that has it, compressed; NULL: not known */
	bool smolify; /* SMOLIFY: its drivers that a virtual machine does not need are disabled */
};

struct service_var {
	const char *name, *value;
};

struct service {
	const char *name, *arch, *tag; /* tag: NULL if none */
	const char *dir;

	struct service_set *sets; /* SETS, then ADDSETS */
	size_t nsets;
	const char *const *packages; /* ADDPKGS, then sailor.conf's */
	size_t npackages;

	/* Where they can be fetched: directories, NULL if not known; the live image's own URL, '*' for its version. */
	const char *sets_url, *kernel_url, *packages_url, *live_url;

	const char *base_dir; /* ROOTDIR: a root made by hand, in place of sets; NULL: none */
	const char *from_image; /* FROMIMG: the image to start from; NULL: none */
	const char *root_dir, *etc_dir, *common_dir, *packages_dir, *mtree; /* NULL: there is none */
	const char *const *scripts; /* postinst/NAME.sh in order; with SVCIMG that one only */
	size_t nscripts;
	const char *svcimg, *curlsh; /* NULL: not asked for */

	/*
	 * SSHKEYS: public key files, and "user" for what the user who builds
	 * logs in with elsewhere; NULL: none.
	 */
	const char *ssh_keys;

	enum service_fs fs; /* FS */
	uint64_t image_mb; /* IMGSIZE, or SERVICE_SIZE_AUTO */
	bool size_of_image; /* not said: not smaller than from_image */
	enum service_minimize minimize; /* MINIMIZE, which wins over IMGSIZE */
	uint64_t minimize_mb;
	const struct sailor *sailor; /* with MINIMIZE and a sailor.conf: what stays; NULL: everything */
	bool read_only; /* MOUNTRO */
	struct service_bios bios;
	const char *pkgvers;

	/* For the manifest: what was read and what was given. */
	const char *const *files;
	size_t nfiles;
	const struct service_var *given; /* NAME=VALUE arguments, -t and --arch among them */
	size_t ngiven;

	const char *const *notes; /* what the files' .info and .warning said, "FILE:LINE: TEXT" */
	size_t nnotes;
};

/* What the command line says; NULL or none where it does not. */
struct service_request {
	const char *name; /* NULL: the defaults, of no service */
	bool inputs_only; /* to fetch what it needs: what cannot be built yet is no error */
	const char *arch; /* else ARCH=, else the environment's ARCH, else the host's */
	const char *tag; /* else IMGTAG= */
	const char *fs; /* else FS= */
	const char *root_dir; /* else ROOTDIR= */
	char *const *vars; /* NAME=VALUE */
	size_t nvars;
};

/* All strings are the arena's, or the request's. */
int
service_load(struct arena *, const struct workspace *, const struct service_request *, struct service *, struct err *);

#endif
