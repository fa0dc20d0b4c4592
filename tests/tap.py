# SPDX-License-Identifier: BSD-2-Clause
#
# The Test Anything Protocol for our Python tests: one line a point, a plan at
# the end, exit status 1 if a point failed.

import subprocess
import sys


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, good, name, *details):
        """One point; details are printed only if it failed."""
        self.count += 1
        if not good:
            self.failed += 1
        print("%sok %d - %s" % ("" if good else "not ", self.count, name.replace("#", "")))
        if not good:
            for d in details:
                for line in str(d).splitlines()[:40]:
                    print("# " + line)
        sys.stdout.flush()
        return bool(good)

    def same(self, got, expected, name):
        return self.ok(got == expected, name, "got      %r" % (got,), "expected %r" % (expected,))

    def skip(self, name, reason):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, name.replace("#", ""), reason))
        sys.stdout.flush()

    def note(self, text):
        for line in str(text).splitlines():
            print("# " + line)
        sys.stdout.flush()

    def done(self):
        print("1..%d" % self.count)
        sys.exit(1 if self.failed else 0)


def run(command, **kw):
    """A finished process; text output unless told otherwise."""
    kw.setdefault("text", True)
    kw.setdefault("stdout", subprocess.PIPE)
    kw.setdefault("stderr", subprocess.PIPE)
    kw.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(command, **kw)
