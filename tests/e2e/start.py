#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""smol start, and what smol run shares with it: consoles elsewhere, sockets,
detached machines, what the host gives a guest.  Guests: the small one of
guest.c, and the probe with a script as its /etc/rc.

usage: start.py SMOL PROBE [REGEX]	(prints TAP; CC may name the compiler)
"""
import json, os, shutil, signal, socket, subprocess, sys, time, urllib.request

sys.dont_write_bytecode = True
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
PROBE = os.path.abspath(sys.argv.pop(2))
from synth.disk import SWAP, make_mbr
from guest import COM, DEADLINE, DISK, ENV, SMOL, TMP, alive, main, qemu_of, wait_for

DIR = os.path.join(TMP.name, "ws")
PROBE_VIOCON = os.path.join(TMP.name, "probe-viocon")
RUNTIME = os.path.join(TMP.name, "runtime")
ENV["XDG_RUNTIME_DIR"] = RUNTIME
images = 0


def prepare():
    for d in (RUNTIME, DIR + "/service/web", DIR + "/etc", DIR + "/images", DIR + "/share"):
        os.makedirs(d, 0o700, exist_ok=True)
    with open(DIR + "/share/f", "w") as f:
        f.write("from the host\n")
    # The symbol by which smol knows a kernel with a virtio console.
    if not os.path.exists(PROBE_VIOCON):
        subprocess.check_call(["objcopy", "--redefine-sym", "viocon_find=viocon_earlyinit", PROBE, PROBE_VIOCON])


def image(*script):
    """An image whose probe runs that script: its path from the workspace."""
    global images
    prepare()
    images += 1
    root = os.path.join(TMP.name, f"root{images}")
    os.makedirs(root + "/etc")
    os.makedirs(root + "/var/www")
    with open(root + "/var/www/index.html", "w") as f:
        f.write("<h1>it is the probe</h1>\n")
    with open(root + "/etc/rc", "w") as f:
        f.write("\n".join(["#!probe", *script]) + "\n")
    subprocess.check_call([SMOL, "image", "make", "-o", f"{DIR}/images/i{images}.img", root], stdout=subprocess.DEVNULL)
    return f"images/i{images}.img"


def conf(text, name="web"):
    prepare()
    with open(f"{DIR}/etc/{name}.conf", "w") as f:
        f.write(text)


def smol(*args, **kw):
    prepare()
    kw.setdefault("stdin", subprocess.DEVNULL)
    env = dict(ENV, **kw.pop("env", {}))
    return subprocess.run([SMOL, *args], cwd=DIR, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=DEADLINE, text=True, errors="replace", **kw)


def probe(*args, what="start", **kw):
    kernel = kw.pop("kernel", PROBE_VIOCON)
    return smol(what, "-k", kernel, *args, **kw)


class Running:
    """smol in the background; its output read as far as a test wants it."""

    def __init__(self, *args):
        prepare()
        self.p = subprocess.Popen([SMOL, *args], cwd=DIR, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.seen = b""

    def until(self, text):
        while text not in self.seen:
            b = os.read(self.p.stdout.fileno(), 4096)
            assert b, (text, self.seen, self.p.stderr.read())
            self.seen += b

    def end(self, sig=None):
        if sig:
            self.p.send_signal(sig)
        out, err = self.p.communicate(timeout=DEADLINE)
        self.seen += out
        return self.p.returncode, err.decode()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def read_until(s, text):
    seen = b""
    s.settimeout(DEADLINE)
    while text not in seen:
        b = s.recv(4096)
        assert b, (text, seen)
        seen += b
    return seen


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(DEADLINE)
    s.connect(os.path.join(DIR, path))
    return s


def one_line(r, status, text):
    assert r.returncode == status and text in r.stderr and r.stderr.count("\n") == 1 and r.stdout == "", (text, r)


class Detached:
    """Started with -d: what it said, and its supervisor."""

    def __init__(self, *args):
        self.r = smol(*args)
        assert self.r.returncode == 0, self.r
        self.name = self.r.stdout.strip()
        self.pid = int(self.said("end it with: kill "))
        self.dir = os.path.join(RUNTIME, "smol", self.name)

    def said(self, text):
        return next(l.split(text, 1)[1] for l in self.r.stderr.splitlines() if text in l)

    def log(self):
        with open(self.dir + "/console.log", "rb") as f:
            return f.read()

    def result(self):
        assert wait_for(lambda: not alive(self.pid) and os.path.exists(self.dir + "/result"))
        with open(self.dir + "/result") as f:
            return f.read()


# --- the end ---

def jemata():
    r = probe("-n", "1", "-i", image("say no JEMATA!", "say JEMAT", "print here", "say JEMATA!", "sleep 60"))
    assert r.returncode == 0 and r.stderr.endswith("smol: the guest is done\n") and "here" in r.stdout, r
    assert not os.path.exists(DIR + "/qemu-i1.pid")
    # The console is a serial line, but there is a port.
    r = probe("-n", "1", "-i", image("print here", "say JEMATA!", "sleep 60"), kernel=PROBE)
    assert r.returncode == 0 and r.stderr.endswith("smol: the guest is done\n") and "console com0" in r.stdout, r


def halted():
    words = ["print", "print The operating system has halted.", "print Please press any key to reboot.", "print"]
    r = probe("-i", image(*words, "sleep 60"))
    assert r.returncode == 0 and r.stderr == "smol: the guest has halted\n" and "halted" in r.stdout, r
    r = probe("-i", image(*words, "print more", "print x", "exit 0"))
    assert r.returncode == 0 and r.stderr == "smol: the guest ended\n" and "more" in r.stdout, r


def panicked():
    words = "print [   1.2345678] panic: lock error"
    r = probe("-i", image("print no panic: here", words, "print db{0}>", "sleep 60"))
    assert r.returncode == 3 and r.stderr == "smol: the guest panicked\n" and "db{0}>" in r.stdout, r
    r = probe("-i", image(words, "exit 0"))
    assert r.returncode == 3 and r.stderr == "smol: the guest panicked\n", r


def pid_file():
    p = Running("start", "-k", COM, "-a", "guest.hang", "-i", DISK)
    p.until(b"hanging")
    with open(DIR + "/qemu-disk.pid") as f:
        pid = int(f.read())
    assert pid == qemu_of(p.p.pid)
    one_line(smol("start", "-k", COM, "-s", "-i", DISK), 1, f"this machine runs already: process {pid} holds ")
    os.kill(pid, signal.SIGTERM)
    assert p.end() == (0, "smol: stopped from outside\n")
    assert not os.path.exists(DIR + "/qemu-disk.pid")


# --- console ports ---

def host_sockets():
    p = Running("start", "-n", "2", "-k", PROBE_VIOCON, "-i", image("print ready", "say hello", "hear", "hear", "say JEMATA!", "sleep 60"))
    p.until(b"ready")
    names = [f"s-i{images}-p{n}.sock" for n in (1, 2)]
    one, two = map(connect, names)
    read_until(one, b"hello\n")
    assert b"busy" in read_until(connect(names[0]), b"\n")
    one_line(probe("-s", "-n", "1", "--name", f"i{images}", "-i", image()), 1, "runs already")
    one.sendall(b"first\n")
    p.until(b"heard: first")
    one.close()
    time.sleep(0.2)
    again = connect(names[0])
    again.sendall(b"second\n")
    p.until(b"heard: second")
    code, err = p.end()
    assert code == 0 and all(f"smol: host socket {n}: {names[n - 1]}\n" in err for n in (1, 2)), (code, err)
    assert not any(os.path.exists(f"{DIR}/{n}") for n in names)


def socket_files():
    i = image("print ready", "sleep 60")
    stale = f"{DIR}/s-x-p1.sock"
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(stale)
    p = Running("run", "--sockets", "1", "--name", "x", "-k", PROBE_VIOCON, i)
    p.until(b"ready")
    connect("s-x-p1.sock").close()
    one_line(probe("--sockets", "1", "--name", "x", i, what="run"), 1, "'s-x-p1.sock' is in use by another instance")
    assert os.path.exists(stale)
    assert p.end(signal.SIGTERM)[0] == 143 and not os.path.exists(stale)
    with open(stale, "w"):
        pass
    one_line(probe("--sockets", "1", "--name", "x", i, what="run"), 1, "'s-x-p1.sock' is in the way")
    os.unlink(stale)
    assert "bad" in probe("--sockets", "31", i, what="run").stderr


def nobody_reads_port_1():
    """More than all buffers hold, and the guest goes on."""
    r = probe("-n", "1", "-i", image(*["say " + "x" * 200] * 70, "print through", "exit 0"))
    assert r.returncode == 0 and "through" in r.stdout, r


# --- the console elsewhere ---

def telnet_detached():
    port = free_port()
    d = Detached("start", "-d", "-t", str(port), "-k", COM, "-a", "guest.echo", "-i", DISK)
    assert d.name == "disk" and f"console: telnet localhost {port}" in d.r.stderr
    assert wait_for(lambda: b"echoing" in d.log(), 10)
    one_line(smol("run", "-d", "--name", "disk", "-k", COM, DISK), 1, f"an instance 'disk' runs already; end it with 'kill {d.pid}'")
    s = socket.create_connection(("127.0.0.1", port))
    seen = read_until(s, b"echoing\r\n")
    assert seen.startswith(b"\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00guest: "), seen
    assert b"busy" in read_until(socket.create_connection(("127.0.0.1", port)), b"\n")
    # A telnet client's answers are no input; IAC IAC is one byte.
    s.sendall(b"\xff\xfd\x01\xff\xfd\x03\xff\xfb\x00a\xff\xff\xff\xfa\x18\x00x\xff\xf0b\r\0")
    read_until(s, b"<61><ff><62><0d><00>")
    s.close()
    time.sleep(0.1)
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(b"\xff\xfc\x00c\r\0q")
    read_until(s, b"<63><0d><71>")
    assert d.result() == "the guest ended\n" and b"<71>" in d.log()
    assert os.stat(d.dir).st_mode & 0o777 == 0o700


def detached_ends():
    d = Detached("run", "-d", "--name", "two", "-k", COM, "-a", "guest.hang", DISK)
    qemu = qemu_of(d.pid)
    assert d.name == "two" and os.getsid(d.pid) == d.pid
    os.kill(d.pid, signal.SIGTERM)
    assert d.result().startswith("ended by signal 15") and not alive(qemu)
    d = Detached("run", "-d", "--name", "two", "-k", COM, "-a", "guest.hang", DISK)
    qemu = qemu_of(d.pid)
    os.kill(d.pid, signal.SIGKILL)
    assert wait_for(lambda: not alive(qemu), 5), "QEMU outlives its supervisor"
    d = Detached("run", "-d", "--name", "two", "-k", COM, "-a", "guest.hang", DISK)
    os.kill(qemu_of(d.pid), signal.SIGKILL)
    assert "failed: killed by signal 9" in d.result()


def detached_log_is_bounded():
    d = Detached("run", "-d", "--name", "flood", "-k", COM, "-a", "guest.flood", DISK)
    assert d.result() == "the guest ended\n"
    sizes = [os.stat(d.dir + n).st_size for n in ("/console.log.1", "/console.log")]
    assert sizes[0] == 1 << 20 and 0 < sizes[1] < 4096, sizes
    assert d.log().endswith(b"00007fff this line has 32 bytes\n")


def detached_without_runtime_dir():
    """Else in /tmp, in a directory of ours alone."""
    top = f"/tmp/smol-{os.geteuid()}"
    name = f"test-{os.getpid()}"
    r = smol("run", "-d", "--name", name, "-k", COM, DISK, env={"XDG_RUNTIME_DIR": ""})
    assert r.returncode == 0 and f"console log: {top}/{name}/console.log" in r.stderr, r
    assert os.stat(top).st_mode & 0o777 == 0o700
    assert wait_for(lambda: os.path.exists(f"{top}/{name}/result"))
    shutil.rmtree(f"{top}/{name}")
    try:
        os.rmdir(top)
    except OSError:
        pass  # others have theirs there
    os.makedirs(RUNTIME + "/open/smol")
    os.chmod(RUNTIME + "/open/smol", 0o755)
    r = smol("run", "-d", "-k", COM, DISK, env={"XDG_RUNTIME_DIR": RUNTIME + "/open"})
    one_line(r, 1, "is not a directory that is yours alone")


def serial_in_the_foreground():
    port = free_port()
    p = Running("run", "--serial", str(port), "-k", COM, "-a", "guest.echo", DISK)
    p.until(b"echoing")
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(b"q")
    read_until(s, b"<71>")
    code, err = p.end()
    assert code == 0 and b"<71>" in p.seen and f"smol: console: telnet localhost {port}\n" in err, err


def pty_detached():
    d = Detached("start", "-P", "-d", "-k", COM, "-a", "guest.echo", "-i", DISK)
    fd = os.open(d.said("console: /dev").join(["/dev", ""]), os.O_RDWR | os.O_NOCTTY)
    seen = b""
    while b"echoing" not in seen:
        seen += os.read(fd, 4096)
    os.write(fd, b"\x03q")
    while b"<03><71>" not in seen:
        seen += os.read(fd, 4096)
    os.close(fd)
    assert d.result() == "the guest ended\n"


def pty_command():
    prepare()
    script = DIR + "/attach"
    with open(script, "w") as f:
        f.write("#!/bin/sh\nexec 3<>$2\nhead -c 12 <&3\nprintf z >&3\nhead -c 9 <&3\necho \"[$1]\"\n")
    os.chmod(script, 0o755)
    r = smol("run", f"--pty={script} 'an argument'", "-k", COM, "-a", "guest.echo", DISK)
    assert r.returncode == 0 and "guest: " in r.stdout and r.stdout.endswith("[an argument]\n"), r
    assert r.stderr.endswith("smol: the program at the console ended, and the machine with it\n"), r
    r = smol("run", "--pty=/nonexistent/x", "-k", COM, "-a", "guest.hang", DISK)
    assert r.returncode == 1 and "cannot start '/nonexistent/x'" in r.stderr, r


# --- what the guest gets ---

def forwards():
    a, b, c = free_port(), free_port(), free_port()
    conf(f"hostfwd=::{a}-:80,tcp:127.0.0.1:{b}-:80,127.0.0.1:{c}:80,udp::{a}-:53\nlogin=ssh\n", "fwd")
    p = Running("start", "-k", PROBE_VIOCON, "-f", "etc/fwd.conf", "-i", image("serve /var/www 80"))
    p.until(b"serving")
    for port in (a, b, c):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=DEADLINE) as f:
            assert b"it is the probe" in f.read()
    code, err = p.end(signal.SIGINT)
    assert code == 130 and "log in" not in err, (code, err)


def login():
    port = free_port()
    conf(f"hostfwd=::{port}-:22\nlogin=ssh\n", "log")
    r = probe("-f", "log", "-i", image("exit 0"))
    assert r.returncode == 0 and f"smol: log in with: ssh -p {port} ssh@localhost\n" in r.stderr, r


def guest_values():
    i = image("fwcfg", "share f", "disks", "exit 0")
    with open(DIR + "/value", "w") as f:
        f.write("of the file")
    r = probe("-i", i, "-e", "A=1,B=two words", "-E", "F=value", "-w", "share")
    for text in ("var.A = 1\n", "var.B = two words\n", "file.F = of the file\n", "share vio9p0\n", "from the host\n"):
        assert text in r.stdout.replace("\r", ""), (text, r)
    conf("fwcfgvar=A=1,C=3\nshare=share\nfwcfgfile=F=value\n", f"i{images}x")
    os.rename(f"{DIR}/{i}", f"{DIR}/images/i{images}x-amd64.img")
    r = probe("-e", "A=a,b", "-e", "HERE", "-e", "UNSET_HERE", f"i{images}x", what="run", env={"HERE": "there"})
    for text in ("var.A = a,b\n", "var.C = 3\n", "var.HERE = there\n", "file.F = of the file\n", "from the host\n"):
        assert text in r.stdout.replace("\r", ""), (text, r)
    assert "UNSET" not in r.stdout
    r = probe("-v", DIR + "/share:ro", "--file", "G=value", f"i{images}x", what="run")
    assert "from the host" in r.stdout and "file.G = of the file" in r.stdout, r
    assert "readonly=on" in probe("-n", "-v", DIR + "/share:ro", f"i{images}x", what="run").stdout


def second_disk():
    second = DIR + "/second"
    for what, written in (("run", False), ("start", True)):
        with open(second, "wb") as f:
            f.truncate(1 << 20)
        i = image("disks", "write 1 reached", "exit 0")
        r = probe("--drive", "second", *(["-i", i] if what == "start" else [i]), what=what)
        with open(second, "rb") as f:
            found = f.read(7)
        assert r.returncode == 0 and "disk 1: 2048 sectors" in r.stdout and (found == b"reached") == written, (r, found)


def initrd():
    i = image()
    # The partition alone: not what is before it, nor the backup GPT.
    size = os.stat(f"{DIR}/{i}").st_size - 512 * 1024 - 33 * 512
    for args in (("start", "-I", "-k", PROBE, "-a", "probe.fast=1", "-i", i), ("run", "--initrd", "-k", PROBE, "-a", "probe.fast=1", i)):
        p = Running(*args)
        p.until(b"initrd of %d bytes" % size)
        p.until(b"no root")
        p.end(signal.SIGTERM)
        assert b" blk@" not in p.seen


def no_network():
    i = image("exit 0")
    for r in (probe("-N", "-i", i), probe("--network", "none", i, what="run")):
        assert r.returncode == 0 and "virtio blk@" in r.stdout and " net@" not in r.stdout, r
    assert " net@" in probe("-i", i).stdout
    conf("hostfwd=::8180-:80\n", "net")
    assert probe("-f", "net", "-N", "-i", i).returncode == 0
    one_line(probe("-N", "-p", "8180:80", "-i", i), 2, "without network")


def qmp():
    port = free_port()
    p = Running("run", "--qmp", str(port), "-k", COM, "-a", "guest.hang", DISK)
    p.until(b"hanging")
    with socket.create_connection(("127.0.0.1", port)) as s:
        f = s.makefile("rw")
        assert "QMP" in json.loads(f.readline())
        for command in ("qmp_capabilities", "quit"):
            f.write(json.dumps({"execute": command}) + "\n")
            f.flush()
        assert p.end() == (0, f"smol: QMP: localhost:{port}\nsmol: stopped from outside\n")


def locks():
    first = Running("start", "-k", COM, "-a", "guest.hang", "-i", DISK)
    first.until(b"hanging")
    r = smol("start", "--name", "b", "-k", COM, "-i", DISK), smol("run", "-k", COM, DISK)
    assert first.end(signal.SIGTERM)[0] == 143
    one_line(r[0], 1, "is in use by another instance")
    one_line(r[1], 1, "is being written by another instance")
    first = Running("start", "-s", "-k", COM, "-a", "guest.hang", "-i", DISK)
    first.until(b"hanging")
    r = smol("start", "-s", "--name", "b", "-k", COM, "-i", DISK)
    first.end(signal.SIGTERM)
    assert r.returncode == 0, r


# --- words ---

def order_of_flags():
    conf("mem=512\ncores=2\nimg=images/x.img\nextra=\"-D 'a b' -d unimp\"\nappend=\"-v a\"\nmax_ports=3\n", "o")
    os.path.exists(DIR + "/images/x.img") or os.symlink(DISK, DIR + "/images/x.img")
    r = smol("start", "-v", "-k", COM, "-m", "64", "-f", "etc/o.conf", "-c", "1")
    for text in ("-m 512M ", "-smp 1 ", "'console=com root=ld0a -v a'", " -D 'a b' -d unimp\n", "-pidfile qemu-o.pid ",
            "s-o-p1.sock", "s-o-p2.sock"):
        assert r.returncode == 0 and text in r.stdout, (text, r)
    r = smol("start", "-v", "-k", COM, "-f", "o", "-m", "64", "-x", "-foo \"b'c\" d\\ e", "-n", "0", "-a", "x")
    for text in ("-m 64M ", "'console=com root=ld0a x'", " -foo 'b'\\''c' 'd e'\n"):
        assert text in r.stdout, (text, r)
    assert ".sock" not in r.stdout
    assert "usage: smol start" in smol("start", "-h").stdout
    r = smol("start", "-v", "-k", COM, "-m", "99", env={"NBIMG": "x"})
    assert "images/x.img" in r.stdout and "-m 99M" in r.stdout, r
    os.path.exists(DIR + "/images/w-i386:v1.img") or os.symlink(DISK, DIR + "/images/w-i386:v1.img")
    r = subprocess.run([SMOL, "start", "-v", "-k", COM, "-i", "w-i386:v1"], cwd=DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={k: v for k, v in ENV.items() if k != "ARCH"}, text=True)
    assert "-name w " in r.stdout and "w-i386:v1.img" in r.stdout and "-pidfile qemu-w.pid" in r.stdout, r


def root_of_disklabel():
    """Without a GPT the label says which partition the root is."""
    prepare()
    for before, letter in (((), "a"), (((64, 64, SWAP),), "b")):
        make_mbr(DIR + "/images/label.img", bytes(1 << 20), before=before)
        r = smol("start", "-v", "-k", COM, "-i", "label")
        assert f"'console=com root=ld0{letter} " in r.stdout, (letter, r)


def errors():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        busy = str(s.getsockname()[1])
        for args, status, text in (
                (["-t", busy], 1, f"port 127.0.0.1:{busy} is in use by another program; choose another with "),
                (["-d", "-t", busy], 1, f"port 127.0.0.1:{busy} is in use by another program; choose another with "),
                (["-p", f"{busy}:80"], 1, f"port {busy} is in use by another program; choose another with -p"),
                (["-p", "1.2.3.400:1:1"], 2, "is not an IPv4 address"),
                (["-p", "192.0.2.1:8181:80"], 1, "this host does not have that address"),
                (["-k", "none"], 1, "cannot open the kernel 'none': No such file"),
                (["-w", "none"], 1, "cannot share the directory 'none': No such file"),
                (["-w", "/etc/passwd"], 1, "cannot share '/etc/passwd': it is no directory"),
                (["-E", "F=none"], 1, "cannot open 'none', the guest's opt/org.smolbsd.file.F: No such file"),
                (["-E", "F"], 2, "bad guest file 'F'"),
                (["-l", "none"], 1, "'none'"),
                (["-i", "none"], 1, "there is no image 'images/none.img'; name one with -i"),
                (["-i", "none.img"], 1, "there is no image 'none.img'"),
                (["-i", "images/NetBSD-amd64-live.img"], 1, "'smol fetch live' gets it"),
                (["-f", "none.conf"], 1, "none.conf"),
                (["-n", "31"], 2, "number of console sockets"),
                (["-t", "x"], 2, "serial port"),
                (["-x", "a 'b"], 2, "a ' is not closed"),
                (["-m", "x"], 2, "bad memory size"),
                (["--name", "a/b"], 2, "bad machine name"),
                (["-d", "--name", ".a"], 2, "begin with a dot"),
                (["-c", "0"], 2, "number of CPUs"),
                (["-Z"], 2, "unknown option '-Z'"),
                (["word"], 2, "'word' is no option"),
                (["-n", "1", "--name", "n" * 100], 2, "socket"), (["-c", "x"], 2, "number of CPUs")):
            one_line(smol("start", "-k", COM, "-i", DISK, *args), status, text)
        one_line(smol("run", "--qmp", busy, "-k", COM, DISK), 1, f"port 127.0.0.1:{busy} is in use")
    # Somebody who may make taps has no error: then QEMU's own script may fail, which is another line.
    r = smol("start", "-b", "-k", COM, "-i", DISK)
    assert r.returncode == 0 or (r.stderr.count("\n") == 1 and "tap interface" in r.stderr), r
    conf("\nserial_port=99999\n", "bad")
    one_line(smol("start", "-f", "bad", "-k", COM, "-i", DISK), 2, "etc/bad.conf:2: bad serial port '99999'")
    one_line(smol("start"), 2, "no image: name one with -i")
    for args, text in ((["-d", "-t"], "one or the other"), (["--unlocked"], "needs --rw"), (["-v", "/a:/b"], "want DIR or DIR:ro"),
            (["--network", "x"], "want user, restricted or none"), (["-e", "=x"], "bad guest variable")):
        one_line(smol("run", "-k", COM, *args, DISK), 2, text)


TESTS = [
    ("JEMATA! on port 1 ends it, without socat", jemata),
    ("halt is the end, its words alone are not", halted),
    ("a panic is told, and ends what nobody looks at", panicked),
    ("qemu-NAME.pid", pid_file),
    ("-n: host sockets, both ways, one client", host_sockets),
    ("stale, live and false socket files", socket_files),
    ("nobody reads port 1", nobody_reads_port_1),
    ("-d -t: telnet and raw clients, log, second start", telnet_detached),
    ("ends of a detached machine", detached_ends),
    ("the log is bounded", detached_log_is_bounded),
    ("state directory in /tmp", detached_without_runtime_dir),
    ("--serial in the foreground", serial_in_the_foreground),
    ("-P -d: a pseudo-terminal", pty_detached),
    ("--pty=COMMAND", pty_command),
    ("forwards in both spellings, tcp and udp", forwards),
    ("how to log in", login),
    ("variables, files, shares", guest_values),
    ("second disk", second_disk),
    ("initrd", initrd),
    ("no network", no_network),
    ("QMP for others", qmp),
    ("the image's lock, and -s", locks),
    ("flags and conf in their order", order_of_flags),
    ("the root of a disklabel", root_of_disklabel),
    ("errors: one line, the right status", errors),
]

if __name__ == "__main__":
    sys.exit(main(TESTS))
