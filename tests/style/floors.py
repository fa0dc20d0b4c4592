#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# A file includes only what is below its own floor, or its own folder
# (doc/architecture.md).  TAP.

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from tap import Tap  # noqa: E402

FLOORS = [{"base"}, {"host"}, {"http", "service", "tree", "machine"}, {"source", "plan", "minimise", "fs", "registry"},
          {"image", "store", "backend"}, {"instance"}, {"build"}, {"cmd", "web"}, {"main"}]
FLOOR = {name: n for n, names in enumerate(FLOORS) for name in names}
# smol-vmm could be linked by itself.
VMM_SEES = {"base", "host", "vmm"}


def owner(path):
    """The floor's name of a file below src/."""
    return path.split("/")[0] if "/" in path else "main"


def complaints(path, text):
    mine = owner(path)
    if mine != "vmm" and mine not in FLOOR:
        yield "src/%s: the folder '%s' has no floor" % (path, mine)
        return
    for n, line in enumerate(text.splitlines(), 1):
        m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if m is None:
            continue
        other = owner(m.group(1))
        if other == mine:
            continue
        if mine == "vmm":
            if other not in VMM_SEES:
                yield "src/%s:%d: smol-vmm sees base and host alone, not '%s'" % (path, n, other)
        elif other not in FLOOR or "/" not in m.group(1):
            yield "src/%s:%d: '%s' is not a path from src/" % (path, n, m.group(1))
        elif FLOOR[other] >= FLOOR[mine]:
            yield "src/%s:%d: %s is not below %s" % (path, n, other, mine)


def main():
    tap = Tap()
    # The check itself, on what it must find and must let pass.
    tap.ok(list(complaints("base/x.c", '#include "tree/tree.h"\n')), "an include of a higher floor is found")
    tap.ok(list(complaints("tree/x.c", '#include "machine/machine.h"\n')), "an include beside is found")
    tap.ok(not list(complaints("cmd/x.c", '#include "cmd/cmd.h"\n#include "base/io.h"\n')), "a lower floor is let pass")
    src = os.path.join(ROOT, "src")
    for folder in sorted(d for d in os.listdir(src) if os.path.isdir(os.path.join(src, d))) + [""]:
        wrong, files = [], 0
        top = os.path.join(src, folder)
        for base, _, names in os.walk(top) if folder else [(top, [], os.listdir(top))]:
            for name in sorted(names):
                if not name.endswith((".c", ".h")):
                    continue
                files += 1
                with open(os.path.join(base, name), errors="replace") as f:
                    wrong += complaints(os.path.relpath(os.path.join(base, name), src), f.read())
        if files:
            tap.ok(not wrong, "src/%s includes only what is below it (%d files)" % (folder, files), *wrong)
    tap.done()


if __name__ == "__main__":
    main()
