#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# House style that a machine can see: licence line and purpose at the top of
# each file, no drawer names, no VLA-like or forbidden calls below cmd/, sizes
# of files and functions.  TAP.

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from tap import Tap  # noqa: E402

CODE = (".c", ".h", ".S", ".ld", ".py", ".sh")
FILE_MAX, FUNCTION_MAX = 500, 60
DRAWERS = re.compile(r"(^|[/_.-])(utils?|commons?|misc|helpers?|stuff)([/_.-]|$)")
# smolBSD's users have this folder (compat.md); the product must too.
DRAWERS_ALLOWED = re.compile(r"(^|/)service/common/")


def files():
    """What git tracks or would track; without git, what lies there."""
    p = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                       text=True)
    names = p.stdout.splitlines()
    if not names:
        for base, dirs, found in os.walk(ROOT):
            dirs[:] = [d for d in dirs if not d.startswith(("build", ".git"))]
            names += [os.path.relpath(os.path.join(base, f), ROOT) for f in found]
    return sorted(n for n in set(names) if os.path.isfile(os.path.join(ROOT, n)))


def read(name):
    with open(os.path.join(ROOT, name), errors="replace") as f:
        return f.read()


def is_script(name, text):
    return name.endswith(CODE) or text.startswith("#!")


def header(text):
    lines = text.splitlines()
    top = lines[1:3] if lines and lines[0].startswith("#!") else lines[:2]
    return any("SPDX-License-Identifier: BSD-2-Clause" in line for line in top)


def purpose(text):
    """The comment under the licence line says something."""
    lines = [line for line in text.splitlines()[:14] if not line.startswith("#!") and "SPDX" not in line]
    return re.match(r'\s*(/\*|\*|#|""")', lines[0]) is not None and len(" ".join(lines[:4])) > 30 if lines else False


def functions(text):
    """(line, name, length) of the functions of a KNF file: '{' and '}' in column one."""
    lines = text.splitlines()
    start = None
    for n, line in enumerate(lines):
        if line == "{" and n > 0:
            start = n
        elif line == "}" and start is not None:
            m = re.match(r"(\w+)\(", next((lines[i] for i in range(start - 1, max(start - 8, -1), -1) if re.match(r"\w+\(", lines[i])), ""))
            yield start, m.group(1) if m else "?", n - start - 1
            start = None


def main():
    tap = Tap()
    names = files()
    texts = {n: read(n) for n in names if n.endswith(CODE) or n in ("Makefile", ".ci/run") or n.startswith(("bench/", "tools/"))}
    code = {n: t for n, t in texts.items() if is_script(n, t)}
    c_files = {n: t for n, t in code.items() if n.endswith((".c", ".h"))}
    ours = {n: t for n, t in c_files.items() if n.startswith(("src/", "guest/"))}

    bad = [n for n in names if DRAWERS.search(n) and not DRAWERS_ALLOWED.search(n)]
    tap.ok(not bad, "no file or folder is a drawer (util, common, misc, helper)", *bad)
    bad = [n for n, t in code.items() if not header(t)]
    tap.ok(not bad, "every file has its SPDX line at the top (%d files)" % len(code), *bad)
    bad = [n for n, t in code.items() if not purpose(t)]
    tap.ok(not bad, "every file says what it is for", *bad)
    bad = ["%s: %d lines" % (n, t.count("\n")) for n, t in ours.items() if t.count("\n") > FILE_MAX]
    tap.ok(not bad, "no source file is over %d lines" % FILE_MAX, *bad)
    bad = ["%s:%d: %s(): %d lines" % (n, line, f, size) for n, t in ours.items() if n.endswith(".c")
           for line, f, size in functions(t) if size > FUNCTION_MAX]
    tap.ok(not bad, "no function is over %d lines" % FUNCTION_MAX, *bad)
    bad = ["%s:%d: %s" % (n, i, line.strip()) for n, t in ours.items() if n.startswith("src/") and not n.startswith(("src/cmd/", "src/main.c", "src/web/", "src/vmm/"))
           for i, line in enumerate(t.splitlines(), 1) if re.search(r"\b(exit|printf|perror|puts)\(", line) and not re.match(r"\s*(/?\*|//)", line)
           and not (n == "src/base/arena.c" and "exit(" in line)]
    tap.ok(not bad, "nothing below cmd/ exits or prints", *bad)
    bad = ["%s:%d" % (n, i) for n, t in c_files.items() for i, line in enumerate(t.splitlines(), 1)
           if re.match(r"\s*typedef\s+(struct|union)\b", line)]
    tap.ok(not bad, "no struct hides behind a typedef", *bad)
    bad = ["%s:%d" % (n, i) for n, t in code.items() for i, line in enumerate(t.splitlines(), 1) if line != line.rstrip()]
    tap.ok(not bad, "no line ends in a blank", *bad)
    bad = ["%s: %s" % (n, m.group(0)) for n, t in texts.items() for m in [re.search(r"/work/\w+|\.\./shared", t)]
           if m and n != "tests/style/text.py"]
    tap.ok(not bad, "nothing refers to a folder outside the repository", *bad)
    tap.done()


if __name__ == "__main__":
    main()
