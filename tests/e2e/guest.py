# SPDX-License-Identifier: BSD-2-Clause
"""What the end-to-end tests of smol run share: the small guest of guest.c,
smol's command line, its processes, and a TAP main().
"""
import os, re, signal, subprocess, sys, tempfile, time, traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SMOL = os.path.abspath(sys.argv[1])
TMP = tempfile.TemporaryDirectory(prefix="smol-run-")
COM, VIOCON, DISK = (os.path.join(TMP.name, n) for n in ("guest-com", "guest-viocon", "disk.img"))
DEADLINE = 30
ENV = dict(os.environ, QEMU_ACCEL="tcg", ARCH="amd64", NONET="y")


def build():
    for out, flags in ((COM, []), (VIOCON, ["-DVIOCON"])):
        subprocess.check_call([os.environ.get("CC", "cc"), "-m32", "-O1", "-ffreestanding", "-fno-pic", "-fno-pie",
            "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Werror", "-nostdlib",
            "-static", "-Wl,--build-id=none", "-Wl,-T," + HERE + "/guest.ld", *flags, "-o", out, HERE + "/guest.c"])
    with open(DISK, "wb") as f:
        f.truncate(1 << 20)


def argv(*args, kernel=COM, what="guest.end"):
    return [SMOL, "run", "-k", kernel, "-a", what, *args, DISK]


def run(*args, kernel=COM, what="guest.end", **kw):
    kw.setdefault("stdin", subprocess.DEVNULL)
    kw.setdefault("env", ENV)
    return subprocess.run(argv(*args, kernel=kernel, what=what), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=DEADLINE, **kw)


def children(pid):
    """Processes whose parent is pid: the backend, the guardian."""
    found = {}
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{p}/stat") as f:
                fields = f.read().rsplit(")", 1)
            if int(fields[1].split()[1]) == pid:
                found[int(p)] = fields[0].split("(", 1)[1]
        except OSError:
            pass
    return found


def state_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "X"


def alive(pid):
    return state_of(pid) not in "ZX"


def wait_for(what, seconds=DEADLINE):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def qemu_of(pid):
    wait_for(lambda: any(n.startswith("qemu") for n in children(pid).values()))
    return next(p for p, n in children(pid).items() if n.startswith("qemu"))


class Piped:
    """smol with pipes, its output read until a text appears."""

    def __init__(self, *args, until=b"hanging", **kw):
        self.p = subprocess.Popen(argv(*args, **kw), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=ENV)
        seen = b""
        while until not in seen:
            b = os.read(self.p.stdout.fileno(), 4096)
            assert b, self.p.stderr.read()
            seen += b

    def end(self):
        out, err = self.p.communicate(timeout=DEADLINE)
        return self.p.returncode, err.decode()


def main(tests):
    # A background job of a script starts with these ignored, and smol would honour that.
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(sig, signal.SIG_DFL)
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    tests = [t for t in tests if re.search(only, t[0])]
    build()
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for i, (name, fn) in enumerate(tests, 1):
        try:
            fn()
            print(f"ok {i} - {name}", flush=True)
        except Exception:  # a test that breaks is a test that failed
            failed += 1
            print(f"not ok {i} - {name}", flush=True)
            print("# " + traceback.format_exc().strip().replace("\n", "\n# ")[:4000], flush=True)
    return failed != 0
