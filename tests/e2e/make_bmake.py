#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# Make files evaluated by us and by bmake: both must give R the same value, or
# both must refuse.  A few hundred files come from a generator with a fixed
# seed, the tricky ones are written by hand; where we differ on purpose, the
# list DIFFERENT says why, and holds us to it.  TAP.
#
#   make_bmake.py MAKE_PRINT [SEED [COUNT]]

import concurrent.futures
import os
import random
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, HERE)
from make_cases import DIFFERENT, NEWER, SAME  # noqa: E402
from tap import Tap, run  # noqa: E402

OLD = "20200710"  # of Debian and Ubuntu since 2020
ENV = {"PATH": os.environ["PATH"], "HOME": "/home/u", "USER": "u"}


class Generator:
    """One make file from a random number generator; all of it ends up in R."""

    NAMES = ["A", "B", "C.d", "X_1", "SETS"]
    WORDS = ["base", "etc", "a.c", "b.tar.gz", "/usr/bin/x", "dir/a", "x=y", "foo:bar", "10", "2", "2.0", "ab-ab", "y", "no",
             ".profile", "\\#h", "a,b", "*.c", "(p)", "Mixed"]
    PATTERNS = ["*", "a*", "*.c", "[ab]*", "[^a-c]*", "?", "??", "*e*", "b\\*", "1*", "*[0-9]", "*/*", "x", "*\\:*"]
    BARE = [":R", ":E", ":H", ":T", ":tl", ":tu", ":O", ":Or", ":u", ":O:u", ":Q", ":tW", ":tw", ":L", ":[1]", ":[-1]", ":[2..3]",
            ":[-1..1]", ":[#]", ":[*]", ":[@]", ":range", ":ts,", ":ts", ":[4]", ":[3..2]", ":q"]

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.lines = []
        self.loops = []
        self.depth = 0
        self.defined = set()

    def pick(self, *choices):
        return self.r.choice(choices)

    def name(self):
        return self.r.choice(self.NAMES)

    def words(self):
        return self.pick(" ", "  ", " ").join(self.r.choice(self.WORDS) for _ in range(self.r.randrange(0, 5)))

    def reference(self):
        names = list(self.loops) + self.NAMES[:3]
        return self.r.choice(names)

    def text(self, nested, stop=":"):
        """Something to stand inside a modifier."""
        t = self.pick("x", "y", "", "o", "new", "a.b", "-")
        if nested and self.r.random() < 0.3:
            t += self.expression(nested - 1)
        return t

    def modifier(self, nested):
        k = self.r.randrange(12)
        if k < 4:
            return self.r.choice(self.BARE)
        if k < 6:
            return ":" + self.pick("M", "N") + self.r.choice(self.PATTERNS)
        if k == 6:
            d = self.pick("/", ",", "|")
            old = self.pick("", "^") + self.pick("a", "o", ".", "b", "", "etc", "x") + self.pick("", "$")
            return ":S" + d + old + d + self.pick("x", "", "<&>", "\\&", "ab") + d + self.pick("", "g", "1", "W", "1g", "gW")
        if k == 7:
            d = self.pick("/", ",", "|")
            old = self.pick("a", "[a-z]+", "^.", "(.)\\.(.)", "o*", "x$$", "[0-9]", "(b)")
            old = old.replace("|", "")
            return ":C" + d + old.replace("$$", "\\$") + d + self.pick("", "X", "<&>", "\\0!", "\\\\") + d + self.pick("", "g", "1", "W")
        if k == 8:
            return ":" + self.pick("U", "D") + self.text(nested)
        if k == 9:
            return ":@v@" + self.pick("<${v}>", "${v:R}", "$v$v", "${v:M*e*}", "x", "${v:S/e/E/}") + "@"
        if k == 10 and nested:
            return ":" + self.pick("${:UR}", "${:UM*}", "${:UO:u}", "${NOTHING}")
        return self.pick(":tl", ":tu", ":R", ":M*")

    def expression(self, nested=2):
        mods = "".join(self.modifier(nested) for _ in range(self.pick(0, 0, 1, 1, 2, 3)))
        k = self.r.randrange(8)
        name = self.reference()
        if k == 0:
            name, mods = "", ":U" + self.pick("foo bar", "a.c b.h", "", "x") + mods
        elif k == 1 and nested:
            name = "${" + self.pick(":UA", ":UB", ":UNONE") + "}"
        elif k == 2:
            return "${" + self.condition_text(nested) + ":?" + self.pick("yes", "", "y.c") + ":" + self.pick("no", "n o") + "}"
        elif k == 3 and self.r.random() < 0.5:
            return "${" + name + self.pick(":.c=.o", ":=.x", ":%=<%>", ":a%=%z", ":x=y", ":.tar.%=%") + "}"
        return "${" + name + mods + "}"

    def condition_text(self, nested):
        """A condition that may stand as the name of an expression."""
        return self.pick("1", "0", "1 == 1", "2 < 1", "defined(A)", "defined(NONE)", "!defined(NONE)", "a == a", "a == b", "a != b",
                         "1 && 0", "1 || 0", '"x" == "x"')

    def operand(self):
        return self.pick('"' + self.pick("a", "", "y", "10", "base etc") + '"', "10", "2", "0x10", "1.5", "0",
                         self.defined_expression(), '"' + self.defined_expression() + '"')

    def defined_expression(self):
        return "${" + self.r.choice(sorted(self.defined) or [":U"]) + self.pick("", ":M*", ":[#]", ":[1]", ":R", ":tl") + "}"

    def condition(self, depth=0):
        k = self.r.randrange(11 if depth < 3 else 7)
        if k == 0:
            return "defined(%s)" % self.pick(self.name(), "NONE", " A ")
        if k == 1:
            return "empty(%s%s)" % (self.pick(self.name(), "NONE"), self.pick("", ":Me*", ":Nbase", ":U", ":Uz"))
        if k == 2:
            return self.pick(self.name(), "NONE", "1", "0", '"x"', '""', "make(x)", "target(all)", "commands(a)", "exists(/)",
                             "exists(/nowhere)", "exists(${:U/})")
        if k in (3, 4):
            rhs = self.pick(self.operand(), "y", "base")
            return self.operand() + self.pick(" ", "") + self.pick("==", "!=") + self.pick(" ", "") + rhs
        if k == 5:
            return self.pick("${A:U3:[#]}", "${:U7}", "5") + self.pick(" < ", " <= ", " > ", " >= ") + self.pick("2", "${:U7}", "0x3")
        if k == 6:
            return "${%s:U}" % self.name()
        if k == 7:
            return "!" + self.pick("", " ") + self.condition(depth + 1)
        if k == 8:
            return "(" + self.condition(depth + 1) + ")"
        left = self.condition(depth + 1)
        # To bmake, a value goes on up to a blank.
        return left + self.pick(" && ", " || ", *["&&", "||"] if left[-1] in ')"' else []) + self.condition(depth + 1)

    def indent(self):
        return "." + " " * self.pick(0, 0, 1, 4)

    def out(self, line):
        i = line.rfind(" ")
        # Not between the dot and its word: bmake does not know such a line for a loop's end.
        if self.r.random() < 0.05 and i > 0 and line[:i].strip(". "):
            line = line[:i] + " \\\n\t" + line[i + 1:]
        if self.r.random() < 0.08:
            line += self.pick(" # comment", "\t# ${A", " #x \\\n still ${")
        self.lines.append(line)

    def statement(self):
        k = self.r.randrange(12)
        if self.depth > 4 and k >= 7:
            k = 0
        if k < 2:
            n = self.name()
            op = self.pick("=", "=", "?=", "+=", ":=", " =", " += ", "?=\t")
            self.out(n + op + self.pick(self.words(), self.words(), self.words() + " " + self.expression(1)
                                        if "=" in (op.strip()) and op.strip() == ":=" else self.words()))
            self.defined.add(n)
        elif k < 6:
            self.out("R+= " + self.expression())
        elif k == 6:
            n = self.name()
            if self.r.random() < 0.3:
                self.out(self.indent() + "undef " + n)
                self.defined.discard(n)
            else:
                self.out(".if defined(%s)" % n)
                self.out("R:=${R} ${%s}" % n)
                self.out(".endif")
        elif k < 10:
            self.block_if()
        else:
            self.block_for()

    def body(self):
        self.depth += 1
        keep = set(self.defined)
        for _ in range(self.r.randrange(0, 3)):
            self.statement()
        self.defined &= keep
        self.depth -= 1

    def block_if(self):
        k = self.pick("if", "if", "if", "ifdef", "ifndef")
        arg = self.condition() if k == "if" else self.pick("A", "NONE", "A && B", "A || NONE", "!A", "(B)")
        self.out(self.indent() + k + " " + arg)
        undefs = set(self.defined)
        self.body()
        for _ in range(self.pick(0, 0, 1, 2)):
            k = self.pick("elif", "elif", "elifdef", "elifndef")
            self.out(self.indent() + k + " " + (self.condition() if k == "elif" else self.pick("A", "NONE", "X_1 || B")))
            self.body()
        if self.r.random() < 0.6:
            self.out(self.indent() + "else")
            self.body()
        self.out(self.indent() + "endif")
        self.defined &= undefs

    def block_for(self):
        names = self.r.sample(["i", "j", "k", "item", "a-b"], self.pick(1, 1, 2, 3))
        words = [w for w in (self.r.choice(self.WORDS) for _ in range(self.r.randrange(0, 3) * len(names))) if w != "\\#h"]
        words = words[: len(words) // len(names) * len(names)]
        self.out(self.indent() + "for " + " ".join(names) + " in " + " ".join(words))
        self.loops += names
        self.out("R+= <${%s}>" % names[0])
        self.body()
        del self.loops[len(self.loops) - len(names):]
        self.out(self.indent() + "endfor")

    def expressions(self):
        """Only R, of a few expressions: what differs here is soon found."""
        self.lines = ["A= base etc a.c a.c x=y", "B= b.tar.gz x Mixed/y", "C.d="]
        self.lines.append("R= " + " | ".join(self.expression() for _ in range(self.pick(1, 2, 3))))
        return "\n".join(self.lines) + "\n"

    def conditions(self):
        self.lines = ["A= base etc a.c", "B= y", "C.d= 10"]
        self.defined = {"A", "B", "C.d"}
        self.lines += [".if " + self.condition(), "R= 1", ".elif " + self.condition(), "R= 2", ".else", "R= 3", ".endif"]
        return "\n".join(self.lines) + "\n"

    def whole(self):
        # As NetBSD's make has it, and we; Debian's bmake needs to be told.
        self.lines = [".MAKE.SAVE_DOLLARS= yes"]
        self.out("A= base etc a.c")
        self.out("B= b.tar.gz x")
        self.out("C.d=")
        self.defined |= {"A", "B", "C.d"}
        for _ in range(self.r.randrange(3, 14)):
            self.statement()
        return "\n".join(self.lines) + "\n"


def bmake(path, given=()):
    """(value, None) or (None, what it said)."""
    p = run(["bmake", "-r", "-f", path, "-V", "${R}", *given], env=ENV, errors="surrogateescape")
    said = p.stderr + "".join(line + "\n" for line in p.stdout.splitlines() if line.startswith("bmake: "))
    if p.returncode != 0 or p.stderr:
        return None, said or "status %d" % p.returncode
    return p.stdout[:-1], None


def all_ours(program, paths, given=()):
    p = run([program, *given, *paths], env=ENV, errors="surrogateescape")
    fields = p.stdout.split("\0")
    if p.returncode != 0 or len(fields) != 2 * len(paths) + 1:
        print("Bail out! %s: status %d, %s" % (program, p.returncode, p.stderr))
        sys.exit(1)
    return [(fields[i + 1], None) if fields[i] == "ok" else (None, fields[i + 1]) for i in range(0, len(fields) - 1, 2)]


def show(result):
    value, error = result
    return repr(value) if error is None else "error: " + error.strip()


def compare(tap, name, cases, program, version, exact, given=()):
    """cases: texts; given: NAME=VALUE.  One point; each difference is shown."""
    paths = []
    for i, text in enumerate(cases):
        paths.append("%s%d.mk" % (name, i))
        with open(paths[-1], "w") as f:
            f.write(text)
    ours = all_ours(program, paths, given)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        theirs = list(pool.map(lambda path: bmake(path, given), paths))
    different = [i for i in range(len(cases)) if ours[i][0] != theirs[i][0]]
    if version == OLD and not exact:
        # It puts a blank for a word of which :R, :E or :H leave nothing.
        different = [i for i in different if None in (ours[i][0], theirs[i][0]) or ours[i][0].split() != theirs[i][0].split()]
    refused = sum(1 for o in ours if o[0] is None)
    for i in different[:20]:
        tap.note("%s: smol %s\n%s: bmake %s\n%s" % (paths[i], show(ours[i]), paths[i], show(theirs[i]), cases[i]))
    tap.ok(not different, "%s: %d files, %d of them refused by both; bmake %s" % (name, len(cases), refused, version),
           "%d differ" % len(different))


def deliberate(tap, cases, program, same_version):
    """cases: (text, our value or None and part of our message, reason)."""
    for i, (text, want, reason) in enumerate(cases):
        path = "different%d.mk" % i
        with open(path, "w") as f:
            f.write(text + "\n")
        value, error = all_ours(program, [path])[0]
        good = value == want[0] if want[0] is not None else error is not None and want[1] in error
        tap.ok(good, "on purpose: " + reason, text, show((value, error)))
        if same_version and bmake(path)[0] == value:
            tap.ok(False, "bmake agrees, so it belongs to the rest: " + reason, text)


def main():
    program = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20261124
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    tap = Tap()
    if shutil.which("bmake") is None:
        tap.skip("compared with bmake", "there is no bmake here")
        tap.done()
    version = run(["bmake", "-r", "-f", "/dev/null", "-V", "${MAKE_VERSION}"], env=ENV).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="smol-make-") as work:
        os.chdir(work)
        with open("inc.mk", "w") as f:
            f.write("I=${.PARSEFILE}\nJ:=${.PARSEFILE}\nR+=inc\n")
        compare(tap, "written", [t + "\n" for t in SAME], program, version, True)
        for kind in Generator.expressions, Generator.conditions, Generator.whole:
            compare(tap, kind.__name__, [kind(Generator(seed + i)) for i in range(count)], program, version, False)
        given = ["B=given x.c ${A:R}", "SETS=", "i=1"]
        compare(tap, "given", [Generator(seed - 1 - i).whole() for i in range(count)], program, version, False, given)
        deliberate(tap, DIFFERENT, program, version == OLD)
        deliberate(tap, NEWER, program, version == OLD)
        os.chdir("/")
    tap.done()


if __name__ == "__main__":
    main()
