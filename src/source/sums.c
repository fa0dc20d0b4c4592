/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads checksum lists.
 */
#include "source/sums.h"

#include <string.h>

#include "base/str.h"

static void
set_file(struct sums_line *line, const char *file, size_t len)
{
	if (len > 2 && file[0] == '.' && file[1] == '/') {
		file += 2;
		len -= 2;
	}
	line->file = file;
	line->file_len = len;
}

/* KIND (FILE) = HEX; a file's name may hold blanks and brackets, so its end is the last ") = ". */
static bool
parse_bsd(const char *s, size_t len, struct sums_line *line)
{
	const char *open = memchr(s, ' ', len), *end = s + len, *close;
	enum digest_kind kind;

	if (open == NULL || end - open < 6 || open[1] != '(')
		return false;
	kind = digest_kind_of(s, (size_t)(open - s));
	for (close = end - 4; close > open + 2; close--)
		if (memcmp(close, ") = ", 4) == 0)
			break;
	if (close <= open + 2 || !digest_read(&line->digest, kind, close + 4, (size_t)(end - close - 4)))
		return false;
	set_file(line, open + 2, (size_t)(close - open - 2));
	return true;
}

/* HEX FILE, HEX  FILE, HEX *FILE, or HEX alone. */
static bool
parse_gnu(const char *s, size_t len, struct sums_line *line)
{
	const char *blank = memchr(s, ' ', len);
	size_t hex = blank == NULL ? len : (size_t)(blank - s);

	if (!digest_read(&line->digest, digest_kind_of_length(hex), s, hex))
		return false;
	len -= hex;
	s += hex;
	if (len > 1 && (s[1] == ' ' || s[1] == '*')) {
		s++;
		len--;
	}
	set_file(line, len > 0 ? s + 1 : s, len > 0 ? len - 1 : 0);
	return true;
}

bool
sums_next(const char **text, struct sums_line *line)
{
	while (**text != '\0') {
		const char *s = *text;
		size_t len = strcspn(s, "\n");

		*text = s + len + (s[len] == '\n');
		while (len > 0 && strchr(" \t\r", s[len - 1]) != NULL)
			len--;
		*line = (struct sums_line){ 0 };
		if (parse_bsd(s, len, line) || parse_gnu(s, len, line))
			return true;
	}
	return false;
}

int
sums_find(const char *text, const char *file, bool alone, struct digest *digest, struct err *err)
{
	struct sums_line line;

	*digest = (struct digest){ 0 };
	while (sums_next(&text, &line)) {
		if (line.file_len == 0 ? !alone
				       : line.file_len != strlen(file) || memcmp(line.file, file, line.file_len) != 0)
			continue;
		if (line.digest.kind == digest->kind && !digest_equal(&line.digest, digest))
			return err_set(
			    err, "it lists '%s' twice, with different %s digests", file, digest_name(digest->kind));
		if (line.digest.kind > digest->kind)
			*digest = line.digest;
	}
	return digest->kind != DIGEST_NONE;
}
