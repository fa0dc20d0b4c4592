#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# A pkg_summary like pkgsrc's: 20,000 packages, some 30 MB, with the shapes of
# its dependencies (bounds, globs, alternatives, nb-revisions, cycles, families
# of which one version goes with one interpreter), the same every time.
#
#   summary.py [COUNT] >pkg_summary

import hashlib
import random
import sys

TEXT = ("This package provides a library and the programs that go with it, which people of many trades have come to use over the "
        "years for what they have to do.")


class Package:
    def __init__(self, name, version, depends=(), conflicts=(), supersedes=(), requires=(), provides=()):
        self.name, self.version = name, version
        self.lists = {"DEPENDS": list(depends), "CONFLICTS": list(conflicts), "SUPERSEDES": list(supersedes),
                      "REQUIRES": list(requires), "PROVIDES": list(provides)}

    @property
    def full(self):
        return "%s-%s" % (self.name, self.version)

    def text(self, size=1000, digest="0" * 128):
        lines = ["PKGNAME=" + self.full, "COMMENT=Package %s of a synthetic repository" % self.name,
                 "SIZE_PKG=%d" % (size * 3), "BUILD_DATE=2026-09-01 12:00:00 +0000", "CATEGORIES=misc devel",
                 "HOMEPAGE=https://example.org/%s/" % self.name, "LICENSE=modified-bsd", "MACHINE_ARCH=x86_64", "OPSYS=NetBSD",
                 "OS_VERSION=11.0", "PKGPATH=misc/" + self.name, "PKGTOOLS_VERSION=20091115", "FILE_SIZE=%d" % size,
                 "FILE_CKSUM=sha512 " + digest]
        for key, values in self.lists.items():
            lines += ["%s=%s" % (key, v) for v in values]
        lines += ["DESCRIPTION=" + TEXT] * 4
        return "\n".join(lines) + "\n\n"


def repository(count=20000, seed=5):
    """Packages in an order in which each needs only earlier ones, but for some cycles."""
    rng = random.Random(seed)
    packages = []
    names = []
    for i in range(count // 10 * 9):
        name = "%s-%s%d" % (rng.choice(("lib", "p5", "py312", "ruby33", "R", "g", "x", "tool")), rng.choice("abcdefghij"), i)
        # Much is needed by many: low numbers.
        needs = sorted({min(int(rng.expovariate(1) * len(names) / 12), len(names) - 1) for _ in range(rng.randrange(9))}) if names else []
        depends = [pattern(rng, names[n], packages[n].version) for n in needs]
        if i > 50 and rng.random() < 0.02:
            depends.append("{%s,%s}-[0-9]*" % (names[i // 2], names[i // 3]))
        version = "%d.%d%s" % (rng.randrange(1, 9), rng.randrange(20), rng.choice(("", "", "nb%d" % rng.randrange(1, 20), "rc1", "a")))
        packages.append(Package(name, version, depends, ["%s<1" % name] if rng.random() < 0.1 else [],
                                requires=["/usr/lib/libc.so.12"] + ["/usr/pkg/lib/%s.so.1" % names[n] for n in needs],
                                provides=["/usr/pkg/lib/%s.so.1" % name]))
        names.append(name)
    # Older versions beside the new ones.
    for i in rng.sample(range(len(packages)), count - len(packages)):
        p = packages[i]
        packages.append(Package(p.name, "0.%d" % rng.randrange(100), p.lists["DEPENDS"], requires=p.lists["REQUIRES"], provides=p.lists["PROVIDES"]))
    # Cycles.
    for i in range(100, count // 10 * 9 - 1, 997):
        packages[i].lists["DEPENDS"].append("%s-[0-9]*" % names[i + 1])
        packages[i + 1].lists["DEPENDS"].append("%s>=0" % names[i])
    return packages


def pattern(rng, name, version):
    major = int(version.split(".")[0])
    return rng.choice(("%s>=%d.0rc1" % (name, major), "%s-[0-9]*" % name, "%s>=0<%d" % (name, major + 1), "%s>=0.1nb1" % name))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    for p in repository(count):
        sys.stdout.write(p.text(digest=hashlib.sha512(p.full.encode()).hexdigest()))


if __name__ == "__main__":
    main()
