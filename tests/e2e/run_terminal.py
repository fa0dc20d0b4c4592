#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""smol run and the terminal: raw while the guest runs, restored whatever
happens, keys, job control.

usage: run_terminal.py SMOL [REGEX]	(prints TAP; CC may name the compiler)
"""
import fcntl, os, pty, select, signal, socket, sys, tempfile, termios, time

sys.dont_write_bytecode = True
from guest import COM, DEADLINE, DISK, ENV, SMOL, alive, argv, children, main, qemu_of, state_of, wait_for


class Tty:
    """smol as a shell would run it: a job in the foreground of a terminal."""

    def __init__(self, *args, background=False, command=None, **kw):
        self.background = background
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        ours, theirs = socket.socketpair()
        self.shell = os.fork()
        if self.shell == 0:
            ours.close()
            self.be_shell(theirs, command or argv(*args, **kw))
        theirs.close()
        self.talk = ours.makefile("rw")
        self.pid = int(self.talk.readline())

    def be_shell(self, talk, command):
        os.close(self.master)
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(self.slave, fd)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            if not self.background:
                os.tcsetpgrp(0, os.getpgrp())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            os.execve(command[0], command, ENV)
        talk = talk.makefile("rw")
        talk.write(f"{pid}\n")
        talk.flush()
        if self.background:
            talk.readline()
            os.tcsetpgrp(0, pid)
        while True:
            status = os.waitpid(pid, os.WUNTRACED)[1]
            os.tcsetpgrp(0, os.getpgrp())
            if not os.WIFSTOPPED(status):
                talk.write(f"ended {os.waitstatus_to_exitcode(status)}\n")
                talk.flush()
                talk.readline()
                os._exit(0)
            talk.write("stopped\n")
            talk.flush()
            talk.readline()
            os.tcsetpgrp(0, pid)
            os.kill(-pid, signal.SIGCONT)

    def until(self, text):
        end = time.monotonic() + DEADLINE
        while text not in self.seen and time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 4096)
                except OSError:
                    break
        assert text in self.seen, (text, self.seen)

    def type(self, keys):
        os.write(self.master, keys)

    def raw(self):
        return not termios.tcgetattr(self.slave)[3] & termios.ICANON

    def restored(self):
        return wait_for(lambda: termios.tcgetattr(self.slave) == self.before, 5)

    def say(self):
        """To the shell: continue the job, or go home."""
        self.talk.write("\n")
        self.talk.flush()

    def state(self):
        return self.talk.readline().strip()

    def close(self):
        self.say()
        os.waitpid(self.shell, 0)
        os.close(self.master)
        os.close(self.slave)


def tty_is_raw_and_comes_back():
    t = Tty()
    assert t.state() == "ended 0" and t.restored()
    t.until(b"smol: the guest ended\r\n")
    t.close()


def tty_interrupt():
    t = Tty(what="guest.hang")
    t.until(b"hanging")
    assert t.raw()
    t.type(b"\x03")
    assert t.state() == "ended 130" and t.restored()
    t.until(b"hanging\r\nsmol: interrupted\r\n")
    t.close()


def tty_survives(sig, to_qemu, status):
    t = Tty(what="guest.hang")
    t.until(b"hanging")
    assert t.raw()
    kids = children(t.pid)
    assert len(kids) == 2, kids
    status = [f"ended {s}" for s in status]
    os.kill(qemu_of(t.pid) if to_qemu else t.pid, sig)
    assert t.state() in status and t.restored(), "terminal"
    assert wait_for(lambda: not any(map(alive, kids)), 5), "something lingers"
    t.close()


def tty_killed_group():
    """SIGKILL for the whole job, as a shell's kill -9 %1 does."""
    t = Tty(what="guest.hang")
    t.until(b"hanging")
    kids = children(t.pid)
    os.killpg(t.pid, signal.SIGKILL)
    assert t.state() == "ended -9" and t.restored() and wait_for(lambda: not any(map(alive, kids)), 5)
    t.close()


def tty_all_keys():
    t = Tty("-it", what="guest.echo")
    t.until(b"smol: all keys are the guest's; Ctrl-A x ends it, Ctrl-A Ctrl-A is Ctrl-A\r\n")
    t.until(b"echoing\r\n")
    t.type(b"\x03\x1a\x1c\x11\r\n\x01\x01\x01z")
    t.until(b"<03><1a><1c><11><0d><0a><01>")
    t.type(b"\x01x")
    assert t.state() == "ended 130" and t.restored()
    assert b"7a" not in t.seen
    t.close()


def tty_stop_and_continue():
    t = Tty(what="guest.echo")
    t.until(b"echoing\r\n")
    for _ in range(2):
        qemu = qemu_of(t.pid)
        t.type(b"\x1a")
        assert t.state() == "stopped" and t.restored()
        assert wait_for(lambda: state_of(qemu) == "T", 5), "the machine still runs"
        t.say()
        assert wait_for(t.raw, 5)
    t.type(b"q")
    assert t.state() == "ended 0" and t.restored()
    t.until(b"<71>\r\nsmol: the guest ended")
    t.close()


def tty_killed_while_stopped():
    """The shell has the terminal: the guardian must not touch it."""
    t = Tty(what="guest.hang")
    t.until(b"hanging")
    kids = children(t.pid)
    t.type(b"\x1a")
    assert t.state() == "stopped"
    new = termios.tcgetattr(t.slave)
    new[3] &= ~termios.ECHO
    termios.tcsetattr(t.slave, termios.TCSANOW, new)
    os.kill(t.pid, signal.SIGKILL)
    t.say()
    assert t.state() == "ended -9" and wait_for(lambda: not any(map(alive, kids)), 5)
    assert termios.tcgetattr(t.slave) == new
    t.close()


def tty_background():
    """smol &, then fg: it takes the terminal only when it is given it."""
    t = Tty(background=True, what="guest.echo")
    t.until(b"echoing")
    t.type(b"mine\n")
    time.sleep(0.3)
    assert termios.tcgetattr(t.slave) == t.before and b"<" not in t.seen
    assert os.read(t.slave, 5) == b"mine\n"
    t.say()
    assert wait_for(t.raw, 5)
    t.type(b"\x03")
    assert t.state() == "ended 130" and t.restored()
    t.close()


def tty_start():
    """As with startnb.sh all keys are the guest's."""
    with tempfile.TemporaryDirectory() as where:
        command = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', where, SMOL, "start", "-k", COM, "-a", "guest.echo", "-i", DISK]
        t = Tty(command=command)
        t.until(b"echoing\r\n")
        t.type(b"\x03\x1a")
        t.until(b"<03><1a>")
        t.type(b"\x01xq")
        assert t.state() == "ended 130" and t.restored() and b"<71>" not in t.seen
        t.close()


def tty_pty_command():
    """The command has the terminal, and what it does to it is undone."""
    script = "stty raw -echo; exec 3<>$0; printf q >&3; cat <&3; sleep 60"
    t = Tty(f"--pty=sh -c '{script}'", what="guest.echo")
    t.until(b"<71>")
    assert t.state() == "ended 0" and t.restored()
    t.close()


def tty_use_pty():
    """At a terminal, without a command: all keys, no pseudo-terminal."""
    t = Tty("--pty", what="guest.echo")
    t.until(b"smol: all keys are the guest's")
    t.until(b"echoing\r\n")
    t.type(b"\x03q")
    t.until(b"<03><71>")
    assert t.state() == "ended 0" and t.restored() and b"/dev/pts" not in t.seen
    t.close()


TESTS = [
    ("comes back after the guest's end", tty_is_raw_and_comes_back),
    ("^C", tty_interrupt),
    ("SIGTERM", lambda: tty_survives(signal.SIGTERM, False, [143])),
    ("SIGHUP", lambda: tty_survives(signal.SIGHUP, False, [129])),
    ("SIGQUIT", lambda: tty_survives(signal.SIGQUIT, False, [131])),
    ("SIGSEGV of smol", lambda: tty_survives(signal.SIGSEGV, False, [-11, 1])),
    ("SIGKILL of smol", lambda: tty_survives(signal.SIGKILL, False, [-9])),
    ("SIGKILL of smol's process group", tty_killed_group),
    ("SIGKILL of QEMU", lambda: tty_survives(signal.SIGKILL, True, [1])),
    ("all keys to the guest", tty_all_keys),
    ("^Z and fg, twice", tty_stop_and_continue),
    ("SIGKILL while stopped leaves it to the shell", tty_killed_while_stopped),
    ("a background job", tty_background),
    ("smol start", tty_start),
    ("a command at the pseudo-terminal", tty_pty_command),
    ("--pty at a terminal", tty_use_pty),
]

sys.exit(main(TESTS))
