#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# Images that a PC's BIOS boots: built with stand-ins for NetBSD's boot blocks
# (guest/bootblock), and started by SeaBIOS under QEMU, where MBR, GPT, boot
# block, loader, boot.cfg and kernel must be found in turn; the same after the
# image was changed.  And the kernel commands.
#
# usage: bios.py SMOL GPTMBR BOOTXX BOOT

import gzip
import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from synth.kernel import DEVICES, make_kernel  # noqa: E402
from synth.tiny import make_sets  # noqa: E402
from tap import Tap, run  # noqa: E402

tap = Tap()
smol = os.path.abspath(sys.argv[1])
blocks = {}
for block_name, block_path in zip(("gptmbr.bin", "bootxx_ffsv1", "boot"), sys.argv[2:]):
    with open(block_path, "rb") as block_file:
        blocks[block_name] = block_file.read()
blocks["bootxx_ffsv2"] = blocks["bootxx_ffsv1"]
work = tempfile.mkdtemp(prefix="smol-bios.")
ws = os.path.join(work, "ws")
env = {k: v for k, v in os.environ.items() if not k.startswith(("SMOL_", "SOURCE_DATE", "XDG_", "ARCH", "DIST", "NONET"))}
env.update(SMOL_CACHE=os.path.join(work, "cache"), SMOL_HOME=os.path.join(work, "no-store"), ARCH="amd64")
QEMU = shutil.which("qemu-system-x86_64")
KEPT = "mainbus cpu pci isa com virtio ld".split()


def command(*args, **kw):
    return run([smol, *args], cwd=ws, env=dict(env, **kw.pop("env", {})), **kw)


def build(*args, service="boots"):
    return command("build", *args, service)


def put(path, data, mode=0o644):
    path = os.path.join(ws, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)
    os.chmod(path, mode)


def read(path, size=-1, at=0):
    with open(os.path.join(ws, path), "rb") as f:
        f.seek(at)
        return f.read(size)


def padded(kernel, size):
    """Bytes behind it, so that the file has indirect blocks."""
    return kernel + random.Random(size).randbytes(size - len(kernel))


def kernel_in(img):
    out = os.path.join(work, "netbsd")
    if os.path.exists(out):
        os.unlink(out)
    p = command("image", "cp", img + ":/netbsd", out)
    return open(out, "rb").read() if p.returncode == 0 else b""


def fletcher(data):
    a = b = 0
    for byte in data:
        a = (a + byte) & 0xFFFF
        b = (b + a) & 0xFFFF
    return b << 16 | a


def boot(img, *drive):
    """What the serial line shows, up to "done" or a failure."""
    if QEMU is None:
        return None
    drive = drive or ("-drive", "file=%s,format=raw,if=ide,snapshot=on" % img)
    log = os.path.join(work, "serial")
    p = subprocess.Popen([QEMU, "-M", "pc", "-accel", "tcg", "-m", "64", "-nodefaults", "-display", "none", "-no-reboot", "-serial", "file:" + log, *drive],
                         cwd=ws, stdin=subprocess.DEVNULL)
    end, text = time.monotonic() + 60, ""
    while time.monotonic() < end and p.poll() is None:
        time.sleep(0.1)
        if os.path.exists(log):
            with open(log, errors="replace") as f:
                text = f.read()
        if "done\n" in text or "fail" in text:
            break
    p.kill()
    p.wait()
    os.unlink(log)
    return text.replace("\r", "")


def boots(img, what, stage1, cfg, kernel, *drive):
    text = boot(img, *drive)
    if text is None:
        tap.skip(what, "qemu-system-x86_64 is not installed")
        return
    want = ("smol mbr\nsmol stage1: %s\nsmol loader\nboot.cfg:\n%snetbsd: %d bytes, begins %08x, sum %08x\ndone\n"
            % (stage1, cfg, len(kernel), struct.unpack("<I", kernel[:4])[0], fletcher(kernel)))
    tap.same(text.replace("\n\n", "\n"), want, what)


def prepare():
    os.makedirs(ws + "/service/boots/etc")
    put("service/boots/options.mk", "BIOSBOOT=y\nIMGSIZE=64\n")
    put("service/boots/etc/rc", "#!/bin/sh\n")
    make_sets(ws + "/sets/amd64", mdec=blocks)
    put("kernels/netbsd-GENERIC", padded(make_kernel(), 300000), 0o755)


def test_layout(img):
    mbr, entry = read(img, 512), read(img, 128, 1024)
    tap.same(mbr[:440], blocks["gptmbr.bin"], "the MBR has the boot code")
    tap.same((mbr[446:454].hex(), mbr[510:512]), ("00000200eeffffff", b"\x55\xaa"), "and is a protective one still")
    first, _, attributes = struct.unpack_from("<QQQ", entry, 32)
    tap.same(attributes, 1 << 59 | 1 << 2, "the partition has bootme and legacy BIOS bootable")
    backup = read(img, 128, os.path.getsize(os.path.join(ws, img)) - 33 * 512)
    tap.same(backup, entry, "the backup table too")
    area = bytearray(read(img, 8192, first * 512))
    tap.same(struct.unpack_from("<III", area, 1024 + 8 + 8), (0, 1, 9600), "boot parameters: no timeout, com0, 9600 as it was")
    struct.pack_into("<II", area, 1024 + 8 + 8, 5, 0)
    want = blocks["bootxx_ffsv1"]
    tap.same(bytes(area), want + b"\0" * (8192 - len(want)), "the boot area is bootxx_ffsv1, but for its parameters")
    tap.ok(command("image", "check", img).returncode == 0, "and the file system is clean")


def test_boot():
    p = build()
    tap.ok(p.returncode == 0 and p.stderr == "", "BIOSBOOT=y builds", p.stderr)
    img, kernel, cfg = "images/boots-amd64.img", read("kernels/netbsd-GENERIC"), "timeout=0\nconsdev=com0\n"
    tap.same(kernel_in(img), kernel, "the kernel is /netbsd")
    test_layout(img)
    first = hashlib.sha256(read(img)).hexdigest()
    boots(img, "SeaBIOS: MBR, GPT, boot block, /boot, boot.cfg, kernel", "console 1, speed 9600, timeout 0", cfg, kernel)
    boots(img, "and from a virtio disk", "console 1, speed 9600, timeout 0", cfg, kernel,
          "-drive", "file=%s,format=raw,if=none,id=d,snapshot=on" % img, "-device", "virtio-blk-pci,drive=d")
    with open(os.path.join(ws, img + ".manifest.json")) as f:
        m = json.load(f)
    tap.same([(i["path"], i["sha256"]) for i in m["inputs"] if i["kind"] == "kernel"],
             [("kernels/netbsd-GENERIC", hashlib.sha256(kernel).hexdigest())], "the manifest has the kernel")
    build()
    tap.same(hashlib.sha256(read(img)).hexdigest(), first, "the same bytes again")
    return img, cfg


def test_run(img):
    if QEMU is None:
        tap.skip("smol run --bios", "qemu-system-x86_64 is not installed")
        return
    p = subprocess.Popen([smol, "run", "--bios", "--network", "none", "-m", "64", "images/" + os.path.basename(img)], cwd=ws,
                         env=dict(env, QEMU_ACCEL="tcg"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    shown = []
    for line in p.stdout:
        shown.append(line.strip())
        if "done" in line or "fail" in line:
            break
    p.terminate()
    p.communicate()
    tap.ok("smol loader" in shown and shown[-1] == "done", "smol run --bios shows its serial line", *shown)
    p = command("run", "--bios", "--vmm", "smol", "-n", img)
    tap.ok(p.returncode == 1 and ("smol-vmm has no BIOS; '--vmm qemu' has one" in p.stderr or "needs KVM" in p.stderr),
           "smol-vmm refuses", p.stderr)
    p = command("run", "--bios", "-k", "k", img)
    tap.ok(p.returncode == 2 and "with --bios the image boots its own kernel: leave out -k" in p.stderr, "-k is refused", p.stderr)
    p = command("run", "--bios", img, env={"ARCH": "evbarm-aarch64"})
    tap.ok(p.returncode == 2 and "evbarm-aarch64 machines have no BIOS" in p.stderr, "so is another architecture", p.stderr)


def test_changed(img, cfg):
    """No block lists: what moves is found."""
    put("other", padded(make_kernel(), 500000))
    p = command("image", "cp", "other", img + ":/netbsd")
    tap.ok(p.returncode == 0, "another kernel copied in", p.stderr)
    p = command("image", "cp", "sets/amd64/base.tar.xz", img + ":/aaa")
    tap.ok(p.returncode == 0, "and a file before it", p.stderr)
    p = command("image", "resize", img, "150M")
    tap.ok(p.returncode == 0, "resized", p.stderr)
    boots(img, "still boots, with the new kernel", "console 1, speed 9600, timeout 0", cfg, read("other"))
    tap.same(read(img, 440), blocks["gptmbr.bin"], "with the same MBR")


def test_ffs2_and_smolify():
    p = build("SMOLIFY=y", "--fs", "ffs2", "BIOSCONSOLE=com1,115200", "-t", "two")
    tap.ok(p.returncode == 0, "FFSv2, another console, SMOLIFY", p.stderr)
    img = "images/boots-amd64:two.img"
    kernel = kernel_in(img)
    boots(os.path.join(ws, img), "boots from FFSv2", "console 2, speed 115200, timeout 0",
          "timeout=0\nconsdev=com1,115200\n", kernel)
    whole = read("kernels/netbsd-GENERIC")
    differ = sum(a != b for a, b in zip(kernel, whole))
    tap.same((len(kernel), differ), (len(whole), len(DEVICES) - len(KEPT)), "SMOLIFY changes a byte for each driver disabled")
    put("k", kernel)
    j = json.loads(command("kernel", "list", "--json", "k").stdout)
    tap.same([d["name"] for d in j["devices"] if d["enabled"]], KEPT, "and keeps what a virtual machine needs")


def test_other_places():
    """The set fetched for its boot blocks alone; a kernel of the release's, of a set, and by path."""
    put("dist/kernel/netbsd-OTHER.gz", gzip.compress(make_kernel(), mtime=0))
    put("dist/kernel/SHA512", "SHA512 (netbsd-OTHER.gz) = %s\n" % hashlib.sha512(read("dist/kernel/netbsd-OTHER.gz")).hexdigest())
    shutil.copytree(ws + "/sets/amd64", ws + "/dist/sets")
    put("dist/sets/SHA512", "SHA512 (base.tar.xz) = %s\n" % hashlib.sha512(read("dist/sets/base.tar.xz")).hexdigest())
    put("dist/netbsd-SMOL", make_kernel(pvh=True))
    put("dist/netbsd-SMOL.sha256", hashlib.sha256(read("dist/netbsd-SMOL")).hexdigest() + "  netbsd-SMOL\n")
    p = command("fetch", "kernel", "DIST=file://%s/dist" % ws, "KDIST=file://%s/dist" % ws, "BIOSKERNEL=netbsd-OTHER", "boots")
    tap.ok(p.returncode == 0 and read("kernels/netbsd-SMOL") == read("dist/netbsd-SMOL"), "fetch kernel gets the machine's", p.stderr)
    tap.same(read("kernels/netbsd-OTHER"), make_kernel(), "and the image's, unpacked")
    os.unlink(ws + "/kernels/netbsd-OTHER")
    os.rename(ws + "/sets/amd64/base.tar.xz", work + "/base.tar.xz")
    p = build("DIST=file://%s/dist" % ws, "SETS=etc", "BIOSKERNEL=netbsd-OTHER", "IMGSIZE=auto")
    tap.ok(p.returncode == 0, "set and kernel are fetched", p.stderr)
    tap.same(kernel_in("images/boots-amd64.img"), make_kernel(), "and the kernel unpacked")
    p = command("image", "ls", "images/boots-amd64.img:/usr")
    tap.ok(p.returncode != 0, "nothing else of the base set is in the image", p.stdout)
    p = build("BIOSKERNEL=%s/other" % ws, "IMGSIZE=auto")
    tap.same(kernel_in("images/boots-amd64.img"), read("other"), "a kernel by its path")
    subprocess.run(["tar", "-C", ws, "--transform", "s,k,./netbsd,", "-cJf", ws + "/sets/amd64/kern-GENERIC.tar.xz", "k"], check=True)
    p = build("ADDSETS=kern-GENERIC", "SMOLIFY=y", "IMGSIZE=auto")
    tap.same(kernel_in("images/boots-amd64.img"), read("k"), "a kernel of a set")
    make_sets(ws + "/sets/i386", "tgz", mdec=blocks)
    put("kernels/netbsd32", make_kernel(32))
    p = build("--arch", "i386", "BIOSKERNEL=netbsd32", "SMOLIFY=y", "IMGSIZE=auto")
    tap.ok(p.returncode == 0 and kernel_in("images/boots-i386.img")[:5] == b"\x7fELF\1", "i386", p.stderr)


def refused(want, *args, status=1):
    p = build(*args)
    tap.ok(p.returncode == status and p.stderr.strip() == "smol: " + want, "refused: " + want[:100], p.returncode, p.stderr)


def test_errors():
    mk = "service/boots/options.mk:1: "
    refused(mk + "BIOSBOOT=y: evbarm-aarch64 machines have no BIOS; amd64 and i386 have", "ARCH=evbarm-aarch64", status=2)
    refused(mk + "BIOSBOOT=y: NetBSD's boot blocks have no room on ext2; want FS=ffs1 or ffs2", "FS=ext2", status=2)
    p = build("BIOSCONSOLE=com9")
    tap.ok(p.returncode == 2 and "bad BIOSCONSOLE 'com9': want pc, com0" in p.stderr, "refused: a console", p.stderr)
    p = build("SMOLIFY=maybe")
    tap.ok(p.returncode == 2 and "bad SMOLIFY 'maybe': want y or n" in p.stderr, "refused: a value", p.stderr)
    refused("build boots: there is no kernel 'kernels/nope', and DIST is empty", "BIOSKERNEL=nope", "DIST=")
    put("kernels/i386", make_kernel(32))
    refused("build boots: the command line: the kernel 'kernels/i386' is for i386, the image for amd64", "BIOSKERNEL=i386")
    put("kernels/bare", make_kernel(symbols=False))
    refused("build boots: the command line: SMOLIFY=y: the kernel 'kernels/bare': it has no symbols, by which its table of devices is found; "
            "take one that is not stripped", "BIOSKERNEL=bare", "SMOLIFY=y")
    for name, data, why in (("gptmbr.bin", None, " has no /usr/mdec/gptmbr.bin"),
                            ("gptmbr.bin", b"x" * 512, ": gptmbr.bin has 512 bytes: the boot code of an MBR has 440"),
                            ("bootxx_ffsv1", b"\0" * 4096, ": bootxx_ffsv1 does not begin as a boot block"),
                            ("bootxx_ffsv1", blocks["bootxx_ffsv1"] + b"\0" * 8192, ": bootxx_ffsv1 has 12288 bytes: there is room for 8192"),
                            ("boot", b"x" * 100, ": boot is no boot loader of NetBSD's for x86")):
        some = dict(blocks)
        some.pop(name)
        if data is not None:
            some[name] = data
        make_sets(ws + "/sets/amd64", mdec=some)
        prefix = "build boots: service/boots/options.mk:1: BIOSBOOT=y: %ssets/amd64/base.tar.xz" % ("" if data is None else "/usr/mdec of ")
        refused(prefix + why, "IMGSIZE=auto")


def test_kernel_commands():
    put("g", make_kernel(pvh=True), 0o755)
    p = command("kernel", "inspect", "g")
    for want in ("kind     ELF 64", "system   NetBSD 11.0.0", "arch     amd64", "pvh      0x200000", "devices  10, 0 of them disabled"):
        tap.ok(want in p.stdout, "inspect: " + want, p.stdout, p.stderr)
    j = json.loads(command("kernel", "inspect", "--json", "g").stdout)
    tap.same((j["pvh_entry"], j["devices"], j["viocon"]), ("0x200000", 10, False), "inspect --json")
    p = command("kernel", "trim", "-o", "g2", "--disable", "usb,wm", "g")
    tap.same(p.stdout, "g2: 2 disabled, 8 of 10 left\n", "trim --disable")
    lines = [line for line in command("kernel", "list", "g2").stdout.splitlines() if line.endswith("disabled")]
    tap.same([line.split()[:3] for line in lines], [["wm*", "at", "pci?"], ["usb*", "at", "usbus?"]], "list shows them")
    tap.same(os.stat(ws + "/g2").st_mode & 0o777, 0o755, "the new kernel is as executable")
    p = command("kernel", "trim", "--keep", "mainbus isa com", "-o", "g", "g")
    tap.same(p.stdout, "g: 7 disabled, 3 of 10 left\n", "trim in place, --keep")
    for args, status, want in (
            (("trim", "-o", "x", "--keep", "mainbuss", "g"), 2, "the kernel 'g': the kernel has no driver 'mainbuss'"),
            (("trim", "-o", "x", "--keep", "usb", "--disable", "usb", "g"), 2, "give one of them"),
            (("trim", "g"), 2, "want -o FILE"),
            (("trim", "-o", "x", "--keep", "", "g"), 1, "would be left without any device"),
            (("list", "other.gz"), 1, "is compressed with gzip; unpack it first"),
            (("list", "service/boots/options.mk"), 1, "is not a kernel"),
            (("list", "kernels/bare"), 1, "it has no symbols"),
            (("lists", "g"), 2, "there is no command 'kernel lists'")):
        put("other.gz", gzip.compress(make_kernel()))
        p = command("kernel", *args)
        tap.ok(p.returncode == status and want in p.stderr, "kernel %s: %s" % (args[0], want), p.returncode, p.stderr)
    tap.ok(not os.path.exists(ws + "/x"), "no file where it failed")


def main():
    try:
        prepare()
        img, cfg = test_boot()
        test_run(img)
        test_changed(img, cfg)
        test_ffs2_and_smolify()
        test_other_places()
        test_errors()
        test_kernel_commands()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    tap.done()


main()
