/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checksum lists: both forms, what is passed over, what is refused.
 */
#include "source/sums.h"

#include "test.h"

#define HEX40 "0123456789abcdef0123456789abcdef01234567"
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"
#define HEX128 HEX64 HEX64
#define OTHER64 "ff23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* "KIND:HEX" of the file, "" if it is not listed, else the message. */
static const char *
find(const char *text, const char *file, bool alone)
{
	static char result[DIGEST_TEXT_MAX];
	static struct err err;
	struct digest d;
	int rv = sums_find(text, file, alone, &d, &err);

	return rv < 0 ? err.msg : rv == 0 ? "" : digest_string(&d, result);
}

#define LOWER64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
test_bsd(void)
{
	const char *text = "MD5 (base.tar.xz) = 0123456789abcdef0123456789abcdef\n"
			   "SHA512 (base.tar.xz) = " HEX128 "\n"
			   "SHA512 (./etc.tar.xz) = " HEX128 "\r\n"
			   "sha256 (a (b) = c) = " HEX64 "\n"
			   "SHA1 (old) = " HEX40;

	CHECK_STR(find(text, "base.tar.xz", false), "SHA512:" LOWER64 LOWER64);
	CHECK_STR(find(text, "etc.tar.xz", false), "SHA512:" LOWER64 LOWER64);
	CHECK_STR(find(text, "a (b) = c", false), "SHA256:" LOWER64);
	CHECK_STR(find(text, "old", false), "SHA1:" HEX40);
	CHECK_STR(find(text, "base.tar", false), "");
	CHECK_STR(find(text, "base.tar.xz2", false), "");
}

static void
test_gnu(void)
{
	const char *text = HEX128 "  base.tar.xz\n" HEX64 " *netbsd-SMOL\n" HEX64 " one\n";

	CHECK_STR(find(text, "base.tar.xz", false), "SHA512:" LOWER64 LOWER64);
	CHECK_STR(find(text, "netbsd-SMOL", false), "SHA256:" LOWER64);
	CHECK_STR(find(text, "one", false), "SHA256:" LOWER64);
	CHECK_STR(find(text, "*netbsd-SMOL", false), "");
}

static void
test_alone(void)
{
	CHECK_STR(find(HEX64 "\n", "netbsd-SMOL", true), "SHA256:" LOWER64);
	CHECK_STR(find(HEX64 "\n", "netbsd-SMOL", false), "");
	CHECK_STR(find(HEX64 "  other\n", "netbsd-SMOL", true), "");
}

static void
test_damaged(void)
{
	CHECK_STR(find("", "x", true), "");
	CHECK_STR(find("<html><body>404</body></html>", "x", true), "");
	CHECK_STR(find("SHA512 (x) = " HEX64 "\n", "x", false), "");
	CHECK_STR(find("SHA512 (x) = " HEX128 "0\n", "x", false), "");
	CHECK_STR(find("SHA256 () = " HEX64 "\n", "", false), "");
	CHECK_STR(find("SHA256 (x) = " HEX64 " y\n", "x", false), "");
	CHECK_STR(find("SHA256 (x)", "x", false), "");
	CHECK_STR(find(HEX64 "x  x\n", "x", false), "");
	CHECK_STR(find("SHA256 (x) = g" HEX64 "\n", "x", false), "");
}

static void
test_twice(void)
{
	CHECK_STR(find("SHA256 (x) = " HEX64 "\n" HEX64 "  x\n", "x", false), "SHA256:" LOWER64);
	CHECK_STR(find("SHA256 (x) = " HEX64 "\n" OTHER64 "  x\n", "x", false),
	    "it lists 'x' twice, with different SHA256 digests");
	CHECK_STR(find("SHA1 (x) = " HEX40 "\nSHA512 (x) = " HEX128 "\nSHA256 (x) = " HEX64 "\n", "x", false),
	    "SHA512:" LOWER64 LOWER64);
}

static void
test_digest(void)
{
	struct digest d, e;
	char text[DIGEST_TEXT_MAX];

	CHECK(digest_parse(&d, "sha256:" HEX64));
	CHECK_STR(digest_string(&d, text), "SHA256:" LOWER64);
	CHECK(digest_parse(&e, text) && digest_equal(&d, &e));
	CHECK(!digest_parse(&e, "SHA256"));
	CHECK(!digest_parse(&e, "MD5:0123456789abcdef0123456789abcdef"));
	CHECK(!digest_parse(&e, "SHA256:" HEX40));
	CHECK(!digest_equal(&d, &e));
}

TEST_MAIN({ "BSD's form", test_bsd }, { "GNU's form", test_gnu }, { "a digest alone", test_alone },
    { "what is no line", test_damaged }, { "a file listed twice", test_twice }, { "digests as text", test_digest })
