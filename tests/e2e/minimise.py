#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# MINIMIZE with sailor.conf: what an image keeps, why, and what is missing; and
# the libraries of this host's own programs, of which ldd says the same.
#
# usage: minimise.py SMOL

import json
import os
import re
import shutil
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from synth.elf import elf  # noqa: E402
from synth.tiny import make_package, member  # noqa: E402
from tap import Tap, run  # noqa: E402

tap = Tap()
smol = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="smol-minimise.")
ws = work + "/ws"
env = {k: v for k, v in os.environ.items() if not k.startswith(("SMOL_", "SOURCE_DATE", "XDG_", "ARCH"))}
env.update(SMOL_CACHE=os.path.join(work, "cache"), SMOL_HOME=os.path.join(work, "no-store"), ARCH="amd64", NONET="y")
CONF = "service/shell/sailor.conf"


def put(path, text, mode=0o644):
    path = os.path.join(ws, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def build(*args):
    return run([smol, "build", *args], cwd=ws, env=env)


def sets(arch, machine, leave_out=()):
    """A base of NetBSD's shape: programs, libraries with their links, and what nobody asks for."""
    os.makedirs(ws + "/sets/" + arch, exist_ok=True)
    ext, mode = ("tgz", "w:gz") if arch == "i386" else ("tar.xz", "w:xz")

    def program(t, path, *needed, **kw):
        loader = "/libexec/ld.elf_so" if path.startswith(("bin/", "sbin/")) else "/usr/libexec/ld.elf_so"
        body = elf(["libc.so.12", *needed], "/lib", loader, machine=machine) + bytes(20000)
        member(t, path, body, 0o555, **kw)

    def library(t, path, soname, *needed):
        if soname in leave_out:
            return
        member(t, path, elf(needed, "/lib", soname=soname, machine=machine) + bytes(50000), 0o444)
        if not path.endswith(soname):
            member(t, os.path.join(os.path.dirname(path), soname), target=os.path.basename(path))

    with tarfile.open("%s/sets/%s/base.%s" % (ws, arch, ext), mode, format=tarfile.USTAR_FORMAT) as t:
        for p in ("bin/sh", "bin/cat", "bin/ls", "sbin/mount", "sbin/mount_ffs", "sbin/mount_nfs", "usr/bin/awk", "usr/bin/su"):
            program(t, p, *{"bin/sh": ["libedit.so.3"], "usr/bin/su": ["libpam.so.4"]}.get(p, ()))
        program(t, "sbin/init")
        member(t, "sbin/oldinit", hard="sbin/init")
        member(t, "bin/dd", hard="bin/cat")
        member(t, "libexec/ld.elf_so", elf(machine=machine), 0o555)
        member(t, "usr/libexec/ld.elf_so", target="/libexec/ld.elf_so")
        library(t, "lib/libc.so.12.220", "libc.so.12")
        library(t, "lib/libedit.so.3.1", "libedit.so.3", "libterminfo.so.2", "libc.so.12")
        library(t, "lib/libterminfo.so.2", "libterminfo.so.2", "libc.so.12")
        library(t, "usr/lib/libpam.so.4", "libpam.so.4", "libc.so.12")
        library(t, "usr/lib/libunused.so.1", "libunused.so.1")
        library(t, "usr/lib/security/pam_unix.so.4", "pam_unix.so.4", "libcrypt.so.1")
        library(t, "lib/libcrypt.so.1", "libcrypt.so.1")
        member(t, "usr/share/misc/terminfo.cdb", b"terminals", 0o444)
        member(t, "usr/share/misc/magic", b"magic" * 9000, 0o444)
        member(t, "usr/share/zoneinfo/UTC", b"TZif", 0o444)
        member(t, "usr/share/zoneinfo/Europe/Paris", b"TZif2", 0o444)
        member(t, "usr/bin/which", b"#!/bin/sh\n", 0o555)
        for i in range(40):
            member(t, "usr/share/man/man1/m%d.1" % i, b"man\n" * 3000, 0o444)
    with tarfile.open("%s/sets/%s/etc.%s" % (ws, arch, ext), mode, format=tarfile.USTAR_FORMAT) as t:
        member(t, "etc/rc", b"#!/bin/sh\n")
        member(t, "etc/pam.d/su", b"auth required pam_unix.so nullok\n")
        member(t, "etc/localtime", target="/usr/share/zoneinfo/UTC")
        member(t, "dev/MAKEDEV", b"#!/bin/sh -\n", 0o555)
        member(t, "tmp", mode=0o1777)
        member(t, "var/db/obsolete/base", b"x\n")


def workspace():
    for arch, machine in (("amd64", "amd64"), ("i386", "i386"), ("evbarm-aarch64", "aarch64")):
        sets(arch, machine)
    put("service/common/sailor.vars", 'shippath="/drive2"\nshipbins="/bin/sh /sbin/init"\nsync_dirs="/etc ${prefix}/etc/pkgin"\n')
    put(CONF, '. /service/common/sailor.vars\n\nshipname=shell\nshipbins="$shipbins /sbin/mount /bin/dd /usr/bin/su /usr/bin/which"\n'
              'sync_dirs="$sync_dirs /usr/share/zoneinfo/Eu*"\n')
    put("service/shell/options.mk", "IMGSIZE=100\n")
    put("service/shell/etc/rc", "#!/bin/sh\nmount -a\nx=$(awk 1)\n")
    put("service/shell/root/usr/local/bin/own", "#!/bin/sh\n", 0o755)


KEPT = """/bin /bin/cat /bin/dd /bin/sh /dev /dev/MAKEDEV /etc /etc/MAKEDEV /etc/fstab /etc/include /etc/include/sailor.vars /etc/localtime
/etc/pam.d /etc/pam.d/su /etc/pkgvers /etc/rc /lib /lib/libc.so.12 /lib/libc.so.12.220 /lib/libcrypt.so.1 /lib/libedit.so.3
/lib/libedit.so.3.1 /lib/libterminfo.so.2 /libexec /libexec/ld.elf_so /sbin /sbin/init /sbin/mount /sbin/mount_ffs /tmp /usr
/usr/bin /usr/bin/su /usr/bin/which /usr/lib /usr/lib/libpam.so.4 /usr/lib/security /usr/lib/security/pam_unix.so.4 /usr/libexec
/usr/libexec/ld.elf_so /usr/local /usr/local/bin /usr/local/bin/own /usr/share /usr/share/misc /usr/share/misc/terminfo.cdb
/usr/share/zoneinfo /usr/share/zoneinfo/Europe /usr/share/zoneinfo/Europe/Paris /usr/share/zoneinfo/UTC /var /var/db
/var/db/obsolete /var/qemufwcfg""".split()


def files_of(img):
    out = run([smol, "image", "ls", "-R", "-a", "-1", "images/%s:/" % img], cwd=ws, env=env).stdout
    found, here = set(), ""
    for line in out.splitlines():
        if line.endswith(":") and line.startswith("/"):
            here = line[:-1].rstrip("/")
        elif line not in ("", ".", ".."):
            found.add("%s/%s" % (here, line))
    return sorted(found)


def test_image():
    p = build("IMGSIZE=auto", "shell")
    everything = os.path.getsize(ws + "/images/shell-amd64.img")
    tap.ok(p.returncode == 0 and "stays" not in p.stdout, "without MINIMIZE nothing goes", p.stderr)
    for arch in ("amd64", "i386", "evbarm-aarch64"):
        p = build("--arch", arch, "MINIMIZE=y", "shell")
        tap.ok(p.returncode == 0 and p.stderr == "", "minimised for " + arch, p.stderr)
        tap.ok(re.match(r"stays   \d+ of \d+ files, ", p.stdout), "it says how much stays", p.stdout)
        tap.same(files_of("shell-%s.img" % arch), KEPT, "what is listed, what it needs and what is the service's own: " + arch)
    small = os.path.getsize(ws + "/images/shell-amd64.img")
    tap.ok(small < everything / 2, "the image is smaller", small, everything)
    p = run([smol, "image", "check", "images/shell-amd64.img"], cwd=ws, env=env)
    tap.ok(p.returncode == 0, "it passes smol image check", p.stdout, p.stderr)
    free = json.loads(build("--json", "MINIMIZE=+9", "shell").stdout)["free_bytes"]
    tap.ok(9 << 20 <= free < 10 << 20, "MINIMIZE=+9 leaves 9 MB", free)
    with open(ws + "/images/shell-amd64.img.manifest.json") as f:
        m = json.load(f)
    tap.ok(CONF in [i["path"] for i in m["inputs"]] and "minimise by " + CONF in m["steps"], "the manifest has sailor.conf and the step")
    make_package(ws + "/pkgs/amd64/tool.tgz", {"bin/tool": (elf(["libunused.so.1"], machine="amd64"), 0o755), "share/tool": (b"x", 0o644)})
    p = build("MINIMIZE=y", "ADDPKGS=tool", "shell")
    found = files_of("shell-amd64.img")
    tap.ok(p.returncode == 0 and "/usr/pkg/share/tool" in found and "/usr/lib/libunused.so.1" in found,
           "a package stays whole, with the libraries it needs of the sets", p.stderr, found)


def test_explain():
    p = build("--explain", "MINIMIZE=y", "shell")
    lines = p.stdout.splitlines()
    tap.ok(p.returncode == 0 and not os.path.exists(ws + "/images/none"), "--explain", p.stderr)
    for want in ("/lib/libc.so.12.220 <- link /lib/libc.so.12 <- library of /bin/sh <- shipbins, %s:4" % CONF,
                 "/usr/share/misc/terminfo.cdb <- terminals: terminfo(5), for /lib/libterminfo.so.2 <- library of /lib/libedit.so.3.1 "
                 "<- link /lib/libedit.so.3 <- library of /bin/sh <- shipbins, %s:4" % CONF,
                 "/usr/share/zoneinfo/UTC <- link /etc/localtime <- sync_dirs, %s:5" % CONF,
                 "/etc/rc <- the service's own",
                 "/usr/share/zoneinfo/Europe/Paris <- sync_dirs, %s:5" % CONF):
        tap.ok(want in lines, want.partition(" ")[0] + " stays, and why", p.stdout)
    tap.ok(lines == sorted(lines, key=lambda x: x.partition(" ")[0]), "the files are sorted")
    d = json.loads(build("--explain", "--json", "MINIMIZE=y", "shell").stdout)
    by = {f["path"]: f["because"] for f in d["files"]}
    tap.same(by["/lib/libcrypt.so.1"][0], {"why": "library of", "path": "/usr/lib/security/pam_unix.so.4"}, "the same as JSON")
    tap.ok("path" not in by["/bin/sh"][-1] and d["kept_files"] < d["all_files"] and d["missing"] == [], "and its numbers")
    p = build("--explain", "shell")
    tap.ok(p.returncode == 2 and "MINIMIZE and a sailor.conf" in p.stderr, "--explain without MINIMIZE", p.stderr)


def test_check():
    os.unlink(ws + "/images/shell-amd64.img")
    p = build("--check", "MINIMIZE=y", "shell")
    tap.ok(p.returncode == 0 and "note: /etc/rc:3 uses awk, which is not kept: add /usr/bin/awk to shipbins" in p.stdout.splitlines(),
           "--check tells which command of /etc/rc is not kept", p.stdout, p.stderr)
    tap.ok("note: %s:5: sync_dirs lists /usr/pkg/etc/pkgin" % CONF in p.stdout, "and what is listed and not there", p.stdout)
    tap.ok(not os.path.exists(ws + "/images/shell-amd64.img"), "no image is written")
    p = build("--check", "shell")
    tap.ok(p.returncode == 0 and "stays   " in p.stdout, "--check of an image that keeps everything", p.stdout, p.stderr)
    sets("amd64", "amd64", leave_out=("libterminfo.so.2", "pam_unix.so.4"))
    p = build("--check", "MINIMIZE=y", "shell")
    tap.ok(p.returncode == 1 and "missing: /lib/libedit.so.3.1 needs libterminfo.so.2, which is not in /lib, /usr/lib, /lib "
           "(/lib/libedit.so.3.1 <- link /lib/libedit.so.3 <- library of /bin/sh <- shipbins, %s:4)" % CONF in p.stdout.splitlines(),
           "a library forgotten on purpose is found", p.stdout, p.stderr)
    tap.ok("missing: /etc/pam.d/su:1: the PAM module pam_unix.so is not there" in p.stdout, "a PAM module, too", p.stdout)
    tap.ok("smol: build shell: 2 things that it needs are missing\n" == p.stderr, "and counted", p.stderr)
    p = build("--check", "--json", "shell")
    tap.ok(p.returncode == 1 and "/lib/libedit.so.3.1" in [m["file"]["path"] for m in json.loads(p.stdout)["missing"]], "as JSON", p.stdout)
    p = build("MINIMIZE=y", "shell")
    tap.ok(p.returncode == 0 and "smol: /lib/libedit.so.3.1 needs libterminfo.so.2" in p.stderr, "a build warns of it", p.stderr)
    sets("amd64", "amd64")


def test_refused():
    for text, want in (('run_at_build="useradd -m x"\n', CONF + ":1: run_at_build='useradd -m x' runs in the guest's root"),
                       ("shipbins=/bin/ls\nshipbins=$(/bin/nothere)\n", CONF + ":2: /bin/nothere"),
                       ("shipbins=bin/ls\n", CONF + ":1: shipbins: 'bin/ls' is not a path"),
                       (". /service/common/gone\n", "service/common/gone")):
        put(CONF, text)
        p = build("MINIMIZE=y", "shell")
        tap.ok(p.returncode == 1 and want in p.stderr and p.stderr.count("\n") == 1, "refused: " + text.splitlines()[-1], p.stderr)


def test_needs():
    """The same questions to an image that is there."""
    put(CONF, 'shipbins=""\n')
    build("IMGSIZE=auto", "shell")
    img = "images/shell-amd64.img"

    def needs(*args):
        return run([smol, "image", "needs", *args], cwd=ws, env=env)

    p = needs(img + ":/usr/bin/su", "/bin/c*")
    lines = p.stdout.splitlines()
    tap.ok(p.returncode == 0 and "/lib/libcrypt.so.1 <- library of /usr/lib/security/pam_unix.so.4 <- a module of PAM: pam.conf(5), for "
           "/usr/lib/libpam.so.4 <- library of /usr/bin/su <- the command line" in lines and "/bin/cat <- the command line" in lines
           and not any("terminfo" in n for n in lines), "image needs: of two programs", p.stdout, p.stderr)
    p = needs(img)
    tap.ok(p.returncode == 0 and p.stdout.startswith("stays ") and p.stdout.count("\n") == 1, "of all: nothing is missing", p.stdout, p.stderr)
    with open(work + "/empty", "w"):
        pass
    run([smol, "image", "cp", work + "/empty", img + ":/lib/libcrypt.so.1"], cwd=ws, env=env)
    p = needs("--json", img)
    tap.ok(p.returncode == 1 and ["/usr/lib/security/pam_unix.so.4"] == [m["file"]["path"] for m in json.loads(p.stdout)["missing"]]
           and "image '%s': 1 thing that it needs is missing" % img in p.stderr, "a library that is no ELF any more", p.stdout, p.stderr)
    p = needs(img + ":/bin/none")
    tap.ok(p.returncode == 1 and "missing: the command line lists /bin/none, which is not there" in p.stdout, "a path that is not there", p.stdout)


def ldd(program):
    """Real names of the libraries."""
    out = run(["ldd", program]).stdout
    return {os.path.realpath(m) for m in re.findall(r"(/\S+) \(0x", out)}


def test_ldd():
    """
    Our closure of Debian's own programs, each alone among the libraries of all.  Not of those elsewhere, with a DT_RPATH:
    NetBSD's loader looks at ld.so.conf first, glibc's at its cache last.
    """
    programs = [p for p in map(shutil.which, ("bash", "ls", "tar", "git", "gdb", "clang", "ssh", "perl", "systemctl", "qemu-system-x86_64", "python3"))
                if p and p.startswith("/usr/bin/") and run(["ldd", p]).returncode == 0]
    if len(programs) < 3 or "linux-vdso" not in run(["ldd", programs[0]]).stdout:
        tap.skip("the libraries of this host's programs", "no ldd of glibc here")
        return
    hand = work + "/hand"
    libs = {p: ldd(p) for p in programs}
    paths = {m for p in programs for m in re.findall(r"(/\S+) \(0x", run(["ldd", p]).stdout)}
    for path in sorted(paths):
        to = hand + path
        os.makedirs(os.path.dirname(to), exist_ok=True)
        if not os.path.exists(to):
            shutil.copy(os.path.realpath(path), to)
    os.makedirs(hand + "/etc")
    with open(hand + "/etc/ld.so.conf", "w") as f:
        f.write("".join(sorted({os.path.dirname(p) + "\n" for p in paths})))
    real = {}
    for path in paths:
        real[path] = os.path.realpath(path)
    for p in programs:
        os.makedirs(os.path.dirname(hand + p), exist_ok=True)
        shutil.copy(os.path.realpath(p), hand + p)
        put(CONF, 'shipbins="%s"\n' % p)
        d = json.loads(build("--explain", "--json", "--root", hand, "MINIMIZE=y", "shell").stdout)
        ours = {real[f["path"]] for f in d["files"] if f["path"] in real}
        tap.ok(ours == libs[p] and len(ours) > 1, "ldd %s: %d libraries of %d" % (p, len(ours), len(paths)),
               "missing: %s" % sorted(libs[p] - ours), "too many: %s" % sorted(ours - libs[p]))


workspace()
test_image()
test_explain()
test_check()
test_refused()
test_needs()
test_ldd()
shutil.rmtree(work)
tap.done()
