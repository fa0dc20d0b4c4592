#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# Packages from a site to the guest's pkgdb: smol build with ADDPKGS, smol pkg
# search, info and resolve, against a server on loopback and packages made
# here.  TAP.
#
#   packages.py SMOL

import bz2
import gzip
import hashlib
import json
import lzma
import os
import shutil
import stat
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
from badserver import BadServer, File  # noqa: E402
from synth.tiny import make_package  # noqa: E402
from synth.summary import Package, repository  # noqa: E402
from tap import Tap, run  # noqa: E402

tap = Tap()
smol = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="smol-packages.")
env = {k: v for k, v in os.environ.items() if not k.startswith(("SMOL_", "SOURCE_DATE", "XDG_")) and "proxy" not in k.lower() and
       k not in ("ARCH", "DIST", "KDIST", "PKGSITE", "NONET", "NO_COLOR")}
env.update(SMOL_CACHE=os.path.join(work, "cache"), SMOL_HOME=os.path.join(work, "no-store"), ARCH="amd64")
INSTALL = ("+INSTALL", "#!/bin/sh\necho \"$@\"\n")


class Site:
    """Packages on a server, made of Package and files."""

    def __init__(self, server):
        self.server, self.packages = server, {}
        self.dir = tempfile.mkdtemp(dir=work)

    def add(self, package, files, wrap=lambda data: data, **how):
        path = "%s/%s.tgz" % (self.dir, package.full)
        lines = "".join("@%s %s\n" % (c, v) for key, c in (("DEPENDS", "pkgdep"), ("CONFLICTS", "pkgcfl")) for v in package.lists[key])
        make_package(path, files, name=package.full, lines=lines + how.pop("lines", ""), **how)
        with open(path, "rb") as f:
            data = wrap(f.read())
        self.packages[package.full] = (package, data)

    def publish(self, pack=gzip.compress, name="pkg_summary.gz", but=()):
        files = {"/All/%s.tgz" % full: File(data) for full, (_, data) in self.packages.items()}
        text = "".join(p.text(len(data), hashlib.sha512(data).hexdigest()) for p, data in self.packages.values() if p.name not in but)
        files["/All/" + name] = File(pack(text.encode()))
        self.server.files = files
        self.server.requests.clear()

    @property
    def url(self):
        return "PKGSITE=%s/All" % self.server.url


def workspace(words):
    ws = tempfile.mkdtemp(dir=work)
    put(ws + "/service/x/options.mk", "ADDPKGS=%s\nSETS=\nIMGSIZE=auto\n" % words)
    return ws


def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def call(ws, *args):
    return run([smol, *args], cwd=ws, env=env, timeout=60)


def one_line(p, *parts):
    return p.returncode in (1, 2) and p.stderr.count("\n") == 1 and all(x in p.stderr for x in parts)


def unpacked(ws):
    """The image's files, as they are there, below a directory; unpacked by smol."""
    out = tempfile.mkdtemp(dir=work) + "/root"
    p = call(ws, "image", "cp", "-r", "images/x-amd64.img:/", out)
    tap.ok(p.returncode == 0, "the image can be read", p.stderr)
    return out


def read(*path):
    try:
        with open(os.path.join(*path)) as f:
            return f.read()
    except FileNotFoundError:
        return None


def families(server):
    """app and tool need lib, which needs base; app has things that are for NetBSD."""
    site = Site(server)
    site.add(Package("base", "3.0"), {"lib/libbase.so.1": (b"base", 0o644)})
    site.add(Package("lib", "1.5nb2", ["base>=2<4"]), {"lib/lib.so": (b"lib", 0o644), "bin/lib-setuid": (b"s", 0o755)},
             lines="@pkgdir share/lib/plugins\nlib/lib.so\n@comment MD5:%s\n@mode 4755\n@owner games\n@group operator\nbin/lib-setuid\n"
             "@mode\n@owner\n@group\n\n" % hashlib.md5(b"lib").hexdigest())
    site.add(Package("lib", "1.4", ["base>=2<4"]), {"lib/lib.so": (b"old", 0o644)})
    site.add(Package("tool", "2.0", ["lib-[0-9]*"]), {"bin/tool": (b"tool", 0o755)})
    site.add(Package("app", "1.0", ["lib>=1.5", "{tool,nothing}-[0-9]*"]), {"bin/app": (b"app", 0o755)}, meta=[INSTALL],
             lines="@exec echo %f in %B below %D\n@owner strange\n")
    return site


# --- from a site into an image ---

def test_build(server):
    site = families(server)
    site.publish()
    ws = workspace("app")
    p = call(ws, "build", site.url, "x")
    tap.ok(p.returncode == 0 and "smol: INSTALL scripts run at the first boot, by /etc/rc.d/smol_firstboot: app-1.0\n" in p.stderr, "build",
           p.stderr)
    tap.same(sorted(n for n in os.listdir(ws + "/pkgs/amd64") if n[0] != "."),
             ["app-1.0.tgz", "base-3.0.tgz", "lib-1.5nb2.tgz", "tool-2.0.tgz"], "all that is needed, and nothing else, is fetched")
    root = unpacked(ws)
    db = root + "/usr/pkg/pkgdb"
    tap.same(sorted(os.listdir(db)), ["app-1.0", "base-3.0", "lib-1.5nb2", "pkgdb.byfile.db", "tool-2.0"], "all are registered")
    tap.same([read(db, n, "+INSTALLED_INFO") for n in ("app-1.0", "base-3.0", "tool-2.0")], [None, "automatic=yes\n", "automatic=yes\n"],
             "what came as a dependency is marked so")
    tap.same([sorted((read(db, n, "+REQUIRED_BY") or "").split()) for n in ("app-1.0", "base-3.0", "lib-1.5nb2", "tool-2.0")],
             [[], ["lib-1.5nb2"], ["app-1.0", "tool-2.0"], ["app-1.0"]], "who needs whom")
    tap.ok(read(db, "lib-1.5nb2", "+CONTENTS").startswith("@name lib-1.5nb2\n@cwd /usr/pkg\n@pkgdep base>=2<4\n") and
           "A package." in read(db, "lib-1.5nb2", "+DESC") and os.stat(db + "/app-1.0/+INSTALL").st_mode & 0o777 == 0o555, "what is about them is there")
    tap.same((read(root, "etc/pkg_install.conf"), read(root, "usr/pkg/etc/pkg_install.conf")), ("PKG_DBDIR=/usr/pkg/pkgdb\n",) * 2,
             "the tools are told where")
    p = call(ws, "image", "ls", "-l", "images/x-amd64.img:/usr/pkg/bin")
    tap.ok("-rwsr-xr-x" in p.stdout and ("games" in p.stdout or " 7 " in p.stdout), "@mode, @owner and @group", p.stdout)
    tap.ok(stat.S_ISDIR(os.stat(root + "/usr/pkg/share/lib/plugins").st_mode), "@pkgdir")
    script = read(root, "var/db/smol/firstboot/0001-app-1.0.sh") or ""
    tap.ok("PKG_METADATA_DIR=/usr/pkg/pkgdb/app-1.0\n" in script and "./+INSTALL 'app-1.0' POST-INSTALL" in script and
           "echo  in /usr/pkg/ below /usr/pkg" in script and "chown -h strange /usr/pkg/bin/app\n" in script, "what is left for NetBSD", script)
    for name in ("var/db/smol/firstboot/0001-app-1.0.sh", "etc/rc.d/smol_firstboot"):
        tap.ok(run(["sh", "-n", os.path.join(root, name)]).returncode == 0, "sh reads %s" % name)
    with open(ws + "/images/x-amd64.img.manifest.json") as f:
        m = json.load(f)
    tap.same([(i["name"], i["automatic"], len(i["sha256"])) for i in m["inputs"] if i["kind"] == "package"],
             [("base-3.0", True, 64), ("lib-1.5nb2", True, 64), ("tool-2.0", True, 64), ("app-1.0", False, 64)], "the manifest lists them")
    tap.same((m["first_boot"], m["steps"][0]), ("app-1.0", "packages app"), "... and the first boot")
    return site, ws, m["image"]["sha256"]


def test_first_boot():
    """The runner, on this host, with paths of a directory of ours."""
    root = tempfile.mkdtemp(dir=work)
    for name, text in (("0001-a.sh", "echo a >>%s/ran\n" % root), ("0002-b.sh", "echo b >>%s/ran; false\n" % root), ("0003-c.sh", "echo c >>%s/ran\n" % root)):
        put("%s/var/db/smol/firstboot/%s" % (root, name), text)
    ws = workspace("app")
    make_package(ws + "/pkgs/amd64/app.tgz", {}, meta=[INSTALL])
    call(ws, "build", "--offline", "x")
    text = call(ws, "image", "cat", "images/x-amd64.img:/etc/rc.d/smol_firstboot").stdout
    put(root + "/runner", text.replace("/var/db", root + "/var/db"))
    first = run(["sh", root + "/runner", "faststart"])
    run(["sh", root + "/runner", "start"])
    run(["sh", root + "/runner", "stop"])
    tap.same(read(root, "ran"), "a\nb\nc\n", "the runner runs each script once")
    tap.ok("0002-b.sh failed: see " in first.stdout and sorted(os.listdir(root + "/var/db/smol/firstboot")) ==
           ["0002-b.sh.failed", "0002-b.sh.log"], "what failed is told and kept", first.stdout)


def test_again(site, ws, digest):
    server = site.server
    server.requests.clear()
    p = call(ws, "build", site.url, "x")
    tap.ok(p.returncode == 0 and server.requests == [], "a second build asks no server", p.stderr, server.requests)
    for name in os.listdir(ws + "/pkgs/amd64"):
        if name[0] == ".":
            os.unlink(ws + "/pkgs/amd64/" + name)
    os.rename(ws + "/pkgs/amd64/app-1.0.tgz", ws + "/pkgs/amd64/app.tgz")
    p = call(ws, "build", "--offline", "x", "PKGSITE=")
    with open(ws + "/images/x-amd64.img.manifest.json") as f:
        again = json.load(f)["image"]["sha256"]
    tap.ok(p.returncode == 0 and again == digest, "by the files alone, whatever their names: the same bytes", p.stderr)
    os.unlink(ws + "/pkgs/amd64/base-3.0.tgz")
    p = call(ws, "build", "--offline", "x", "PKGSITE=")
    tap.ok(one_line(p, "in 'pkgs/amd64', and PKGSITE is empty: no package matches 'base>=2<4' (wanted by lib-1.5nb2, for app-1.0"),
           "what is missing then, and for whom", p.stderr)
    p = call(ws, "build", "--offline", site.url, "x")
    tap.ok(one_line(p, "nothing is fetched (--offline): no package matches 'base>=2<4'"), "... offline", p.stderr)
    p = call(ws, "build", site.url, "x")
    tap.ok(p.returncode == 0 and {path for path, _ in server.requests} == {"/All/pkg_summary.gz", "/All/base-3.0.tgz"},
           "only that is fetched", p.stderr, server.requests)


def test_from_image(server):
    """An image that has packages: they are kept, what comes is registered beside them."""
    site = families(server)
    site.publish()
    ws = workspace("lib<1.5")
    p = call(ws, "build", "-q", site.url, "x")
    put(ws + "/service/y/options.mk", "ADDPKGS=tool\nFROMIMG=images/x-amd64.img\nIMGSIZE=auto\nSETS=\n")
    for name in os.listdir(ws + "/pkgs/amd64"):
        os.unlink(ws + "/pkgs/amd64/" + name)
    p = call(ws, "build", site.url, "y")
    tap.ok("smol: lib-1.4 of the image is kept, where lib-1.5nb2 would do too\n" in p.stderr, "... which is told", p.stderr)
    os.replace(ws + "/images/y-amd64.img", ws + "/images/x-amd64.img")
    root = unpacked(ws)
    db = root + "/usr/pkg/pkgdb"
    tap.same((p.returncode, sorted(os.listdir(db)), read(root, "usr/pkg/lib/lib.so"), (read(db, "lib-1.4", "+REQUIRED_BY") or "").split()),
             (0, ["base-3.0", "lib-1.4", "pkgdb.byfile.db", "tool-2.0"], "old", ["tool-2.0"]), "what an image has is kept")
    p = call(ws, "build", "-q", site.url, "y", "ADDPKGS=lib-1.5nb2")
    tap.ok(one_line(p, "lib-1.4 is installed already in what is started from; lib-1.5nb2 cannot replace it"), "... and not replaced", p.stderr)


def test_summaries(server):
    site = families(server)
    packs = [("pkg_summary.gz", gzip.compress), ("pkg_summary.xz", lzma.compress), ("pkg_summary.bz2", bz2.compress), ("pkg_summary", bytes)]
    if shutil.which("zstd"):
        packs.append(("pkg_summary.zst", lambda data: run(["zstd", "-qc"], input=data, stdin=None, text=False).stdout))
    else:
        tap.skip("pkg_summary.zst", "no zstd here to make one")
    for name, pack in packs:
        site.publish(pack, name)
        p = call(workspace("tool"), "pkg", "resolve", site.url, "tool")
        tap.ok(p.returncode == 0 and p.stdout.startswith("base-3.0    for lib-1.5nb2 (base>=2<4)\nlib-1.5nb2  for tool-2.0 (lib-[0-9]*)\ntool-2.0\n"),
               name, p.stdout, p.stderr)


# --- what must be refused ---

def refused(site, name, says, words="bad"):
    site.publish()
    ws = workspace(words)
    p = call(ws, "build", "-q", site.url, "x")
    tap.ok(one_line(p, says) and not os.path.exists(ws + "/images/x-amd64.img"), "refused: " + name, p.stderr)
    p = call(ws, "build", "-q", site.url, "x")
    tap.ok(one_line(p, says), "... again, now that it is in the cache", p.stderr)


def test_refused(server):
    def site_of(files, **how):
        site = Site(server)
        site.add(Package("bad", "1.0"), files, **how)
        return site

    one = {"bin/x": (b"x", 0o755)}
    refused(site_of(one, lines="bin/x\n@comment MD5:%s\n\n" % ("0" * 32)), "another MD5", "+CONTENTS:4: bin/x is not what its packing list says")
    refused(site_of(one, lines="bin/y\n\n"), "a listed file that is not there", "+CONTENTS:3: its packing list has bin/y, and it does not")
    refused(site_of(one, lines="../../etc/passwd\n\n"), "a listed file outside", "..")
    refused(site_of(one, localbase="/usr/pkg/../.."), "a prefix outside", "bad prefix '/usr/pkg/../..'")
    refused(site_of(one, localbase="/usr/'pkg"), "a prefix that sh would take apart", "bad prefix")
    site = site_of(one)
    site.add(Package("worse", "1.0"), one)
    refused(site, "two packages with one file", "bad-1.0 and worse-1.0 both have the file /usr/pkg/bin/x", "bad worse")
    site = site_of(one)
    site.publish()
    server.files["/All/bad-1.0.tgz"].data = b"x" * len(server.files["/All/bad-1.0.tgz"].data)
    p = call(workspace("bad"), "build", "-q", site.url, "x")
    tap.ok(one_line(p, "its SHA512 is not what", "pkg_summary.gz says"), "refused: another SHA512 than pkg_summary's", p.stderr)


# --- signed packages ---

def signed(data, name="ok-1.0", block=4096, damage=0):
    """As pkg_admin gpg-sign-package makes them."""
    text = "pkgsrc signature\n\nversion: 1\npkgname: %s\nalgorithm: SHA512\nblock size: %d\nfile size: %d\n\n" % (name, block, len(data))
    text += "".join(hashlib.sha512(data[i:i + block]).hexdigest() + "\n" for i in range(0, len(data), block)) + "end pkgsrc signature\n"
    if damage:
        data = data[:damage] + bytes([data[damage] ^ 1]) + data[damage + 1:]
    names = "+PKG_GPG_SIGNATURE/\n"
    out = b"!<arch>\n"
    for member, content in (("//", names.encode()), ("+PKG_HASH/", text.encode()), ("/0", b"signature"), (name + ".tgz/", data)):
        out += ("%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (member, 0, 0, 0, 0o100644, len(content))).encode() + content + b"\n" * (len(content) % 2)
    return out


def test_signed(server):
    files = {"share/random": (os.urandom(20000), 0o644)}
    site = Site(server)
    site.add(Package("ok", "1.0"), files, wrap=signed)
    site.publish()
    ws = workspace("ok")
    p = call(ws, "build", site.url, "x")
    tap.ok(p.returncode == 0 and os.path.getsize(unpacked(ws) + "/usr/pkg/share/random") == 20000, "a signed package", p.stderr)
    os.rename(ws + "/pkgs/amd64/ok-1.0.tgz", ws + "/pkgs/amd64/other.tgz")
    p = call(ws, "pkg", "info", "--offline", "--json", "ok", "PKGSITE=")
    tap.ok(p.returncode == 0 and json.loads(p.stdout)["packages"][0]["name"] == "ok-1.0", "... is known by what is in it", p.stderr)
    site = Site(server)
    site.add(Package("bad", "1.0"), files, wrap=lambda data: signed(data, damage=9000))
    refused(site, "a signed package that was changed", "it is not what its +PKG_HASH says")
    site = Site(server)
    site.add(Package("bad", "1.0"), files, wrap=lambda data: signed(data)[:9000])
    refused(site, "a signed package that is cut off", "bad-1.0.tgz: ")


# --- smol pkg ---

def test_pkg(server):
    site = families(server)
    site.add(Package("libpretty", "9", conflicts=["base-[0-9]*"]), {})
    site.publish()
    ws = workspace("tool")

    def pkg(*args):
        return call(ws, "pkg", *args, site.url)

    p = pkg("search", "lib")
    tap.same(p.stdout, "lib-1.5nb2   Package lib of a synthetic repository\nlibpretty-9  Package libpretty of a synthetic repository\n", "search")
    tap.same([x["name"] for x in json.loads(pkg("search", "--all", "--json", "lib-[0-9]*").stdout)["packages"]], ["lib-1.5nb2", "lib-1.4"],
             "search --all, by pattern")
    tap.same(json.loads(pkg("search", "--json", "PRETTY", "synthetic").stdout)["packages"],
             [{"name": "libpretty-9", "comment": "Package libpretty of a synthetic repository", "categories": "misc devel"}], "search --json, two words")
    p = pkg("search", "pretti")
    tap.ok(one_line(p, "no package matches 'pretti'"), "search: nothing", p.stderr)
    p = pkg("info", "lib<1.5")
    tap.ok("Package           lib-1.4\n" in p.stdout and "Needs             base>=2<4\n" in p.stdout and "Size of the file " in p.stdout, "info", p.stdout)
    j = json.loads(pkg("info", "--json", "app").stdout)["packages"][0]
    tap.ok(j["depends"] == ["lib>=1.5", "{tool,nothing}-[0-9]*"] and j["size"] > 0 and j["license"] == "modified-bsd", "info --json", j)
    p = pkg("info", "tol")
    tap.ok(one_line(p, "no package matches 'tol'; nearest: tool"), "info: what was meant", p.stderr)
    j = json.loads(pkg("resolve", "--json", "app").stdout)
    tap.same([(x["name"], x["wanted_by"], x["automatic"], x["here"]) for x in j["packages"]],
             [("base-3.0", "lib-1.5nb2", True, False), ("lib-1.5nb2", "app-1.0", True, False), ("tool-2.0", "app-1.0", True, False),
              ("app-1.0", None, False, False)], "resolve --json")
    p = pkg("resolve", "x")
    tap.ok("tool-2.0\n3 packages, " in p.stdout, "resolve SERVICE", p.stdout)
    p = pkg("resolve", "app", "libpretty")
    tap.ok(one_line(p, "base-3.0 (wanted by lib-1.5nb2, for app-1.0) and libpretty-9 cannot both be installed: libpretty-9 conflicts with "
                       "'base-[0-9]*'"), "resolve: a conflict", p.stderr)
    p = pkg("resolve", "lib<1.5", "app")
    tap.ok(one_line(p, "lib-1.5nb2 (wanted by app-1.0) and lib-1.4 cannot both be installed: 'lib>=1.5' is wanted, and 'lib<1.5'"),
           "resolve: two versions", p.stderr)
    server.requests.clear()
    p = pkg("resolve", "--offline", "app")
    tap.ok(p.returncode == 0 and server.requests == [], "resolve --offline, by the list that was fetched last", p.stderr)
    p = call(ws, "pkg", "resolve", "--offline", "app", "PKGSITE=http://127.0.0.1:1/elsewhere")
    tap.ok(one_line(p, "no package matches 'app'"), "... but not of another site's", p.stderr)
    for args, says in ((("search",), "which package?"), (("info", "--all", "x"), "--all is for smol pkg search"), (("frob",), "no command 'pkg frob'")):
        p = call(ws, "pkg", *args)
        tap.ok(p.returncode == 2 and says in p.stderr, "usage: pkg %s" % " ".join(args), p.stderr)


def test_index(server):
    """The cached form of 20,000 packages is made once, and anew where it is damaged or old."""
    site = Site(server)
    packages = repository(2000)
    server.files = {"/All/pkg_summary": File("".join(p.text() for p in packages).encode())}
    ws = workspace("x")
    word = packages[1500].full
    first = call(ws, "pkg", "resolve", site.url, word)
    tap.ok(first.returncode == 0 and word in first.stdout, "a larger repository", first.stderr)
    d = env["SMOL_CACHE"] + "/packages"
    name = max(os.listdir(d), key=lambda n: os.stat(os.path.join(d, n)).st_mtime_ns)
    path = os.path.join(d, name)
    good = open(path, "rb").read()

    def again(what):
        p = call(ws, "pkg", "resolve", "--offline", site.url, word)
        now = open(path, "rb").read()
        tap.ok(p.stdout == first.stdout and now == good, what, p.stderr)

    again("... again")
    for what, data in (("cut off", good[:len(good) // 2]), ("empty", b""), ("damaged", good[:5000] + bytes(16) + good[5016:])):
        with open(path, "wb") as f:
            f.write(data)
        again("the index is %s: it is made anew" % what)
    os.chmod(d, 0o500)
    os.unlink(path) if os.getuid() == 0 else None
    p = call(ws, "pkg", "resolve", "--offline", site.url, word)
    os.chmod(d, 0o700)
    tap.ok(p.stdout == first.stdout, "no index can be kept: no matter", p.stderr)
    server.files["/All/pkg_summary"] = File((packages[0].text() + Package("new", "1").text()).encode(), date="Wed, 02 Sep 2026 00:00:00 GMT")
    p = call(ws, "pkg", "resolve", site.url, "new")
    tap.ok(p.returncode == 0, "a newer list replaces it", p.stderr)


def main():
    server = BadServer()
    test_again(*test_build(server))
    test_first_boot()
    test_from_image(server)
    test_summaries(server)
    test_refused(server)
    test_signed(server)
    test_pkg(server)
    test_index(server)
    server.end()
    shutil.rmtree(work, ignore_errors=True)
    tap.done()


if __name__ == "__main__":
    main()
