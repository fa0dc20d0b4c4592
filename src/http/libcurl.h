/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libcurl, loaded when the first transfer is made: with the 30 libraries that
 * it brings it would be most of the time that 'smol run' takes to start a
 * machine.  After libcurl_load() its functions are called by their own names.
 */
#ifndef SMOL_HTTP_LIBCURL_H
#define SMOL_HTTP_LIBCURL_H

#include <curl/curl.h>

#include "base/err.h"

#define LIBCURL_FUNCTIONS(_)                                                                                           \
	_(global_init)                                                                                                 \
	_(easy_init)                                                                                                   \
	_(easy_cleanup)                                                                                                \
	_(easy_setopt)                                                                                                 \
	_(easy_getinfo)                                                                                                \
	_(easy_strerror)                                                                                               \
	_(multi_init)                                                                                                  \
	_(multi_cleanup)                                                                                               \
	_(multi_add_handle)                                                                                            \
	_(multi_remove_handle)                                                                                         \
	_(multi_perform)                                                                                               \
	_(multi_poll)                                                                                                  \
	_(multi_info_read)                                                                                             \
	_(slist_append)                                                                                                \
	_(slist_free_all)

/* The macros that check types are gone: they take the functions' own names. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

extern struct libcurl {
#define LIBCURL_MEMBER(name) __typeof__(&curl_##name) name;
	LIBCURL_FUNCTIONS(LIBCURL_MEMBER)
#undef LIBCURL_MEMBER
} libcurl;

/* Once in a process; any thread. */
int libcurl_load(struct err *);

#define curl_global_init libcurl.global_init
#define curl_easy_init libcurl.easy_init
#define curl_easy_cleanup libcurl.easy_cleanup
#define curl_easy_setopt libcurl.easy_setopt
#define curl_easy_getinfo libcurl.easy_getinfo
#define curl_easy_strerror libcurl.easy_strerror
#define curl_multi_init libcurl.multi_init
#define curl_multi_cleanup libcurl.multi_cleanup
#define curl_multi_add_handle libcurl.multi_add_handle
#define curl_multi_remove_handle libcurl.multi_remove_handle
#define curl_multi_perform libcurl.multi_perform
#define curl_multi_poll libcurl.multi_poll
#define curl_multi_info_read libcurl.multi_info_read
#define curl_slist_append libcurl.slist_append
#define curl_slist_free_all libcurl.slist_free_all

#endif
