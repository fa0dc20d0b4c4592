/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The make language of options.mk: each snippet sets R, and is given to bmake
 * too where there is one; both must agree on the value, or that it is wrong.
 * What deliberately differs, and the messages, are tested on their own.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "service/make.h"
#include "test.h"

#define BAD NULL

/* What smol and bmake both must say; BAD: an error. */
static const struct snippet {
	const char *text, *want;
} snippets[] = {
	{ "R=a", "a" },
	{ "R =\ta b\t", "a b" },
	{ "R=", "" },
	{ "R=a # comment", "a" },
	{ "R=a#b", "a" },
	{ "R=a\\#b", "a#b" },
	{ "R=a[#]b", "a[#]b" },
	{ "R=a\\\nb", "a b" },
	{ "R=a \\\n   b\\\n\tc", "a  b c" },
	{ "R=a\\\n\\\nb", "a  b" },
	{ "# no \\\nR=1\nR?=2", "2" },
	{ "  R=1", "1" },
	{ "R=a\nR+=b\nR+=\tc", "a b c" },
	{ "R=\nR+=b", " b" },
	{ "R+=b", "b" },
	{ "R=1\nR?=2", "1" },
	{ "R?=2", "2" },
	{ "A=1\nR:=${A}\nA=2", "1" },
	{ "A=1\nR=${A}\nA=2", "2" },
	{ "A=1\nR:=${A}${B}\nB=2", "12" },
	{ "A=1\nR=x${A}y$(A)z$A", "x1y1z1" },
	{ "R=${NONE}", "" },
	{ "R=$$x", "$x" },
	{ "A=B\nB=c\nR=${${A}}", "c" },
	{ "A=B\nX_B_Y=c\nR=${X_${A}_Y}", "c" },
	{ "A=R\n${A}=c", "c" },
	{ "A=R\nX${A}Y=c\nR=${XRY}", "c" },
	{ "A=one two three\nR=${A:Mt*}", "two three" },
	{ "A=one two three\nR=${A:N*e}", "two" },
	{ "A=a.c b.c d.h\nR=${A:M*.[ch]:N*.h}", "a.c b.c" },
	{ "A=a1 b2 c3\nR=${A:M[^a-b]?}", "c3" },
	{ "A=aab aaab\nR=${A:M*a*ab}", "aab aaab" },
	{ "A=a:b c\nR=${A:Ma\\:b}", "a:b" },
	{ "P=t*\nA=one two\nR=${A:M${P}}", "two" },
	{ "A=one two\nR=${A:S/o/0/}", "0ne tw0" },
	{ "A=ooo oo\nR=${A:S/o/0/g}", "000 00" },
	{ "A=ooo oo\nR=${A:S/o/0/1}", "0oo oo" },
	{ "A=one two\nR=${A:S/^o/X/}", "Xne two" },
	{ "A=one two\nR=${A:S/o$/X/}", "one twX" },
	{ "A=one two\nR=${A:S/^one$/1/}", "1 two" },
	{ "A=one two\nR=${A:S,n,<&>,}", "o<n>e two" },
	{ "A=one two\nR=${A:S,n,\\&,}", "o&e two" },
	{ "A=a/b\nR=${A:S/\\//-/}", "a-b" },
	{ "A=one two\nR=${A:S/one//}", "two" },
	{ "B=tw\nC=2\nA=one two\nR=${A:S/${B}/${C}/}", "one 2o" },
	{ "A=a.b c.d\nR=${A:S/./_/:S/c/x/}", "a_b x_d" },
	{ "A=a b\nR=${A:S/$/.x/}", "a.x b.x" },
	{ "A=a b\nR=${A:S/^/x./}", "x.a x.b" },
	{ "A=a b a b\nR=${A:S/a b/c/W}", "c a b" },
	{ "O=a.b/c x.y.z noext /p/q\nR=${O:R}|${O:E}|${O:H}|${O:T}",
	    "a x.y noext /p/q|b/c z|a.b . . /p|c x.y.z noext q" },
	{ "A=MiXed Case\nR=${A:tl}/${A:tu}", "mixed case/MIXED CASE" },
	{ "A=x\nR=${A:Uyes}${B:Uno}", "xno" },
	{ "A=x\nR=${A:Dyes}${B:Dno}", "yes" },
	{ "A=x\nR=${B:U${A}${A}}", "xx" },
	{ "R=${B:Ua\\:b}", "a:b" },
	{ "R=${name:L:tu}", "NAME" },
	{ "R=${:Ufoo.c:R}", "foo" },
	{ "A=base etc\nR=${A:=.tar.xz}", "base.tar.xz etc.tar.xz" },
	{ "A=a.c b.h\nR=${A:.c=.o}", "a.o b.h" },
	{ "A=lib.c b.h\nR=${A:l%.c=L%.o}", "Lib.o b.h" },
	{ "A=x.c\nR=${A:%.c=obj/%.o}", "obj/x.o" },
	{ "A=\"a b\" c\nR=${A:Mc}|${A:M\"*}", "c|\"a b\"" },
	{ "A=one   two\nR=${A:M*}", "one two" },
	{ "A=a \fb\vc\nR=${A:S/b/x/}", "a \fx\vc" },
	{ "X=y\n.if ${X} == y\nR=1\n.else\nR=0\n.endif", "1" },
	{ "X=y\n.if ${X}==\"y\"\nR=1\n.else\nR=0\n.endif", "1" },
	{ "X=y\n.if ${X} != \"y\"\nR=1\n.else\nR=0\n.endif", "0" },
	{ ".if defined(U) && ${U} == y\nR=1\n.else\nR=0\n.endif", "0" },
	{ ".if !defined(U) || ${U} == y\nR=1\n.else\nR=0\n.endif", "1" },
	{ "U=y\n.if defined( U ) && ${U} == y\nR=1\n.endif", "1" },
	{ "U=y\n.if defined (U)\nR=1\n.endif", "1" },
	{ "A=0\n.if ${A} == 1 || 1 && 0\nR=1\n.else\nR=0\n.endif", "0" },
	{ ".if 1 || 0 && 0\nR=1\n.else\nR=0\n.endif", "1" },
	{ ".if (1 || 0) && 0\nR=1\n.else\nR=0\n.endif", "0" },
	{ ".if !(1 && 0)\nR=1\n.else\nR=0\n.endif", "1" },
	{ ".if !0\nR=1\n.endif", "1" },
	{ "X=a\n.if !${X} == a\nR=1\n.else\nR=0\n.endif", "0" },
	{ "X=10\n.if ${X} < 9\nR=1\n.else\nR=0\n.endif", "0" },
	{ "X=10\n.if ${X} == 10.0\nR=1\n.else\nR=0\n.endif", "1" },
	{ "X=10\n.if ${X} == \"10.0\"\nR=1\n.else\nR=0\n.endif", "0" },
	{ ".if 0x10 == 16\nR=1\n.else\nR=0\n.endif", "1" },
	{ "X=3\n.if ${X} >= 3 && ${X} <= 3 && ${X} > -1\nR=1\n.endif", "1" },
	{ "X=0\n.if ${X}\nR=1\n.else\nR=0\n.endif", "0" },
	{ "X=no\n.if ${X}\nR=1\n.else\nR=0\n.endif", "1" },
	{ "X=\n.if ${X}\nR=1\n.else\nR=0\n.endif", "0" },
	{ ".if X\nR=1\n.elif Y || !Z\nR=2\n.endif", "2" },
	{ "X=1\n.ifdef X && Y\nR=1\n.else\nR=0\n.endif", "0" },
	{ "X=1\n.ifndef X || Y\nR=1\n.else\nR=0\n.endif", "1" },
	{ "X=a b\n.if empty(X:Mb)\nR=1\n.else\nR=0\n.endif", "0" },
	{ "X=a b\n.if empty(X:Mc)\nR=1\n.else\nR=0\n.endif", "1" },
	{ ".if !empty(U)\nR=1\n.else\nR=0\n.endif", "0" },
	{ "X= \n.if empty(X)\nR=1\n.endif", "1" },
	{ ".if ${U:Ux} == \"x\"\nR=1\n.endif", "1" },
	{ ".if 0\n.if 1\nR=1\n.else\nR=2\n.endif\n.else\nR=3\n.endif", "3" },
	{ ".if 1\n.if 0\nR=1\n.elif 1\nR=2\n.else\nR=4\n.endif\n.elif 1\nR=3\n.endif", "2" },
	{ ".if 0\n.for x in 1\n.endfor\nthis is: not read\n.endif\nR=1", "1" },
	{ ". if 1 # yes\nR=1\n.  endif # done", "1" },
	{ "R=1\n.undef R\nR?=2", "2" },
	{ ".-include \"/nowhere/x.mk\"\nR=1", "1" },
	{ ".for i in a b c\nR+=${i}\n.endfor", "a b c" },
	{ ".for i j in a b c d\nR+=$j-$(i)\n.endfor", "b-a d-c" },
	{ ".for i in a b\n.for j in 1 ${i}2\nR+=${i}${j}\n.endfor\n.endfor", "a1 aa2 b1 bb2" },
	{ ".for i in a b\n.if ${i} == a\nR+=x\n.else\nR+=${i:S/b/c/}\n.endif\n.endfor", "x c" },
	{ ".if 0\n.for i in a\nR+=${i}\n.endfor\n.endif\nR+=x", "x" },
	{ ".for i in x:y \"a b\" c}d\nR+=<${i}>\n.endfor", "<x:y> <\"a b\"> <c}d>" },
	{ ".for i in\nR+=${i}\n.endfor\nR+=x", "x" },
	{ "N=/\n.if exists(${N}) && !exists(/nowhere)\nR=1\n.endif", "1" },
	{ ".if make(x) || target(x) || commands(x)\nR=1\n.else\nR=0\n.endif", "0" },
	{ ".ifmake x\nR=1\n.elifnmake x\nR=2\n.endif", "2" },
	{ "X=\n.if ${X} == 0\nR=1\n.endif", "1" },
	{ "A=a b c d\nR=${A:[2]} ${A:[-1]} ${A:[3..2]} ${A:[#]} ${A:[*]:S/ /_/g}", "b d c b 4 a_b_c_d" },
	{ "A=b a b\nR=${A:O} ${A:Or} ${A:u} ${A:O:u}", "a b b b b a b a b a b" },
	{ "A=a b\nR=${A:ts,} ${A:ts} ${A:ts\\x2d}", "a,b ab a-b" },
	{ "A=a b\nR=${A:@v@<${v:tu}>@} ${A:range}", "<A> <B> 1 2" },
	{ "A=5\nR=${${A} > 3:?big:small} ${b == c:?yes:no}", "big no" },
	{ "A=a+b\nR=${A:C/([+++++++++++++++++])+/x/} ${A:C/((a)+b*)+/x/}", "axb x+b" },
	{ "A=abcb\nR=${A:C/b/<&>/} ${A:C/(a)(b)/\\2\\1/} ${A:C/./x/g} ${A:C,^b,x,}", "a<b>cb bacb xxxx abcb" },
	{ "A=a$$b c;d\nR=${A:Q}", "a\\$b\\ c\\;d" },
	{ "M=tu:S/A/x/\nA=ab\nR=${A:${M}}", "xB" },
	{ "A=a.x\nR=${A:M*.x:tW:tw} ${A:Ua:Ub} ${NONE:Ua:Ub} ${NONE:S/^/x/}", "a.x a.x b " },
	{ ".info x\n.warning y\n.export R\n.unexport-env\nR=1", "1" },
	{ ".undef A B\nA=B\n.undef ${A}\nR=${A}", "B" },
	{ ".for i in a b c\n.if 1\nR+=${i}\n.endfor\n.endif", BAD },
	{ ".for i j in a\n.endfor", BAD },
	{ ".endfor", BAD },
	{ ".if ${U} == y\nR=1\n.endif", BAD },
	{ "X=y\n.if y == ${X}\nR=1\n.endif", BAD },
	{ "X=a\n.if ${X} < b\nR=1\n.endif", BAD },
	{ ".if 1 == 1 more\nR=1\n.endif", BAD },
	{ ".if (1 == 1\nR=1\n.endif", BAD },
	{ ".if 1 = 1\nR=1\n.endif", BAD },
	{ ".if\nR=1\n.endif", BAD },
	{ ".if !\nR=1\n.endif", BAD },
	{ ".if 1 &&\nR=1\n.endif", BAD },
	{ ".if 1\nR=1", BAD },
	{ ".endif", BAD },
	{ ".else", BAD },
	{ "A B=c", BAD },
	{ "what is this", BAD },
	{ "\tcommand", BAD },
	{ ".error stop", BAD },
	{ ".include \"/nowhere/x.mk\"", BAD },
	{ "A=${B}\nB=${A}\nR=${A}", BAD },
	{ "R:=${R}x${R}", "x" },
};

/* R of the text as we read it, or NULL and err. */
static char *
ours(const char *text, struct err *err)
{
	struct make *m = make_new();
	struct arena arena;
	const char *value;
	char *result = NULL;

	arena_init(&arena);
	if (make_read_text(m, "service/x/options.mk", text, strlen(text), err) == 0 &&
	    make_get(m, &arena, "R", &value, err) == 0)
		result = xstrdup(value == NULL ? "" : value);
	arena_release(&arena);
	make_free(m);
	return result;
}

static char dir[] = "/tmp/smol-make-XXXXXX";

/* R as bmake reads it, or NULL if it fails. */
static char *
bmakes(const char *text)
{
	struct err err = { 0 };
	struct str file = { 0 }, out = { 0 };
	char path[64], command[160], buf[512];
	size_t n;
	FILE *p;

	(void)snprintf(path, sizeof(path), "%s/x.mk", dir);
	str_addf(&file, "%s\n", text);
	CHECK(file_write(path, file.p, file.len, &err) == 0);
	str_release(&file);
	(void)snprintf(command, sizeof(command), "env -i PATH=\"$PATH\" bmake -r -f %s -V '${R}' 2>/dev/null", path);
	p = popen(command, "r");
	if (p == NULL)
		return NULL;
	str_add(&out, "");
	while ((n = fread(buf, 1, sizeof(buf), p)) > 0)
		str_addn(&out, buf, n);
	if (pclose(p) != 0) {
		str_release(&out);
		return NULL;
	}
	if (out.len > 0 && out.p[out.len - 1] == '\n')
		out.p[--out.len] = '\0';
	return out.p;
}

static void
test_snippets(void)
{
	size_t i;

	for (i = 0; i < nitems(snippets); i++) {
		struct err err = { 0 };
		cleanup_free char *got = ours(snippets[i].text, &err);
		const char *want = snippets[i].want;

		if (want == BAD ? got == NULL && err.msg[0] != '\0' : got != NULL && strcmp(got, want) == 0)
			continue;
		printf("# snippet %zu: got '%s' (%s), want '%s'\n# %s\n", i, got == NULL ? "(error)" : got, err.msg,
		    want == BAD ? "(error)" : want, snippets[i].text);
		test_failures++;
	}
}

static void
test_bmake(void)
{
	char path[64];
	size_t i;

	if (system("bmake -V MAKE_VERSION -f /dev/null >/dev/null 2>&1") != 0) {
		printf("# SKIP: there is no bmake here\n");
		return;
	}
	CHECK(mkdtemp(dir) != NULL);
	for (i = 0; i < nitems(snippets); i++) {
		cleanup_free char *got = bmakes(snippets[i].text);
		const char *want = snippets[i].want;

		if (want == BAD ? got == NULL : got != NULL && strcmp(got, want) == 0)
			continue;
		printf("# bmake says '%s' and not '%s' for\n# %s\n", got == NULL ? "(error)" : got,
		    want == BAD ? "(error)" : want, snippets[i].text);
		test_failures++;
	}
	printf("# %zu snippets compared with bmake\n", nitems(snippets));
	(void)snprintf(path, sizeof(path), "%s/x.mk", dir);
	(void)unlink(path);
	(void)rmdir(dir);
}

/* The message for each wrong thing: place, what, what to do. */
static void
test_messages(void)
{
	static const struct snippet bad[] = {
		{ "\nR!= id",
		    "service/x/options.mk:2: 'R !=' runs a shell command, which is not done here: give R=VALUE on "
		    "the command line instead" },
		{ "all: x",
		    "service/x/options.mk:1: 'all: x' is a rule: only variables, conditionals, loops and includes are "
		    "understood here" },
		{ "A=1 \\\n2\n\tcp a b",
		    "service/x/options.mk:3: a line that begins with a tab is a command of a rule: only "
		    "variables, conditionals, loops and includes are understood here" },
		{ "A=1\n.if ${U} == y\n.endif",
		    "service/x/options.mk:2: condition '${U} == y': U is not defined; write "
		    "defined(U) && ..." },
		{ "A=1\n.if 1\n.if 0\n.endif\n", "service/x/options.mk:2: .if without .endif in this file" },
		{ "\n\n.for i in 1", "service/x/options.mk:3: .for without .endfor" },
		{ "A=1\n.for i in a b\n\nR=${i:S/a}\n.endfor\n", "service/x/options.mk:4: ':S' has no third '/'" },
		{ ".for i in a \\\n b\n.for j in c\n.if ${j} < ${i}\n.endif\n.endfor\n.endfor",
		    "service/x/options.mk:4: condition '${:Uc} < ${:Ua}': strings can only be compared with == and "
		    "!=" },
		{ "\n.for i in 1\n.if 1\n.endfor", "service/x/options.mk:3: .if without .endif in this loop" },
		{ "\n.break", "service/x/options.mk:2: .break without .for around it in this file" },
		{ "R=${A:sh}",
		    "service/x/options.mk:1: ':sh' (in ${A:...}) runs a shell command, which is not done here: give "
		    "its output as NAME=VALUE on the command line" },
		{ "R=${A:C/(/x/}", "service/x/options.mk:1: the expression '(' of ':C': Unmatched ( or \\(" },
		{ "R=${A:C/(a++++++++)+++++++/x/}",
		    "service/x/options.mk:1: the expression of ':C' repeats what is repeated too often" },
		{ "R=${A:Z}", "service/x/options.mk:1: 'Z' is no modifier known here (in ${A:...})" },
		{ "R=${A", "service/x/options.mk:1: 'A' has no closing '}'" },
		{ "R=${A:S/x/y}", "service/x/options.mk:1: ':S' has no third '/'" },
		{ "R=5$",
		    "service/x/options.mk:1: a '$' that begins no variable: write '$$' for the character itself" },
		{ "A=${B}\n\nB=${A}\nR=${A}", "service/x/options.mk:3: the value of A contains itself" },
		{ ".if foo(/etc)\n.endif",
		    "service/x/options.mk:1: condition 'foo(/etc)': foo() is not a function known here" },
		{ ".error no ${A:Ugood}", "service/x/options.mk:1: no good" },
		{ ".include \"none.mk\"", "service/x/options.mk:1: there is no file 'none.mk' to include" },
		{ ".include <bsd.mk>",
		    "service/x/options.mk:1: there are no system files to include here: write .include "
		    "\"FILE\"" },
	};
	size_t i;

	for (i = 0; i < nitems(bad); i++) {
		struct err err = { 0 };
		cleanup_free char *got = ours(bad[i].text, &err);

		CHECK(got == NULL);
		CHECK_STR(err.msg, bad[i].want);
	}
}

/* Nothing that a file says takes long or much. */
static void
test_bounds(void)
{
	struct make *m = make_new();
	struct err err = { 0 };
	struct str s = { 0 };
	unsigned i;

	for (i = 0; i < 60; i++)
		str_addf(&s, "A%u=${A%u}${A%u}\n", i, i + 1, i + 1);
	str_add(&s, "R=${A0}");
	CHECK(ours(s.p, &err) == NULL && strstr(err.msg, "too much to do") != NULL);
	s.len = 0;
	for (i = 0; i < 200; i++)
		str_addf(&s, "A%u=${A%u}\n", i, i + 1);
	str_add(&s, "R=${A0}");
	CHECK(ours(s.p, &err) == NULL && strstr(err.msg, "nested more than") != NULL);
	s.len = 0;
	str_add(&s, "A=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
	for (i = 0; i < 40; i++)
		str_add(&s, "A:=${A}${A}\n");
	CHECK(ours(s.p, &err) == NULL && strstr(err.msg, "too long") != NULL);
	s.len = 0;
	for (i = 0; i < 1000; i++)
		str_add(&s, "${");
	CHECK(ours(s.p, &err) == NULL);
	s.len = 0;
	for (i = 0; i < 12; i++)
		str_add(&s, ".for x in 1 2 3 4 5 6 7 8\n");
	for (i = 0; i < 12; i++)
		str_add(&s, ".endfor\n");
	CHECK(ours(s.p, &err) == NULL && strstr(err.msg, "too much to do") != NULL);
	s.len = 0;
	str_add(&s, "A=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nM=$${M}\nR=${A:C/(a*)*b/x/}${A:${M}}");
	CHECK(ours(s.p, &err) == NULL && strstr(err.msg, "nested more than") != NULL);
	s.len = 0;
	for (i = 0; i < 11000; i++)
		str_addf(&s, "A%u=1\n", i);
	CHECK(ours(s.p, &err) == NULL && strstr(err.msg, "variables") != NULL);
	s.len = 0;
	str_add(&s, ".if ");
	for (i = 0; i < 5000; i++)
		str_add(&s, "!(");
	CHECK(ours(s.p, &err) == NULL && strstr(err.msg, "nested too deep") != NULL);
	s.len = 0;
	for (i = 0; i < 100; i++)
		str_add(&s, ".if 1\n");
	CHECK(ours(s.p, &err) == NULL && strstr(err.msg, "deep") != NULL);
	str_release(&s);
	CHECK(make_read_text(m, "x", "A\0B", 3, &err) < 0);
	make_free(m);
}

static void
test_precedence(void)
{
	static const char text[] = "ARCH=i386\nSETS?=${X}\nSETS+=more\nIMG=a\n";
	struct make *m = make_new();
	struct err err = { 0 };
	struct arena arena;
	const char *v;

	arena_init(&arena);
	make_preset(m, "ARCH", "amd64");
	make_override(m, "IMG", "cmd");
	make_override(m, "X", "${ARCH}!");
	CHECK(make_read_text(m, "o.mk", text, strlen(text), &err) == 0);
	CHECK(make_get(m, &arena, "ARCH", &v, &err) == 0 && strcmp(v, "i386") == 0);
	CHECK(make_get(m, &arena, "IMG", &v, &err) == 0 && strcmp(v, "cmd") == 0);
	CHECK(make_get(m, &arena, "SETS", &v, &err) == 0 && strcmp(v, "i386! more") == 0);
	CHECK(make_get(m, &arena, "NONE", &v, &err) == 0 && v == NULL);
	CHECK_STR(make_where(m, "IMG"), "the command line");
	CHECK_STR(make_where(m, "SETS"), "o.mk:3");
	CHECK(make_where(m, "NONE") == NULL);
	arena_release(&arena);
	make_free(m);
}

/* What .info and .warning say is kept; .break, which Debian's bmake lacks; where relative names begin. */
static void
test_rest(void)
{
	static const char text[] =
	    ".for i in a b c\n.info ${i}\n.if ${i:Mb}\n.break\n.endif\n.endfor\n"
	    ".warning x ${.CURDIR}\n.if make(build) && exists(null)\nR=${.PARSEFILE} ${HOME}\n.endif\n";
	struct make *m = make_new();
	struct err err = { 0 };
	struct arena arena;
	const char *v;

	arena_init(&arena);
	make_chdir(m, "/dev");
	make_preset(m, ".TARGETS", "build");
	make_preset(m, "HOME", "h");
	CHECK(make_read_text(m, "d/o.mk", text, strlen(text), &err) == 0);
	CHECK(make_nmessages(m) == 3);
	CHECK_STR(make_message(m, 1), "d/o.mk:2: b");
	CHECK_STR(make_message(m, 2), "d/o.mk:7: warning: x /dev");
	CHECK(make_get(m, &arena, "R", &v, &err) == 0 && v != NULL && strcmp(v, " h") == 0);
	arena_release(&arena);
	make_free(m);
}

TEST_MAIN({ "snippets", test_snippets }, { "the same by bmake", test_bmake }, { "messages", test_messages },
    { "bounds", test_bounds }, { "precedence", test_precedence }, { "the rest", test_rest })
