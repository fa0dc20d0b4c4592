#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# Counts what check.sh ran: every TAP point of every test, and each build.
# Prints the failures, the reasons of skips, and last "N passed, N failed[, N
# skipped]" (into $SMOL_CHECK_LINE if that is set).
#
#   tally.py BUILDDIR STEP...

import collections
import json
import os
import re
import sys


def points(test):
    """(ok, name, skip reason or None) for each point of one meson test."""
    out = test.get("stdout") or ""
    found = []
    for m in re.finditer(r"^(not )?ok\b *\d* *-? *(.*)$", out, re.M):
        name, _, directive = m.group(2).partition("#")
        skip = re.match(r"\s*skip\S*\s*(.*)", directive, re.I)
        found.append((m.group(1) is None, name.strip(), skip.group(1) if skip else None))
    all_skipped = re.search(r"^1\.\.0\s*#\s*skip\S*\s*(.*)$", out, re.I | re.M)
    if all_skipped:
        return [(True, "", all_skipped.group(1))]
    result = test["result"]
    bad = result not in ("OK", "EXPECTEDFAIL", "SKIP")
    if not found and result == "SKIP":
        return [(True, "", out.strip().splitlines()[-1] if out.strip() else "no reason given")]
    if not found or (bad and all(p[0] for p in found)):
        # A crash, a timeout, or a test of one point.
        found.append((not bad, "ran to its end (%s)" % result.lower(), None))
    return found


def main():
    build, steps = sys.argv[1], sys.argv[2:]
    passed, failed, skips = 0, [], collections.Counter()
    skipped = 0
    for step in steps:
        try:
            with open(os.path.join(build, "check", step + ".status")) as f:
                status = f.read()
        except OSError:
            status = "not ok step %s\n" % step
        for line in status.splitlines():
            if line.startswith("ok"):
                passed += 1
            elif line.startswith("not ok"):
                failed.append(line[7:])
            elif line == "tests":
                try:
                    with open(os.path.join(build, step, "meson-logs", "testlog.json")) as f:
                        tests = [json.loads(t) for t in f]
                except OSError:
                    tests = []
                if not tests:
                    failed.append(step + ": no test ran")
                for t in tests:
                    for ok, name, skip in points(t):
                        if skip is not None:
                            skipped += 1
                            skips["%s: %s" % (t["name"], skip)] += 1
                        elif ok:
                            passed += 1
                        else:
                            failed.append("%s: %s: %s" % (step, t["name"], name))
    for reason, n in sorted(skips.items()):
        print("skipped%s: %s" % (" (%d)" % n if n > 1 else "", reason))
    for name in failed:
        print("FAILED: " + name)
    line = "%d passed, %d failed" % (passed, len(failed)) + (", %d skipped" % skipped if skipped else "")
    where = os.environ.get("SMOL_CHECK_LINE")
    if where:
        with open(where, "w") as f:
            f.write(line + "\n")
    else:
        print(line)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
