# SPDX-License-Identifier: BSD-2-Clause
# Sourced: a GPT disk around a file system, with nothing but dd, printf and
# gzip (whose trailer is the CRC32 a GPT wants).
# gpt_image DISK LABEL FILESYSTEM [BAD]	BAD: a wrong header checksum

# Little-endian numbers of 4 and 8 bytes, by octal escapes.
le32() {
	printf "\\$(printf %o $(($1 & 255)))\\$(printf %o $(($1 >> 8 & 255)))"
	printf "\\$(printf %o $(($1 >> 16 & 255)))\\$(printf %o $(($1 >> 24 & 255)))"
}

le64() {
	le32 "$1"
	le32 0
}

crc32_of() {
	gzip -nc "$1" | tail -c 8 | head -c 4
}

zeros() {
	head -c "$1" /dev/zero
}

gpt_entries() {
	# NetBSD FFS: 49F48D5A-B10E-11DC-B99B-0019D1879648
	printf '\132\215\364\111\016\261\334\021\271\233\000\031\321\207\226\110'
	printf 'smol test wedge1'
	le64 "$1"
	le64 "$2"
	zeros 8
	printf %s "$3" | sed 's/./&\n/g' | tr '\n' '\0'
	zeros $((72 - 2 * ${#3}))
	zeros $((127 * 128))
}

# gpt_header LAST ENTRIES_CRC_FILE HEADER_CRC_FILE
gpt_header() {
	printf 'EFI PART\000\000\001\000'
	le32 92
	cat "$3"
	zeros 4
	le64 1
	le64 "$1"
	le64 34
	le64 $(($1 - 1))
	printf 'smol test disk01'
	le64 2
	le32 128
	le32 128
	cat "$2"
}

gpt_image() {
	gpt_start=1024
	gpt_len=$((($(wc -c <"$3") + 511) / 512))
	gpt_last=$((gpt_start + gpt_len + 40))
	gpt_entries $gpt_start $((gpt_start + gpt_len - 1)) "$2" >"$1.entries"
	crc32_of "$1.entries" >"$1.crc"
	zeros 4 >"$1.zero"
	gpt_header $gpt_last "$1.crc" "$1.zero" >"$1.header"
	crc32_of "$1.header" >"$1.hcrc"
	[ -z "${4:-}" ] || printf 'bad!' >"$1.hcrc"
	gpt_header $gpt_last "$1.crc" "$1.hcrc" >"$1.header"
	{
		zeros 512
		cat "$1.header"
		zeros 420
		cat "$1.entries"
		zeros $(((gpt_start - 34) * 512))
		cat "$3"
	} >"$1"
	truncate -s $(((gpt_last + 1) * 512)) "$1"
	rm -f "$1.entries" "$1.crc" "$1.zero" "$1.header" "$1.hcrc"
}
