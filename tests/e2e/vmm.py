#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""smol run and smol start on smol-vmm: what a machine is given, its control
socket, its end however it comes, and what is left behind.  Guests: the small
one of guest.c, and the probe with a script as its /etc/rc.

usage: vmm.py SMOL PROBE [REGEX]	(prints TAP; CC may name the compiler)
"""
import hashlib, json, os, re, signal, subprocess, sys, time, urllib.request

sys.dont_write_bytecode = True
import start
from guest import COM, DEADLINE, DISK, ENV, TMP, alive, children, main, wait_for
from start import DIR, PROBE, RUNTIME, Running, connect, free_port, image, probe, read_until, smol

del ENV["QEMU_ACCEL"]


def vmm(*args, **kw):
    kw.setdefault("kernel", PROBE)
    return probe("--vmm", "smol", *args, what="run", **kw)


def one_line(r, status, *texts):
    assert r.returncode == status, r
    assert r.stderr.count("\n") == 1, r.stderr
    for t in texts:
        assert t in r.stderr, r.stderr


def nothing_left():
    """No process of ours, once the last machine has ended."""
    def ours():
        found = []
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{p}/cmdline", "rb") as f:
                    word = f.read().split(b"\0")[0]
            except OSError:
                continue
            if os.path.dirname(word.decode(errors="replace")) == os.path.dirname(start.SMOL) and word.endswith((b"smol-vmm", b"smol-net")):
                found.append(p)
        return found
    assert wait_for(lambda: not ours(), 10), ours()


class Client:
    """Of a control socket."""

    def __init__(self, path):
        self.socket = connect(path)
        self.file = self.socket.makefile("rb")

    def ask(self, command, **args):
        self.socket.sendall(json.dumps(dict(args, command=command)).encode() + b"\n")
        return json.loads(self.file.readline())


def ends():
    r = vmm("-a", "console=com", "--network", "none", image("exit 0"))
    assert r.returncode == 0 and "the guest ended with status 0" in r.stderr, r
    r = smol("run", "--vmm", "smol", "-k", COM, "-a", "guest.end", "--network", "none", DISK)
    assert r.returncode == 0 and r.stderr.startswith("smol: the guest ended (a triple fault") and "guest.end" in r.stdout, r
    r = vmm("--sockets", "1", "--network", "none", image("say JEMATA!", "sleep 60"))
    assert r.returncode == 0 and r.stderr.endswith("smol: the guest is done\n"), r
    nothing_left()


def given():
    r = vmm("--network", "none", "-e", "COLOUR=blue", "-v", DIR + "/share:ro", "-c", "2", "--drive", DISK, "--balloon",
        image("fwcfg", "share f", "disks", "exit 0"))
    assert r.returncode == 0, r
    for text in ("fwcfg opt/org.smolbsd.var.COLOUR = blue", "share vio9p0", "from the host", "disk 1: 2048 sectors"):
        assert text in r.stdout, (text, r.stdout)


def digest(path):
    with open(os.path.join(DIR, path), "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def overlays():
    img = image("write 0 hello", "exit 0")
    before = digest(img)
    assert vmm("--network", "none", img).returncode == 0
    assert digest(img) == before, "the image was written to"
    over = os.path.join(TMP.name, "kept")
    assert vmm("--network", "none", "--overlay", over, img).returncode == 0
    assert digest(img) == before and os.stat(over).st_size > 0
    assert vmm("--network", "none", "--rw", img).returncode == 0
    assert digest(img) != before, "the image was not written to"
    one_line(vmm("--network", "none", "--overlay", over, image("exit 0", "# " + "x" * 100000)), 1, "smol-vmm failed: ")
    one_line(vmm("--rw", "--overlay", over, img), 2, "one or the other")


def commits():
    img = image("write 0 hello", "print written", "sleep 60")
    before = digest(img)
    p = Running("run", "--vmm", "smol", "-k", PROBE, "--network", "none", "--overlay", os.path.join(TMP.name, "o2"),
        "--control", "c.sock", img)
    p.until(b"written")
    c = Client("c.sock")
    assert digest(img) == before
    assert c.ask("commit", disk=1) == {"ok": False, "error": "the machine has no disk 1"}
    r = c.ask("commit", disk=0)
    assert r == {"ok": True}, r
    assert digest(img) != before
    assert c.ask("quit") == {"ok": True}
    status, err = p.end()
    assert status == 0 and "stopped from outside" in err, err
    assert not os.path.exists(DIR + "/c.sock")


def locks():
    img = image("print hanging", "sleep 60")
    p = Running("run", "--vmm", "smol", "-k", PROBE, "--network", "none", "--rw", img)
    p.until(b"hanging")
    one_line(vmm("--network", "none", img), 1, "is being written by another instance")
    one_line(vmm("--network", "none", "--rw", img), 1, "is in use by another instance")
    one_line(smol("image", "cp", "share/f", img + ":/"), 1, "in use by a running machine")
    p.end(signal.SIGINT)
    p = Running("run", "--vmm", "smol", "-k", PROBE, "--network", "none", img)
    p.until(b"hanging")
    one_line(vmm("--network", "none", "--rw", img), 1, "is in use by another instance")
    p.end(signal.SIGINT)


def network():
    port = free_port()
    p = Running("run", "--vmm", "smol", "-k", PROBE, "-p", f"127.0.0.1:{port}:80", image("print up", "serve /var/www 80"))
    p.until(b"serving")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=DEADLINE) as r:
        assert b"it is the probe" in r.read()
    one_line(vmm("-p", f"127.0.0.1:{port}:80", image("exit 0")), 1, f"port 127.0.0.1:{port} is in use")
    status, err = p.end(signal.SIGINT)
    assert status == 130 and "interrupted" in err, err
    nothing_left()
    r = vmm("-n", "--network", "restricted", "--allow", "dns", "--allow", "192.0.2.0/24:443", "-p", "8080:80", image("exit 0"))
    for text in ("restrict\n", "allow udp 10.0.2.3 53\n", "allow tcp 192.0.2.0/24 443\n", "forward tcp 0.0.0.0 8080 10.0.2.15 80\n"):
        assert text in r.stdout, r
    one_line(vmm("--allow", "dns", image("exit 0")), 2, "--network restricted")
    p = Running("run", "--vmm", "smol", "-k", PROBE, "--network", "restricted", "--allow", "dns", "-p",
        f"127.0.0.1:{port}:80", image("serve /var/www 80"))
    p.until(b"serving")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=DEADLINE) as r:
        assert b"it is the probe" in r.read()
    p.end(signal.SIGINT)


def detached():
    """Its control socket, its console on it, its end."""
    r = vmm("-d", "--name", "box", image("print up", "sleep 1", "print one", *["sleep 1", "print more"] * 50))
    assert r.returncode == 0 and r.stdout == "box\n", r
    c = Client(RUNTIME + "/smol/box/control")
    s = c.ask("status")
    assert s["ok"] and s["state"] == "running" and s["name"] == "box" and s["backend"] == "smol" and alive(s["pid"]), s
    assert c.ask("pause") == {"ok": True} and c.ask("status")["state"] == "paused"
    assert c.ask("resume") == {"ok": True} and c.ask("status")["state"] == "running"
    m = c.ask("metrics")
    assert m["ok"] and m["cpus"] == 1 and m["vm_ns"] > m["start_ns"], m
    for request, error in (({"command": "jump"}, 'no command "jump"'), ({"command": "balloon"}, '"bytes" is missing'),
            ({"command": "balloon", "bytes": 5}, "no balloon"), ({"command": "resize", "columns": 0, "rows": 1}, "columns")):
        r = c.ask(**request)
        assert r["ok"] is False and error in r["error"], r
    c.socket.sendall(b"nonsense\n")
    assert "not JSON" in json.loads(c.file.readline())["error"]
    a = connect(RUNTIME + "/smol/box/control")
    a.sendall(b'{"command":"attach"}\n')
    seen = read_until(a, b"more")
    assert b'{"ok":true}' in seen, seen
    # No power button: at once.
    assert c.ask("stop") == {"ok": True}
    assert wait_for(lambda: os.path.exists(RUNTIME + "/smol/box/result"))
    with open(RUNTIME + "/smol/box/result") as f:
        assert f.read() == "stopped from outside\n"
    assert b"more" in open(RUNTIME + "/smol/box/console.log", "rb").read()
    nothing_left()


def pidfile():
    r = probe("--vmm", "smol", "-N", "-d", "--name", "pid", "-i", image("sleep 60"), kernel=PROBE)
    assert r.returncode == 0, r
    with open(DIR + "/qemu-pid.pid") as f:
        os.kill(int(f.read()), signal.SIGTERM)
    assert wait_for(lambda: not os.path.exists(DIR + "/qemu-pid.pid"))
    assert wait_for(lambda: os.path.exists(RUNTIME + "/smol/pid/result"))
    with open(RUNTIME + "/smol/pid/result") as f:
        assert f.read() == "stopped from outside\n"


def killed():
    """SIGKILL of any of the three: the others go, and smol says what happened."""
    for name in ("smol-vmm", "smol"):
        p = Running("run", "--vmm", "smol", "-k", PROBE, image("print hanging", "sleep 60"))
        p.until(b"hanging")
        pids = children(p.p.pid)
        assert sorted(pids.values())[:2] == ["smol-net", "smol-vmm"], pids
        os.kill(p.p.pid if name == "smol" else next(k for k, v in pids.items() if v == name), signal.SIGKILL)
        status, err = p.end()
        if name == "smol-vmm":
            assert status == 1 and err == "smol: smol-vmm failed: killed by signal 9 (Killed)\n", err
        nothing_left()


def refused():
    img = image("exit 0")
    one_line(vmm("--qmp", "4444", img), 1, "does not speak QMP", "--vmm qemu")
    one_line(vmm("-x", "-foo", img), 1, "'-foo' is an argument for QEMU")
    one_line(vmm("-c", "64", img), 1, "32 CPUs")
    one_line(smol("run", "--vmm", "xen", img), 2, "there are smol and qemu") if os.path.exists(DIR + "/kernels/netbsd-SMOL") else None
    one_line(vmm(img, env={"SMOL_VMM": "/nowhere"}), 1, "SMOL_VMM=/nowhere: no such program")
    one_line(vmm(img, env={"SMOL_NET": "/nowhere"}), 1, "SMOL_NET=/nowhere: no such program")
    one_line(probe("--overlay", "x", "--vmm", "qemu", img, what="run", kernel=PROBE), 1, "use '--vmm smol'")
    r = vmm("-n", "-p", "8080:80", "-v", "/tmp", img)
    assert r.returncode == 0 and "share vio9p0 /tmp rw\n" in r.stdout and f"kernel {PROBE}\n" in r.stdout, r


def traced():
    r = smol("trace", "--vmm", "smol", "--runs", "3", "--cold", "--json", "--network", "none", "-k", PROBE,
        image("print up", "sleep 60"))
    assert r.returncode == 0, r
    t = json.loads(r.stdout)
    assert len(t["runs"]) == 6 and [s["cold"] for s in t["summary"]] == [True, False], t["summary"]
    for run in t["runs"]:
        ms = run["ms"]
        assert 0 < ms["exec"] < ms["machine"] < ms["run"] < ms["line"], ms
        assert run["metrics"]["exits"]["port"] > 0
    r = smol("trace", "--runs", "1", "--timeout", "1", "--until", "never said", "--vmm", "smol", "--network", "none", "-k",
        PROBE, image("sleep 60"))
    one_line(r, 1, "was not over after 1 s")
    r = vmm("--trace", "--network", "none", image("exit 0"))
    assert r.returncode == 0 and re.search(r"ms  first instruction\n", r.stderr), r


TESTS = (("the guest's own end", ends), ("what a machine is given", given), ("overlays", overlays), ("commit", commits),
    ("locks of the image", locks), ("the network", network), ("detached, and its control socket", detached),
    ("the process id's file", pidfile), ("killed", killed), ("refused in one line", refused), ("traces", traced))

if __name__ == "__main__":
    try:
        os.close(os.open("/dev/kvm", os.O_RDWR))
    except OSError as e:
        print(f"1..0 # SKIP /dev/kvm: {e.strerror}")
        sys.exit(0)
    sys.exit(main(TESTS))
