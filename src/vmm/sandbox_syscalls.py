#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The table of system calls that smol-vmm's and smol-net's threads may make,
of the "#syscalls" notes in their sources (sandbox.h says how they look).

usage: sandbox_syscalls.py FOLDER OUTPUT DEPFILE
"""
import os, re, sys

ROLES = ("vcpu", "loop", "disk", "p9", "balloon", "net", "start")
NOTE = re.compile(r"#syscalls ([a-z0-9 ]+): ([^*\n]+)")
CALL = re.compile(r"([a-z0-9_]+)(?::([0-5])([=!])([A-Za-z0-9_|]+))?$")
# Each trap out of a guest comes by here.
FIRST = ("ioctl", "KVM_RUN")


def notes(path):
    """(call, test, argument, value) to the roles that have it."""
    with open(path) as f:
        for number, line in enumerate(f, 1):
            if "#syscalls ROLE" in line or "#syscalls" not in line:
                continue
            m = NOTE.search(line)
            roles = m.group(1).split() if m else ["?"]
            if not set(roles) <= set(ROLES + ("all",)):
                sys.exit("%s:%d: not '#syscalls ROLE...: CALL...'" % (path, number))
            for word in m.group(2).split():
                c = CALL.match(word)
                if not c:
                    sys.exit("%s:%d: '%s' is no system call" % (path, number, word))
                yield c.groups(), ROLES if "all" in roles else roles


def write(path, text):
    with open(path + ".tmp", "w") as f:
        f.write(text)
    os.rename(path + ".tmp", path)


def main():
    folder, output, depfile = sys.argv[1:4]
    table, seen = {}, []
    for base, _, names in os.walk(folder):
        # The folders too: a file may come.
        seen.append(base)
        for name in names:
            if name.endswith((".c", ".h")):
                seen.append(os.path.join(base, name))
                for call, roles in notes(seen[-1]):
                    table.setdefault(call, set()).update(roles)
    rows = []
    for (name, arg, test, value), roles in sorted(table.items(), key=lambda i: (i[0][0] not in FIRST, i[0][0], i[0][3] not in FIRST, i[0][3] or "")):
        bits = "ROLE_ALL" if roles == set(ROLES) else " | ".join("SANDBOX_ROLE(%s)" % r.upper() for r in ROLES if r in roles)
        kind = "ANY" if test is None else "SELF" if value == "self" else "EQUAL" if test == "=" else "WITHOUT"
        rows.append("{ SYS_%s, %s, %s, %s, %s }," % (name, bits, kind, arg or 0, "0" if kind in ("ANY", "SELF") else "(uint32_t)(%s)" % value))
    write(output, "/* Made by sandbox_syscalls.py. */\n" + "\n".join(rows) + "\n")
    write(depfile, output + ": " + " ".join(s.replace(" ", "\\ ") for s in seen) + "\n")


if __name__ == "__main__":
    main()
