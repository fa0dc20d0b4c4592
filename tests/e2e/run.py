#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""smol run, end to end, with the small guest of guest.c under QEMU: how a
machine ends, what reaches the guest and what comes back, and the workspace.

usage: run.py SMOL [REGEX]	(prints TAP; CC may name the compiler)
"""
import os, signal, socket, subprocess, sys, tempfile, time

sys.dont_write_bytecode = True
from guest import COM, DEADLINE, DISK, ENV, SMOL, TMP, VIOCON, Piped, alive, argv, main, qemu_of, run, wait_for

# --- tests: each returns nothing or fails an assertion ---

def guest_ends():
    r = run()
    assert r.returncode == 0 and r.stderr == b"smol: the guest ended\n", r
    assert r.stdout.startswith(b"guest: console=com root=ld0a -z guest.end virtio_mmio.device="), r.stdout


def viocon_by_symbol():
    r = run(kernel=VIOCON)
    assert r.returncode == 0 and r.stdout.startswith(b"guest: console=viocon root=ld0a -z guest.end "), r


def console_by_argument():
    """NetBSD looks at the first console= alone: it, and the machine, follow the user's."""
    for kernel, word, first, device in ((VIOCON, "console=com", b"console=com", False), (COM, "console=viocon", b"console=viocon", True),
        (VIOCON, "xconsole=com console=comx", b"console=viocon", True)):
        r = run("-n", "--vmm", "qemu", kernel=kernel, what=word)
        assert r.returncode == 0 and b"'%s root=ld0a -z " % first in r.stdout and (b"virtconsole" in r.stdout) == device, r


def flags_replace_silent():
    assert run(what="guest.end -v").stdout.startswith(b"guest: console=com root=ld0a guest.end -v "), "append"


def closed_descriptors():
    for close in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        line = " ".join(argv()) + " " + close
        assert subprocess.run(["sh", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV,
            timeout=DEADLINE).returncode == 0, close


def slow_reader(kernel):
    """A mebibyte of lines past a reader that sleeps: more than all buffers hold."""
    p = subprocess.Popen(argv(kernel=kernel, what="guest.flood"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=ENV)
    time.sleep(4)
    out = p.communicate(timeout=60)[0]
    lines = out.split(b"\n")[1:-1]
    assert p.returncode == 0 and len(lines) == 32768, (p.returncode, len(lines))
    assert all(l == b"%08x this line has 32 bytes" % i for i, l in enumerate(lines)), "bytes lost"


def input_from_pipe():
    r = subprocess.run(argv(what="guest.echo"), input=b"\0\1\3\xff\r\nq", stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=ENV, timeout=DEADLINE)
    assert r.returncode == 0 and b"<00><01><03><ff><0d><0a><71>" in r.stdout, r


def signals():
    for sig, text in ((signal.SIGINT, "interrupted"), (signal.SIGTERM, "signal 15"), (signal.SIGHUP, "signal 1 "),
            (signal.SIGQUIT, "signal 3")):
        p = Piped(what="guest.hang")
        qemu = qemu_of(p.p.pid)
        p.p.send_signal(sig)
        status, err = p.end()
        assert status == 128 + sig and text in err and not alive(qemu), (sig, status, err)


def killed_smol_takes_qemu_along():
    p = Piped(what="guest.hang")
    qemu = qemu_of(p.p.pid)
    p.p.kill()
    assert wait_for(lambda: not alive(qemu), 5)
    p.end()


def killed_qemu_is_a_failure():
    p = Piped(what="guest.hang")
    os.kill(qemu_of(p.p.pid), signal.SIGKILL)
    status, err = p.end()
    assert status == 1 and "failed: killed by signal 9" in err and err.count("\n") == 1, (status, err)


def stopped_qemu_from_outside():
    p = Piped(what="guest.hang")
    os.kill(qemu_of(p.p.pid), signal.SIGTERM)
    status, err = p.end()
    assert status == 1 and "told to end from outside (host-signal)" in err and err.count("\n") == 1, (status, err)


def reader_goes_away():
    for what in ("guest.flood", "guest.hang"):
        p = Piped(what=what, until=b"guest: ")
        qemu = qemu_of(p.p.pid)
        p.p.stdout.close()
        err = p.p.stderr.read()
        assert p.p.wait(DEADLINE) == 141 and err == b"" and not alive(qemu), (p.p.returncode, err)


def full_disk():
    with open("/dev/full", "w") as full:
        r = subprocess.run(argv(), stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, env=ENV,
            timeout=DEADLINE)
    assert r.returncode == 1 and b"cannot write the guest's output: No space left" in r.stderr, r


def busy_port():
    for kind, suffix in ((socket.SOCK_STREAM, ""), (socket.SOCK_DGRAM, "/udp")):
        with socket.socket(socket.AF_INET, kind) as s:
            s.bind(("127.0.0.1", 0))
            if kind == socket.SOCK_STREAM:
                s.listen()
            port = s.getsockname()[1]
            r = run("-p", f"127.0.0.1:{port}:80{suffix}")
            want = f"smol: port 127.0.0.1:{port}{suffix} is in use by another program; choose another with -p\n"
            assert r.returncode == 1 and r.stderr.decode() == want, r


def locked_disk():
    first = Piped("--rw", what="guest.hang")
    r, s = run("--rw"), run()
    first.p.terminate()
    first.end()
    assert r.returncode == 1 and b"is in use by another instance" in r.stderr and r.stderr.count(b"\n") == 1, r
    assert s.returncode == 1 and b"is being written by another instance (--rw)" in s.stderr, s
    shared = Piped(what="guest.hang")
    assert run().returncode == 0
    r = run("--rw")
    shared.p.terminate()
    shared.end()
    assert r.returncode == 1 and b"is in use by another instance" in r.stderr, r


def bad_backends():
    for qemu, text in (("/bin/false", "failed: exit status 1"), ("/bin/true", "ended before the machine started"),
            ("no-such-qemu", "QEMU=no-such-qemu: no such program"), ("/etc/passwd", "no such program")):
        r = run(env=dict(ENV, QEMU=qemu))
        assert r.returncode == 1 and text in r.stderr.decode() and r.stderr.count(b"\n") == 1, (qemu, r)
    r = run(env=dict(ENV, PATH="/nonexistent"))
    assert r.returncode == 1 and b"there is no qemu-system-x86_64 in PATH; " in r.stderr, r


def bad_accelerators():
    for accel, text in (("xen", "no such accelerator"), ("hvf", "does not have it"), ("nvmm", "does not have it")):
        r = run(env=dict(ENV, QEMU_ACCEL=accel))
        assert r.returncode == 2 and f"QEMU_ACCEL={accel}: " in r.stderr.decode() and text in r.stderr.decode(), r


def bad_words():
    for args, text in ((["-p", "80"], "bad port forward"), (["-p", "1:99999"], "is not a port"),
            (["-m", "1"], "bad memory size"), (["-c", "0"], "bad number of CPUs"), (["-Z"], "unknown option"),
            (["-a", "y" * 300], "too long"), (["-p", "8080:80", "-p", "8080:81"], "forwarded twice")):
        r = run(*args)
        assert r.returncode == 2 and text in r.stderr.decode() and r.stderr.count(b"\n") == 1, (args, r)


def print_only():
    r = run("-n", "-p", "8080:80")
    again = subprocess.run(["sh", "-c", r.stdout], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=DEADLINE)
    assert r.returncode == 0 and r.stdout.count(b"\n") == 1 and again.stdout.startswith(b"guest: "), (r, again)


class Workspace:
    def __init__(self):
        self.dir = tempfile.mkdtemp(dir=TMP.name)
        for d in ("service/web", "service/empty", "etc", "images", "kernels", "sub/dir"):
            os.makedirs(os.path.join(self.dir, d))
        os.symlink(COM, os.path.join(self.dir, "kernels/netbsd-SMOL"))
        for n in ("web-amd64", "web-amd64:v2", "other-amd64"):
            os.symlink(DISK, os.path.join(self.dir, f"images/{n}.img"))

    def conf(self, text):
        with open(os.path.join(self.dir, "etc/web.conf"), "w") as f:
            f.write(text)

    def run(self, *args, where=".", **env):
        return subprocess.run([SMOL, "run", *args], cwd=os.path.join(self.dir, where), env=dict(ENV, **env),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=DEADLINE, text=True)

    def command(self, *args, **kw):
        r = self.run("-n", *args, **kw)
        assert r.returncode == 0, r
        return r.stdout

    def error(self, *args, **kw):
        r = self.run(*args, **kw)
        assert r.returncode == 1 and r.stderr.count("\n") == 1, r
        return r.stderr


def workspace_names():
    w = Workspace()
    for where in (".", "sub/dir"):
        r = w.run("web", where=where)
        assert r.returncode == 0 and r.stdout.startswith("guest: console=com root=ld0a -z "), r
    assert "images/web-amd64:v2.img" in w.command("web-amd64:v2")
    assert "images/other-amd64.img" in w.command("other-amd64")
    assert "file.filename=images/web-amd64.img," in w.command("images/web-amd64.img")
    assert "has no image" in w.error("empty") and "smol build empty" in w.error("empty")
    assert "neither an image nor a service 'nothing'; the services here are empty, web" in w.error("nothing")
    assert "cannot open '../web': No such file" in w.error("../web")
    assert "web-amd64:v3" in w.error("web-amd64:v3")
    os.unlink(os.path.join(w.dir, "kernels/netbsd-SMOL"))
    assert "there is no kernel 'kernels/netbsd-SMOL', and nothing is fetched" in w.error("web")
    assert f"-kernel {COM} " in w.command("web", KERNEL=COM)


def workspace_conf():
    w = Workspace()
    w.conf("mem=512\ncores=2\nroot=NAME=xroot\nhostfwd=::18080-:80,udp::18053-:53\nappend=\"-v a=b\"\n"
        "imgtag=v2\nextra='-D log'\nsharerw=y\n")
    c = w.command("web")
    for text in ("-m 512M ", "-smp 2 ", "'console=com root=NAME=xroot -v a=b'", "hostfwd=tcp::18080-:80,hostfwd=udp::18053-:53 ",
            "web-amd64:v2.img", " -D log\n"):
        assert text in c, (text, c)
    c = w.command("-m", "64", "-c", "1", "-a", "x=y", "-p", "1:2", "web-amd64")
    for text in ("-m 64M ", "-smp 1 ", " -z x=y'", "hostfwd=tcp::1-:2 ", "web-amd64.img"):
        assert text in c, (text, c)
    w.conf("share=/tmp\nfwcfgvar=A=1,B=2\nqmp_port=4444\nmax_ports=3\ndrive2=images/web-amd64.img\nnonet=y\n"
        "extra=\"-D 'my log'\"\n")
    c = w.command("web")
    for text in ("path=/tmp,", "opt/org.smolbsd.var.B,string=2", "localhost:4444", "s-web-p1.sock", "s-web-p2.sock",
            "drive=disk1", "-D 'my log'"):
        assert text in c, (text, c)
    assert "-netdev" not in c
    w.conf("ARCH=i386\nbridgenet=\ninitrd=y\nimg=other-amd64\n")
    assert "it is for i386, this run is for amd64; set ARCH=i386" in w.error("web")
    c = w.command("web", ARCH="i386", KERNEL=COM)
    assert "-initrd images/other-amd64.img " in c and "root=" not in c and "tap" not in c, c
    w.conf("\nhostfwd=8080\n")
    r = w.run("web")
    assert r.returncode == 2 and "etc/web.conf:2: bad port forward '8080': " in r.stderr, r


TESTS = [
    ("the guest ends: 0, its output and one line", guest_ends),
    ("a kernel with viocon_earlyinit gets a virtio console", viocon_by_symbol),
    ("the console that -a names", console_by_argument),
    ("flags in -a replace -z", flags_replace_silent),
    ("closed standard descriptors", closed_descriptors),
    ("slow reader, serial: no byte lost", lambda: slow_reader(COM)),
    ("slow reader, virtio console: no byte lost", lambda: slow_reader(VIOCON)),
    ("input from a pipe, all bytes", input_from_pipe),
    ("INT, TERM, HUP, QUIT", signals),
    ("SIGKILL of smol ends QEMU", killed_smol_takes_qemu_along),
    ("SIGKILL of QEMU: status 1, says so", killed_qemu_is_a_failure),
    ("QEMU ended from outside is not the guest's end", stopped_qemu_from_outside),
    ("reader goes away: 141, silently", reader_goes_away),
    ("output to a full disk", full_disk),
    ("busy ports are named", busy_port),
    ("one writer or many readers of a disk", locked_disk),
    ("no QEMU, or one that is none", bad_backends),
    ("QEMU_ACCEL that cannot be", bad_accelerators),
    ("bad options: status 2, one line", bad_words),
    ("-n prints a command that works", print_only),
    ("services, names and paths", workspace_names),
    ("etc/SERVICE.conf", workspace_conf),
]

sys.exit(main(TESTS))
