/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: the bytes are messages to a share, one after the other, each
 * with a length of two bytes before it; the first byte of all says which
 * dialect, whether read-only, and how much room replies have.  Whatever they
 * do, files outside the share stay as they were.
 */
#include "../unit/vmm_p9_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
prepare(uint8_t how)
{
	if (client.share == NULL || client.share->read_only != ((how & 1) != 0)) {
		if (client.share != NULL)
			client_close();
		client_open((how & 1) != 0);
	}
	client.room = (how & 8) != 0 ? 300 : 8192;
	(void)client_attach((how & 2) != 0 ? "9P2000.u" : "9P2000.L");
	if ((how & 4) == 0)
		return;
	/* Something to walk over, in fids that the corpus knows. */
	(void)message(T_WALK, "442", (uint32_t)ROOT, 2u, 0);
	(void)message(T_WALK, "442", (uint32_t)ROOT, 3u, 0);
	(void)message(T_MKDIR, "4s44", (uint32_t)ROOT, "d", 0755u, 0u);
	(void)message(T_WALK, "442s", (uint32_t)ROOT, 4u, 1, "d");
	(void)message(T_SYMLINK, "4ss4", (uint32_t)ROOT, "l", "../outside", 0u);
	(void)message(T_LCREATE, "4s444", 2u, "f", (uint32_t)O_RDWR, 0644u, 0u);
	(void)message(T_LOPEN, "44", 3u, 0u);
	(void)message(T_CREATE, "4s41s", 2u, "f", 0644u, 2, "");
	(void)message(T_OPEN, "41", 3u, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned runs;
	size_t len;

	if (size < 1)
		return 0;
	if (++runs % 256 == 0 && client.share != NULL) { /* what was made piles up */
		client_close();
		client.share = NULL;
	}
	prepare(data[0]);
	for (data++, size--; size > 2; data += len, size -= len) {
		len = get_le16(data) & 1023;
		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		if (len < 3)
			continue;
		begin(data[0]);
		put(data + 1, len - 1);
		(void)request();
		if (client.in_len > client.room)
			abort();
	}
	if (strcmp(client_content("outside/file"), "secret") != 0 ||
	    strcmp(client_content("outside/dir/file"), "secret") != 0)
		abort();
	return 0;
}
