#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# Scripts of a build that try to change something outside: whatever they do,
# nothing does.  As the user who runs this, and where that is root as an
# ordinary user too.
#
# usage: postinst_escape.py SMOL

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from scripts import each_user, sha256, smol
from tap import Tap, run

tap = Tap()

ESCAPES = r"""
v=%(victim)s; pid=%(pid)d
try() { "$@" > /dev/null 2>&1 && echo "$*" >> done; }
try_sh() { sh -c "$1" > /dev/null 2>&1 && echo "$1" >> done; }
# By paths, and by links placed in the tree.
ln -s $v out; ln -s ../../../../../../../../.. up; ln -s /build/service svc; ln -s /proc/1/root proc1; ln -s / slash
for d in $v out up$v slash$v proc1$v /proc/1/root$v /proc/1/cwd$v /proc/$pid/root$v /proc/$pid/cwd ../../..$v /build/service svc ../service; do
	try_sh "echo x > $d/new"; try_sh "echo x > $d/file"; try rm $d/file; try mv $d/file $d/file2
	try chmod 600 $d/file; try chown 1 $d/file; try touch -d 2001-01-01 $d/file; try ln $d/file linked; try mkdir $d/dir
	try mknod $d/null c 1 3; try rm -r $d/keep; try rmdir $d/keep; try truncate -s 0 $d/file; try ln -s x $d/x
done
for f in /etc/hostname /etc/shells /.etc/hostname /usr/bin/env /bin/sh /dev/null /dev/zero; do
	try chmod 666 $f; try chown 1 $f; try rm $f; try touch -d 2001-01-01 $f
done
for d in / /usr /usr/bin /etc /.etc /dev /var /proc /build/bin /build/etc /build/fetched /root; do [ $d = /root ] || try touch $d/new; done
try touch /build/bin/smol; try_sh 'echo x > /build/bin/smol'
# Processes.
try kill $pid; try kill -9 1; try kill -0 $pid; try_sh "echo 0 > /proc/$pid/oom_score_adj"; try_sh "echo x > /proc/1/mem"
try cat /proc/$pid/environ; try_sh "ls /proc/$pid/fd"
# Mounts and namespaces.
mkdir m; try mount -t tmpfs none m; try mount --bind / m; try mount -o remount,rw /build/service; try mount -o remount,bind,rw /usr
try umount /build/service; try umount -l /build/bin; try umount /proc; try unshare -U true; try unshare -m true; try unshare -p true
try nsenter -t 1 -m true; try chroot . /bin/true; try pivot_root . m
# The system.
try_sh 'echo smol-escaped > /proc/sys/kernel/hostname'; try hostname smol-escaped; try_sh 'echo h > /proc/sysrq-trigger'
try_sh 'echo x > /dev/kmsg'; try_sh ': < /dev/sda'; try_sh ': < /dev/vda'; try_sh ': < /dev/kvm'; try_sh ': > /dev/tty'; try dmesg -C; try sysctl -w kernel.hostname=smol-escaped
try modprobe loop; try losetup -f; try swapon disk; try date -s 2001-01-01
mknod disk b 254 0; try_sh '[ "$(head -c 1 disk | wc -c)" = 1 ]'
cp /bin/sh rooted; chown 0:0 rooted; chmod 4755 rooted; try_sh "./rooted -p -c 'echo x > /usr/new'"
try su nobody -s /bin/true; try sudo -n true
# Descriptors that came with it.
for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 20 50; do try_sh "[ -e /proc/self/fd/$fd ] && [ \$(readlink /proc/self/fd/$fd | grep -c '^/proc\|pipe') = 0 ]"; done
"""

PYTHON = r"""
import ctypes, os, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
victim, pid, port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
done = open("done", "a")
def attempt(name, fn):
    try:
        if fn() not in (None, -1):
            done.write(name + "\n")
    except Exception:
        pass
def sock(family, address, kind=socket.SOCK_STREAM):
    s = socket.socket(family, kind)
    s.connect(address)
    s.send(b"escaped")
    return 1
attempt("ptrace victim", lambda: libc.ptrace(16, pid, 0, 0))
attempt("ptrace init", lambda: libc.ptrace(16, 1, 0, 0))
attempt("process_vm_writev", lambda: libc.syscall(311, 1, 0, 0, 0, 0, 0))
attempt("tcp", lambda: sock(socket.AF_INET, ("127.0.0.1", port)))
attempt("unix", lambda: sock(socket.AF_UNIX, victim + "/socket"))
attempt("unix by a link", lambda: sock(socket.AF_UNIX, "out/socket"))
attempt("unix by the service", lambda: sock(socket.AF_UNIX, "/build/service/keep/socket"))
attempt("abstract", lambda: sock(socket.AF_UNIX, "\0smol-escape-%d" % pid))
attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM) and 1)
attempt("netlink", lambda: socket.socket(16, socket.SOCK_RAW) and 1)
attempt("socketpair", lambda: socket.socketpair() and 1)
attempt("io_uring", lambda: libc.syscall(425, 1, ctypes.create_string_buffer(120)))
attempt("open_by_handle_at", lambda: libc.syscall(304, -100, ctypes.create_string_buffer(64), 0))
attempt("keyctl", lambda: libc.syscall(250, 0, -3, 0, 0, 0))
attempt("bpf", lambda: libc.syscall(321, 0, ctypes.create_string_buffer(128), 128))
attempt("setuid", lambda: libc.setuid(1))
attempt("setgroups", lambda: libc.setgroups(1, (ctypes.c_uint * 1)(0)))
attempt("prlimit", lambda: libc.syscall(302, pid, 4, ctypes.create_string_buffer(struct.pack("QQ", 0, 0)), 0))
attempt("fsopen", lambda: libc.syscall(430, b"tmpfs", 0))
attempt("a new seccomp listener", lambda: libc.syscall(317, 1, 8, ctypes.create_string_buffer(16)))
attempt("tiocsti", lambda: libc.ioctl(0, 0x5412, b"x"))
# Paths that change while they are looked at.
import threading, time
os.mkdir("race"); open("race/file", "w").close(); os.mkdir("race2")
stop = time.time() + 0.5
def swap():
    while time.time() < stop:
        try:
            os.rename("race", "r"); os.symlink("/build/service/keep", "race"); os.unlink("race"); os.rename("r", "race")
        except OSError:
            pass
t = threading.Thread(target=swap); t.start()
while time.time() < stop:
    for call in (lambda: os.chown("race/file", 1, 1), lambda: os.mknod("race/node", 0o20666, os.makedev(1, 3)), lambda: os.stat("race/file")):
        try:
            call()
        except OSError:
            pass
t.join()
"""


class Outside:
    """What must not change, and somebody who listens."""

    def __init__(self, ws):
        self.ws = ws
        self.dir = tempfile.mkdtemp(prefix="smol-victim.", dir="/tmp")
        for d in (self.dir, ws.path + "/service/keep"):
            os.makedirs(d + "/keep", exist_ok=True)
            for name in ("file", "keep/file"):
                with open(d + "/" + name, "w") as f:
                    f.write("kept")
                os.chmod(d + "/" + name, 0o666)
            for name in (d, d + "/keep"):
                os.chmod(name, 0o777)
        ws.own()
        subprocess.run(["chown", "-R", "%d" % ws.uid, self.dir], check=True)
        self.process = subprocess.Popen(["sleep", "600"], cwd=self.dir, preexec_fn=ws.become)
        self.got = []
        tcp = socket.create_server(("127.0.0.1", 0))
        self.port = tcp.getsockname()[1]
        names = [self.dir + "/socket", ws.path + "/service/keep/socket", "\0smol-escape-%d" % self.process.pid]
        self.listeners = [tcp]
        for name in names:
            s = socket.socket(socket.AF_UNIX)
            s.bind(name)
            s.listen()
            if name[0] != "\0":
                os.chmod(name, 0o777)
            self.listeners.append(s)
        for s in self.listeners:
            threading.Thread(target=self.accept, args=[s], daemon=True).start()
        self.before = self.state()

    def accept(self, s):
        while True:
            try:
                s.accept()
            except OSError:
                return
            self.got.append(s.getsockname())

    def state(self):
        out = {"hostname": socket.gethostname(), "tmp": sorted(n for n in os.listdir("/tmp") if n in ("new", "file", "x"))}
        for top in (self.dir, self.ws.path + "/service"):
            for base, dirs, names in os.walk(top):
                for n in dirs + names:
                    path = os.path.join(base, n)
                    st = os.lstat(path)
                    text = sha256(path) if os.path.isfile(path) else ""
                    out[path] = (st.st_mode, st.st_uid, st.st_gid, st.st_mtime, st.st_nlink, text)
        return out

    def same(self, name):
        after = self.state()
        changed = {k: (self.before.get(k), after.get(k)) for k in set(after) | set(self.before) if self.before.get(k) != after.get(k)}
        tap.same(changed, {}, name + ": no file outside changed")
        tap.ok(self.process.poll() is None, name + ": the process outside lives")
        tap.same(self.got, [], name + ": nobody was reached")

    def control(self):
        """Outside all of that is possible: the test can fail."""
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.dir + "/socket")
        p = subprocess.run(["sh", "-c", "echo x > file; rmdir ../nothing; kill -0 $0", str(self.process.pid)], cwd=self.dir, stderr=subprocess.DEVNULL,
                           preexec_fn=self.ws.become)
        changed = self.state() != self.before
        for _ in range(100):
            if self.got:
                break
            threading.Event().wait(0.02)
        tap.ok(p.returncode == 0 and changed and self.got, "outside it is possible")

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        for s in self.listeners:
            s.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def sleepers(ws):
    """Of the scripts, whoever they run as."""
    return run(["pgrep", "-x", "-f", "sleep 500", "-u", "%d" % (ws.uid or 65534)]).stdout.split()


def test_escapes(ws):
    ws.put("service/esc/options.mk", "IMGSIZE=auto\n")
    ws.put("service/esc/escape.py", PYTHON)
    script = ws.path + "/service/esc/postinst/a.sh"
    ws.put("service/esc/postinst/a.sh", "")
    out = Outside(ws)
    text = ESCAPES % {"victim": out.dir, "pid": out.process.pid}
    text += ": > done2; python3 ../service/esc/escape.py %s %d %d || exit 9\n" % (out.dir, out.process.pid, out.port)
    text += "[ -e done ] || : > done\n"
    with open(script, "w") as f:
        f.write(text)
    ws.own()
    out.before = out.state()
    p = ws.build("esc")
    tap.ok(p.returncode == 0, "a script that tries to get out", p.stderr[-3000:])
    out.same("escapes")
    tap.same(ws.cat("esc", "/done"), "", "nothing that it tried succeeded")
    f = ws.files("esc")
    tap.same((f["/out"]["target"], f["/disk"]["type"]), (out.dir, "block"), "links that lead out are only links, a disk's node is only a name")
    tap.ok(not any(p.startswith(("/out/", "/up/", "/svc/")) for p in f), "what they lead to is not in the image")
    for name, line in (("rm -rf /", "for d in /build /tmp /dev /etc /proc; do rm -rf $d/* 2>/dev/null; done; timeout 1 rm -rf --no-preserve-root / 2>/dev/null; exit 3"), ("kill -9 -1", "kill -9 -1"), ("rm -rf .", "rm -rf ../* 2>/dev/null; exit 3"),
                       ("left behind", "(while :; do echo x > late 2>/dev/null; done) & (setsid sleep 500 &) ; exit 0")):
        with open(script, "w") as f:
            f.write(line + "\n")
        ws.own()
        out.before = out.state()
        p = ws.build("esc")
        tap.ok(p.returncode == (0 if name == "left behind" else 1), "%s: what it gets" % name, p.returncode, p.stderr)
        out.same(name)
    with open(script, "w") as f:
        f.write("setsid sleep 500 &\n: > ../tmp/x; sleep 500\n")
    ws.own()
    killed = subprocess.Popen([smol, "build", "esc"], cwd=ws.path, env=ws.env, preexec_fn=ws.become, stderr=subprocess.DEVNULL)
    for _ in range(200):
        if len(sleepers(ws)) == 2:
            break
        time.sleep(0.02)
    tap.same(len(sleepers(ws)), 2, "a build to be killed")
    killed.kill()
    killed.wait()
    for _ in range(200):
        if not sleepers(ws):
            break
        time.sleep(0.02)
    left = run(["pgrep", "-u", str(ws.uid or 65534), "-x", "-f", "sleep 500"]).stdout
    tap.same(left, "", "and nothing runs on")
    tap.same([n for n in os.listdir(ws.path + "/cache") if n.startswith("scripts")], [], "nor is anything left in the cache")
    out.control()
    out.end()


each_user(tap, test_escapes)
tap.done()
