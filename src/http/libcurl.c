/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dlopen(3), dlsym(3).
 */
#include "http/libcurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

#include "base/defs.h"

/* What Linux and NetBSD call it; GnuTLS's flavour, where Debian has no other; macOS. */
static const char *const names[] = { "libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.4.dylib" };

struct libcurl libcurl;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool loaded;

static void
load(void)
{
	static const struct {
		const char *name;
		size_t offset;
	} functions[] = {
#define LIBCURL_ROW(name) { "curl_" #name, offsetof(struct libcurl, name) },
		LIBCURL_FUNCTIONS(LIBCURL_ROW)
	};
	void *library = NULL, **to;
	size_t i;

	for (i = 0; i < nitems(names) && library == NULL; i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return;
	for (i = 0; i < nitems(functions); i++) {
		to = (void **)((char *)&libcurl + functions[i].offset);
		*to = dlsym(library, functions[i].name);
		if (*to == NULL)
			return;
	}
	loaded = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

int
libcurl_load(struct err *err)
{
	(void)pthread_once(&once, load);
	return loaded ? 0 : err_set(err, "libcurl 7.68 or newer (%s) is needed for this; install it", names[0]);
}
