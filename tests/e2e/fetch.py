#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# smol fetch against a server that misbehaves in every way it can: one clear
# line, and no later run takes for good what was not.  TAP.
#
#   fetch.py SMOL

import bz2
import concurrent.futures
import gzip
import hashlib
import io
import itertools
import json
import os
import pty
import random
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
from badserver import BadServer, File  # noqa: E402
from tap import Tap, run  # noqa: E402

tap = Tap()
smol = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="smol-fetch.")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
env = {k: v for k, v in os.environ.items() if not k.startswith(("SMOL_", "XDG_")) and k.lower() not in PROXIES and
       k not in ("ARCH", "DIST", "KDIST", "PKGSITE", "NONET", "NO_COLOR", "SSL_CERT_FILE", "CURL_CA_BUNDLE")}
env.update(SMOL_CACHE=os.path.join(work, "cache"), SMOL_HOME=os.path.join(work, "no-store"), ARCH="amd64")
BASE = random.Random(1).randbytes(300000) if hasattr(random.Random, "randbytes") else os.urandom(300000)
LIST, SET = "/d/sets/SHA512", "/d/sets/base.tar.xz"


def sums(**files):
    return "".join("SHA512 (%s) = %s\n" % (n.replace("__", "."), hashlib.sha512(d).hexdigest()) for n, d in files.items()).encode()


LISTED = sums(base__tar__xz=BASE)
numbers = itertools.count()


def workspace():
    ws = os.path.join(work, "ws%d" % next(numbers))
    os.makedirs(os.path.join(ws, "service", "x", "etc"))
    return ws


def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except FileNotFoundError:
        return None


def fetch(ws, *args, **kw):
    return run([smol, "fetch", *args], cwd=ws, env=dict(env, **kw.pop("env", {})), timeout=60, **kw)


def get(server, ws, *args, **kw):
    """The set "base" of the server, quietly, without waiting long."""
    return fetch(ws, "-q", "--timeout", "1", "--retries", kw.pop("retries", "0"), "sets", "base", "DIST=%s/d" % server.url, *args, **kw)


def one_line(p, *parts):
    return p.returncode == 1 and p.stdout == "" and p.stderr.startswith("smol: ") and p.stderr.count("\n") == 1 and \
        all(x in p.stderr for x in parts)


def base(ws):
    return read(ws + "/sets/amd64/base.tar.xz")


# --- each way to misbehave ---

# Modes of the set's requests, what the line says, requests that are made.
BAD = [
    (["cut"], "the connection ended after 150000 of 300000 bytes", 1),
    (["cut-unnamed"], "the connection ended after 150000 of 300000 bytes", 1),
    (["cut-unsized"], "its SHA512 is not what", 1),
    (["longer"], "its SHA512 is not what", 1),
    (["corrupt"], "its SHA512 is not what", 1),
    (["huge"], "more than 16.0 GiB is not taken", 1),
    (["reset"], "", 1),
    (["nothing"], "", 1),
    (["stall"], "it stalls: under 100 bytes a second for 1 seconds", 1),
    (["stall-head"], "it stalls", 1),
    (["silent"], "it stalls", 1),
    (["drip"], "it stalls", 1),
    (["404"], "HTTP 404 Not Found", 1),
    (["403"], "HTTP 403 Forbidden", 1),
    (["500"], "HTTP 500 Internal Server Error", 1),
    (["503 after 3600"], "HTTP 503 Service Unavailable: it asks to come back in 3600 seconds", 1),
    (["304"], "HTTP 304 Not Modified\n", 1),
    (["418"], "HTTP 418\n", 1),
    (["bad-range"], "HTTP 206 Partial Content\n", 1),
    (["loop"], "more than 10 redirects", 11),
    (["to file:///etc/passwd"], "a redirect to file:///etc/passwd, which is refused", 1),
    (["to gopher://127.0.0.1/"], "which is refused", 1),
]


def on_their_own(case, rows):
    """Each row with a server of its own, several at a time: they wait more than they work."""
    def alone(row):
        server = BadServer()
        try:
            return list(case(server, *row))
        finally:
            server.end()

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        for points in pool.map(alone, rows):
            for good, name, *details in points:
                tap.ok(good, name, *details)


def bad(server, modes, says, requests):
    ws, name = workspace(), modes[0]
    server.files = {LIST: File(LISTED), SET: File(BASE, modes)}
    p = get(server, ws)
    yield one_line(p, "cannot fetch '%s%s'" % (server.url, SET), says), "%s: one line says so" % name, p.returncode, p.stderr
    yield base(ws) is None and len(server.of(SET)) == requests, "%s: no file, and %d requests" % (name, requests), len(server.of(SET))
    server.files[SET] = File(BASE)
    p = get(server, ws)
    yield p.returncode == 0 and base(ws) == BASE, "%s: a good run after it" % name, p.stderr
    left = sorted(os.listdir(ws + "/sets/amd64"))
    yield left == [".SHA512", ".SHA512.json", ".base.tar.xz.json", "base.tar.xz"], "%s: nothing else is left" % name, left


# --- what may pass ---

RETRIED = [(["503", "good"], 2), (["429", "500", "good"], 3), (["nothing", "reset", "good"], 3), (["503 after 1", "good"], 2),
           (["stall", "good"], 2)]
FINAL = [(["404"], 1), (["403"], 1), (["corrupt"], 1), (["loop"], 11)]


def retried(server, modes, requests):
    ws, name = workspace(), ", ".join(modes)
    server.files = {LIST: File(LISTED), SET: File(BASE, modes)}
    start = time.monotonic()
    p = get(server, ws, retries="2")
    took = time.monotonic() - start
    yield p.returncode == 0 and base(ws) == BASE and len(server.of(SET)) == requests, "%s: tried again" % name, p.stderr, len(server.of(SET))
    if "after" in name:
        yield 1 <= took < 10, "Retry-After: 1 is waited for", took


def final(server, modes, requests):
    server.files = {LIST: File(LISTED), SET: File(BASE, modes)}
    p = get(server, workspace(), retries="2")
    yield one_line(p) and len(server.of(SET)) == requests, "%s: not tried again" % modes[0], p.stderr, len(server.of(SET))


def test_bad(server):
    on_their_own(bad, BAD)


def test_retries(server):
    on_their_own(retried, RETRIED)
    on_their_own(final, FINAL)
    server.files = {LIST: File(LISTED), SET: File(BASE, ["503"])}
    p = get(server, workspace(), retries="1")
    tap.ok(one_line(p, "HTTP 503 Service Unavailable; 2 attempts"), "the line counts attempts", p.stderr)


# --- going on ---

def test_resume(server):
    def begun(**file):
        ws = workspace()
        server.files = {LIST: File(LISTED), SET: File(BASE, ["cut"], **file)}
        get(server, ws)
        server.requests.clear()
        return ws

    def point(ws, name, ranges):
        p = get(server, ws)
        seen = [(h.get("Range"), h.get("If-Range")) for h in server.of(SET)]
        tap.ok(p.returncode == 0 and base(ws) == BASE and seen == ranges, name, p.stderr, seen)

    named = 'bytes=150000-'
    ws = begun()
    f = server.files[SET] = File(BASE)
    point(ws, "goes on where an earlier run ended (ETag)", [(named, f.etag)])
    ws = begun(etag="")
    server.files[SET] = File(BASE, etag="")
    point(ws, "goes on where an earlier run ended (date)", [(named, f.date)])
    ws = begun(etag='W/"weak"')
    server.files[SET] = File(BASE, etag='W/"weak"')
    point(ws, "a weak ETag is not used for that", [(named, f.date)])
    ws = begun(etag="", date="")
    server.files[SET] = File(BASE)
    point(ws, "neither ETag nor date: from the beginning", [(None, None)])
    ws = begun()
    server.files[SET] = File(BASE, etag='"new"')
    point(ws, "changed in between: the server begins anew", [(named, f.etag)])
    ws = begun()
    server.files[SET] = File(BASE, ["noranges"])
    point(ws, "no ranges there: from the beginning", [(named, f.etag)])
    ws = begun()
    server.files[SET] = File(BASE, ["bad-range", "good"])
    point(ws, "a range that was not asked for: from the beginning", [(named, f.etag), (None, None)])
    # The part on the disk is not what the server has, though the ETag is the same: checked, and begun anew.
    ws = begun()
    part = ws + "/sets/amd64/.base.tar.xz.part"
    put(part, b"x" * 150000)
    server.files[SET] = File(BASE)
    point(ws, "a damaged part: noticed, and from the beginning", [(named, f.etag), (None, None)])
    ws = begun()
    put(ws + "/sets/amd64/.base.tar.xz.part", BASE)
    point(ws, "a part that is whole needs no request", [])
    ws = begun()
    put(ws + "/sets/amd64/.base.tar.xz.part", BASE + b"more")
    server.files[SET] = File(BASE)
    point(ws, "a part that is too long (416): from the beginning", [("bytes=300004-", f.etag), (None, None)])
    ws = begun()
    os.unlink(ws + "/sets/amd64/.base.tar.xz.part.json")
    server.files[SET] = File(BASE)
    point(ws, "a part of which nothing is known: from the beginning", [(None, None)])
    # Within one run.
    ws = workspace()
    f = File(BASE, ["cut", "good"])
    server.files = {LIST: File(LISTED), SET: f}
    server.requests.clear()
    p = get(server, ws, retries="1")
    tap.ok(p.returncode == 0 and base(ws) == BASE and server.of(SET)[1].get("Range") == named, "goes on within a run", p.stderr)


def test_conditional(server):
    ws = workspace()
    server.files = {LIST: File(LISTED), SET: File(BASE)}
    p = fetch(ws, "sets", "base", "DIST=%s/d" % server.url)
    tap.ok(p.returncode == 0 and "sets/amd64/base.tar.xz: fetched, 293 KiB, SHA512 checked\n" == p.stdout and
           p.stderr == "fetching %s%s (293 KiB)\n" % (server.url, SET), "off a terminal: plain lines", p.stdout, p.stderr)
    server.requests.clear()
    p = fetch(ws, "sets", "base", "DIST=%s/d" % server.url)
    tap.ok(p.returncode == 0 and p.stdout == "sets/amd64/base.tar.xz: unchanged\n" and p.stderr == "", "a second run: unchanged", p.stdout)
    tap.same([(path, h.get("If-None-Match")) for path, h in server.requests], [(LIST, server.files[LIST].etag)],
             "one conditional request (ETag), answered by 304")
    server.files[LIST].etag = server.files[SET].etag = ""
    os.unlink(ws + "/sets/amd64/.SHA512")
    get(server, ws)
    server.requests.clear()
    p = get(server, ws)
    tap.ok(p.returncode == 0 and [h.get("If-Modified-Since") for _, h in server.requests] == [server.files[LIST].date], "by date too",
           server.requests)
    # Changed here: fetched anew.  The user's own that has the right digest: taken over.
    put(ws + "/sets/amd64/base.tar.xz", b"mine")
    get(server, ws)
    tap.ok(base(ws) == BASE, "a file that was changed here is fetched anew")
    ws = workspace()
    put(ws + "/sets/amd64/base.tar.xz", BASE)
    server.requests.clear()
    p = get(server, ws)
    tap.ok(p.returncode == 0 and server.of(SET) == [], "a file of unknown origin with the right digest is not fetched", p.stderr)
    new = BASE[::-1]
    server.files = {LIST: File(sums(base__tar__xz=new), date="Wed, 02 Sep 2026 00:00:00 GMT"), SET: File(new)}
    p = get(server, ws)
    tap.ok(p.returncode == 0 and base(ws) == new, "what is new there is fetched", p.stderr)
    server.files[LIST] = File(sums(base__tar__xz=BASE), date="Thu, 03 Sep 2026 00:00:00 GMT")
    p = get(server, ws)
    tap.ok(one_line(p, "its SHA512 is not what %s%s says" % (server.url, LIST)) and base(ws) == new, "a list that does not match: the old file stays",
           p.stderr)


def test_unverified(server):
    ws = workspace()
    server.files = {SET: File(BASE)}
    p = get(server, ws)
    tap.ok(one_line(p, "there is no '%s%s' to check base.tar.xz by" % (server.url, LIST), "--unverified") and base(ws) is None,
           "no list: refused", p.stderr)
    p = get(server, ws, "--unverified")
    tap.ok(p.returncode == 0 and base(ws) == BASE, "... but with --unverified", p.stderr)
    server.requests.clear()
    p = get(server, ws, "--unverified")
    tap.ok(p.returncode == 0 and [h.get("If-None-Match") for h in server.of(SET)] == [server.files[SET].etag], "and then asked for by ETag",
           p.stderr)
    ws = workspace()
    server.files = {LIST: File(sums(etc__tar__xz=b"e")), SET: File(BASE)}
    p = get(server, ws)
    tap.ok(one_line(p, "does not list base.tar.xz"), "a list without the file: refused", p.stderr)
    p = get(server, ws, "--unverified")
    tap.ok(p.returncode == 0 and base(ws) == BASE, "... but with --unverified", p.stderr)
    ws = workspace()
    server.files = {LIST: File(sums(base__tar__xz=b"other")), SET: File(BASE)}
    p = get(server, ws, "--unverified")
    tap.ok(one_line(p, "its SHA512 is not what") and base(ws) is None, "a digest that does not match is refused even so", p.stderr)
    p = fetch(ws, "-q", "--timeout", "1", "sets", "base", "DIST=ftp://127.0.0.1/d")
    tap.ok(p.returncode == 2 and p.stderr.count("\n") == 1 and "want http://, https:// or file://" in p.stderr, "ftp: refused", p.stderr)
    # A list that came in part is not believed again, though the server says that it has not changed.
    ws = workspace()
    server.files = {LIST: File(sums(a__tgz=b"a", b__tgz=b"b", base__tar__xz=BASE), ["cut-unsized", "good"]), SET: File(BASE)}
    p = get(server, ws)
    tap.ok(one_line(p, "does not list base.tar.xz"), "half of a list", p.stderr)
    p = get(server, ws)
    tap.ok(p.returncode == 0 and base(ws) == BASE, "is fetched anew", p.stderr)
    server.files = {LIST: File(b"x", ["endless"])}
    p = get(server, workspace())
    tap.ok(one_line(p, "it is longer than 256 MiB"), "a list without end: refused", p.stderr)


# --- several, and several at once ---

def test_several(server):
    ws = workspace()
    data = {n: os.urandom(20000) for n in ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")}
    server.files = {"/d/sets/%s.tgz" % n: File(d, rate=100000) for n, d in data.items()}
    server.files[LIST] = File("".join("%s  %s.tgz\n" % (hashlib.sha512(d).hexdigest(), n) for n, d in data.items()).encode())
    start = time.monotonic()
    p = fetch(ws, "--json", "sets", "SETSEXT=tgz", *data, "DIST=%s/d" % server.url)
    took = time.monotonic() - start
    good = all(read("%s/sets/amd64/%s.tgz" % (ws, n)) == d for n, d in data.items())
    tap.ok(p.returncode == 0 and good and took < 1.5, "ten sets that take 0.2 s each: %.2f s" % took, p.stderr)
    j = json.loads(p.stdout)["files"]
    tap.ok(len(j) == 10 and all(f["outcome"] == "fetched" and f["bytes"] == 20000 and f["digest"].startswith("SHA512:") and f["error"] is None
                                for f in j), "--json tells of each", p.stdout)
    server.files["/d/sets/b.tgz"].modes = ["404"]
    server.files["/d/sets/c.tgz"].modes = ["403"]
    shutil.rmtree(ws + "/sets")
    p = fetch(ws, "--json", "-q", "sets", "SETSEXT=tgz", *data, "DIST=%s/d" % server.url)
    j = json.loads(p.stdout)["files"]
    tap.ok(p.returncode == 1 and sorted(f["outcome"] for f in j) == ["failed"] * 2 + ["fetched"] * 8, "two fail, eight come", p.stdout)
    tap.ok(p.stderr.count("\n") == 2 and "b.tgz': HTTP 404" in p.stderr and "c.tgz': HTTP 403" in p.stderr, "a line for each failure", p.stderr)
    server.files["/d/sets/b.tgz"].modes = ["503 after 1", "404"]
    shutil.rmtree(ws + "/sets")
    p = fetch(ws, "-q", "--retries", "1", "sets", "SETSEXT=tgz", "b", "c", "DIST=%s/d" % server.url)
    tap.ok([line.split("sets/")[-1] for line in p.stderr.splitlines()] == ["b.tgz': HTTP 404 Not Found", "c.tgz': HTTP 403 Forbidden"],
           "once, whichever fails first", p.stderr)
    tap.ok([f["error"] for f in j if f["url"].endswith("/c.tgz")][0].endswith("HTTP 403 Forbidden"), "--json has the errors", p.stdout)


def test_two(server):
    ws = workspace()
    server.files = {LIST: File(LISTED), SET: File(BASE, rate=300000)}
    server.requests.clear()
    command = [smol, "fetch", "sets", "base", "DIST=%s/d" % server.url]
    ps = [subprocess.Popen(command, cwd=ws, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    outs = [p.communicate(timeout=30) for p in ps]
    tap.ok(all(p.returncode == 0 for p in ps) and base(ws) == BASE and len(server.of(SET)) == 1, "three at once: one fetches", outs,
           len(server.of(SET)))
    tap.ok("another smol fetches it: waiting" in "".join(o[1] for o in outs), "the others say that they wait", outs)
    # The one that fetches is killed: the next goes on.
    ws = workspace()
    server.requests.clear()
    ps = [subprocess.Popen(command, cwd=ws, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)]
    while not server.of(SET):
        time.sleep(0.01)
    time.sleep(0.3)
    ps.append(subprocess.Popen(command, cwd=ws, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    time.sleep(0.1)
    ps[0].kill()
    ps[0].wait()
    tap.ok(ps[1].wait(timeout=30) == 0 and base(ws) == BASE and (server.of(SET)[-1].get("Range") or "bytes=0-") != "bytes=0-",
           "one is killed: the other goes on where it ended", server.of(SET))


def test_kills(server, rounds=100):
    ws, rng, seed = workspace(), random.Random(), random.randrange(1 << 30)
    rng.seed(seed)
    tap.note("seed %d" % seed)
    path = ws + "/sets/amd64/base.tar.xz"
    server.files = {LIST: File(LISTED), SET: File(BASE, rate=3000000)}
    start = time.monotonic()
    get(server, ws)
    took = time.monotonic() - start
    shutil.rmtree(ws + "/sets")
    server.requests.clear()
    wrong, killed, whole, strange = [], 0, 0, []
    known = {".SHA512", ".SHA512.json", "base.tar.xz"} | {".%s%s" % (n, s) for n in ("base.tar.xz", "SHA512")
                                                        for s in (".json", ".lock", ".part", ".part.json")}
    for i in range(4 * rounds):
        if killed == rounds:
            break
        p = subprocess.Popen([smol, "fetch", "-q", "sets", "base", "DIST=%s/d" % server.url], cwd=ws, env=env, stderr=subprocess.DEVNULL)
        time.sleep(rng.random() * min(took, 0.15))
        p.kill()
        killed += p.wait() == -9
        now = base(ws)
        if now is not None and now != BASE:
            wrong.append("round %d: %d bytes" % (i, len(now)))
        if os.path.isdir(os.path.dirname(path)):
            # A state or list in the making has a name of its own between link and rename.
            names = {n for n in os.listdir(os.path.dirname(path)) if not n.split(".json.")[-1].replace("-", "").isdigit()}
            strange += sorted(names - known)
        if now is not None:
            whole += 1
            for n in (path, os.path.dirname(path) + "/.base.tar.xz.json"):
                if os.path.exists(n):
                    os.unlink(n)
    ranges = sum(1 for h in server.of(SET) if h.get("Range"))
    p = get(server, ws, retries="1")
    tap.ok(p.returncode == 0 and base(ws) == BASE, "after %d kills a good run" % killed, p.stderr)
    tap.ok(not wrong, "never a file that is not whole", *wrong)
    tap.ok(not strange, "no file but those that are named", *strange)
    tap.ok(killed == rounds and ranges > 5, "%d were killed before their end, %d after; %d went on with a part" % (killed, whole, ranges))


# --- the disk, the terminal, the network's ways ---

def test_full(server):
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    ws = workspace()
    mnt = ws + "/sets"
    os.makedirs(mnt)
    if shutil.which("unshare") is None or run(unshare + ["mount", "-t", "tmpfs", "none", mnt]).returncode != 0:
        tap.skip("a full disk", "no tmpfs of our own")
        return
    server.files = {LIST: File(LISTED), SET: File(BASE)}
    script = 'mount -t tmpfs -o size=160k none sets && { "$@"; s=$?; find sets -type f | sort; exit $s; }'
    p = run(unshare + ["sh", "-c", script, "sh", smol, "fetch", "-q", "sets", "base", "DIST=%s/d" % server.url], cwd=ws, env=env)
    tap.ok(p.returncode == 1 and p.stderr.count("\n") == 1 and "cannot write 'sets/amd64/.base.tar.xz.part': No space left" in p.stderr,
           "a full disk: one line says so", p.returncode, p.stderr)
    tap.same(p.stdout, "", "a full disk: nothing of it is left")


def test_terminal(server):
    ws = workspace()
    server.files = {LIST: File(LISTED), SET: File(BASE, rate=300000)}
    parent, child = pty.openpty()
    p = subprocess.Popen([smol, "fetch", "sets", "base", "DIST=%s/d" % server.url], cwd=ws, env=dict(env, TERM="xterm"),
                         stdout=subprocess.PIPE, stderr=child, text=True)
    os.close(child)
    drawn = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:
            break
        if not piece:
            break
        drawn += piece
    os.close(parent)
    out = p.communicate()[0]
    tap.ok(p.returncode == 0 and b" % " in drawn and b"of 293 KiB" in drawn, "a terminal has a bar", drawn)
    tap.ok(drawn.rstrip().endswith(b"\x1b[J"), "which is wiped in the end", drawn[-200:])
    tap.same(out, "sets/amd64/base.tar.xz: fetched, 293 KiB, SHA512 checked\n", "and the result is a line")


def test_offline(server):
    ws = workspace()
    server.files = {LIST: File(LISTED), SET: File(BASE)}
    server.requests.clear()
    for p in (get(server, ws, "--offline"), get(server, ws, env={"NONET": "y"})):
        tap.ok(one_line(p, "there is no set 'sets/amd64/base.tar.xz'", "--offline", server.url + SET), "offline: what is missing, and where it is",
               p.stderr)
    get(server, ws)
    server.requests.clear()
    p = get(server, ws, "--offline")
    tap.ok(p.returncode == 0 and server.requests == [], "offline, and it is here: nothing is asked for", p.stderr)
    p = fetch(ws, "-q", "--retries", "0", "sets", "base", env={"DIST": server.url + "/d"})
    tap.ok(p.returncode == 0 and len(server.requests) == 1, "DIST of the environment", p.stderr)


def test_proxy(server):
    ws = workspace()
    far = "http://sets.invalid"
    server.files = {far + LIST: File(LISTED), far + SET: File(BASE)}
    server.requests.clear()
    command = ("-q", "--retries", "0", "--timeout", "1", "sets", "base", "DIST=%s/d" % far)
    p = fetch(ws, *command, env={"http_proxy": server.url})
    tap.ok(p.returncode == 0 and base(ws) == BASE and len(server.of(far + SET)) == 1, "http_proxy is asked", p.stderr)
    server.requests.clear()
    p = fetch(workspace(), *command, env={"http_proxy": server.url, "no_proxy": "sets.invalid"})
    tap.ok(one_line(p) and server.requests == [], "but not for no_proxy", p.stderr)
    ws = workspace()
    put(ws + "/.netrc", b"machine 127.0.0.1 login me password secret\n")
    server.files = {LIST: File(LISTED), SET: File(BASE)}
    server.requests.clear()
    p = get(server, ws, env={"HOME": ws})
    tap.ok(p.returncode == 0 and [h.get("Authorization") for h in server.of(SET)] == ["Basic bWU6c2VjcmV0"], "a password from ~/.netrc", p.stderr)


def test_tls(server):
    if shutil.which("openssl") is None:
        tap.skip("https", "openssl is not installed")
        return
    key, cert = os.path.join(work, "key.pem"), os.path.join(work, "cert.pem")
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    secure = BadServer(context)
    secure.files = {LIST: File(LISTED), SET: File(BASE)}
    server.files = {LIST: File(LISTED), SET: File(BASE)}
    ws = workspace()
    p = get(secure, ws)
    tap.ok(one_line(p, "certificate"), "https: a certificate that nobody vouches for is refused", p.stderr)
    p = get(secure, ws, env={"SSL_CERT_FILE": cert})
    tap.ok(p.returncode == 0 and base(ws) == BASE, "https, by SSL_CERT_FILE", p.stderr)
    ws = workspace()
    secure.files[SET].modes = ["to %s%s" % (server.url, SET)]
    p = get(secure, ws, env={"SSL_CERT_FILE": cert})
    tap.ok(one_line(p, "a redirect from https to http://127.0.0.1") and base(ws) is None, "from https to http: refused", p.stderr)
    server.files[SET].modes = ["to %s%s" % (secure.url, SET)]
    secure.files[SET].modes = ["good"]
    p = get(server, ws, env={"SSL_CERT_FILE": cert})
    tap.ok(p.returncode == 0 and base(ws) == BASE, "from http to https: followed", p.stderr)
    secure.end()


def test_file():
    ws = workspace()
    put(work + "/dist/sets/base.tar.xz", BASE)
    put(work + "/dist/sets/SHA512", LISTED)
    command = ("-q", "sets", "base", "DIST=file://%s/dist" % work)
    p = fetch(ws, *command)
    tap.ok(p.returncode == 0 and base(ws) == BASE, "file://", p.stderr)
    put(work + "/dist/sets/base.tar.xz", BASE[:1000])
    shutil.rmtree(ws + "/sets")
    p = fetch(ws, *command)
    tap.ok(one_line(p, "its SHA512 is not what") and base(ws) is None, "file://: truncated", p.stderr)
    os.unlink(work + "/dist/sets/base.tar.xz")
    p = fetch(ws, *command)
    tap.ok(one_line(p, "cannot fetch 'file://%s/dist/sets/base.tar.xz': no such file" % work), "file://: not there", p.stderr)


# --- kernels, packages, live images, builds ---

def test_kernel(server):
    kernel = os.urandom(50000)
    digest = hashlib.sha256(kernel).hexdigest()
    for form in ("%s  netbsd-SMOL\n", "SHA256 (netbsd-SMOL) = %s\n", "%s\n"):
        ws = workspace()
        server.files = {"/k/netbsd-SMOL": File(kernel), "/k/netbsd-SMOL.sha256": File((form % digest).encode())}
        p = fetch(ws, "kernel", "KDIST=%s/k" % server.url)
        tap.ok(p.returncode == 0 and read(ws + "/kernels/netbsd-SMOL") == kernel and "SHA256 checked" in p.stdout,
               "kernel, by %r" % form, p.stderr)
    for arch, name in (("i386", "netbsd-SMOL386"), ("evbarm-aarch64", "netbsd-SMOL-aarch64.img")):
        server.files = {"/k/" + name: File(kernel), "/k/%s.sha256" % name: File(digest.encode())}
        p = fetch(ws, "-q", "--arch", arch, "kernel", "KDIST=%s/k/" % server.url)
        tap.ok(p.returncode == 0 and read("%s/kernels/%s" % (ws, name)) == kernel, "kernel of " + arch, p.stderr)


def test_packages(server):
    packages = {"curl-8.9.1.tgz": b"old" * 1000, "curl-8.10.0nb1.tgz": b"new" * 1000, "curl-lite-9.0.tgz": b"lite" * 1000}
    text = "".join("PKGNAME=%s\nFILE_NAME=%s\nFILE_SIZE=%d\nFILE_CKSUM=SHA512 %s\n\n" %
                   (n[:-4], n, len(d), hashlib.sha512(d).hexdigest()) for n, d in packages.items())
    bare = "".join("PKGNAME=%s\n\n" % n[:-4] for n in packages)
    files = {"/p/" + n: File(d) for n, d in packages.items()}
    site = "PKGSITE=%s/p" % server.url
    for summary, pack in (("pkg_summary.gz", gzip.compress), ("pkg_summary.bz2", bz2.compress), ("pkg_summary", bytes)):
        ws = workspace()
        server.files = dict(files, **{"/p/" + summary: File(pack(text.encode()))})
        p = fetch(ws, "pkgs", "curl", "curl-lite", site)
        tap.ok(p.returncode == 0 and read(ws + "/pkgs/amd64/curl-8.10.0nb1.tgz") == packages["curl-8.10.0nb1.tgz"] and
               read(ws + "/pkgs/amd64/curl-lite-9.0.tgz") == packages["curl-lite-9.0.tgz"] and p.stdout.count("SHA512 checked") == 2,
               "packages by " + summary, p.stdout, p.stderr)
    p = fetch(ws, "pkgs", "curl-8.9.1.tgz", site)
    tap.same(read(ws + "/pkgs/amd64/curl-8.9.1.tgz"), packages["curl-8.9.1.tgz"], "a certain version")
    p = fetch(ws, "-q", "pkgs", "wget", site)
    tap.ok(one_line(p, "%s/p/pkg_summary: no package matches 'wget'" % server.url), "a package that is not there", p.stderr)
    server.files["/p/curl-8.10.0nb1.tgz"] = File(b"short")
    p = fetch(workspace(), "-q", "pkgs", "curl", site)
    tap.ok(one_line(p, "it is 5 bytes long, not 3000"), "a package of another length", p.stderr)
    put(ws + "/service/x/options.mk", b"ADDPKGS=curl-lite\n")
    shutil.rmtree(ws + "/pkgs")
    p = fetch(ws, "-q", "pkgs", "x", site)
    tap.ok(p.returncode == 0 and read(ws + "/pkgs/amd64/curl-lite-9.0.tgz") == packages["curl-lite-9.0.tgz"], "ADDPKGS of a service", p.stderr)
    # No digests in the summary: the site's list.
    listed = "".join("SHA512 (%s) = %s\n" % (n, hashlib.sha512(d).hexdigest()) for n, d in packages.items()).encode()
    ws = workspace()
    server.files = dict(files, **{"/p/pkg_summary.gz": File(gzip.compress(bare.encode()))})
    p = fetch(ws, "-q", "pkgs", "curl", site)
    tap.ok(one_line(p, "to check curl-8.10.0nb1.tgz by", "--unverified"), "no digest of it anywhere: refused", p.stderr)
    p = fetch(ws, "-q", "--unverified", "pkgs", "curl", site)
    tap.ok(p.returncode == 0 and read(ws + "/pkgs/amd64/curl-8.10.0nb1.tgz") == packages["curl-8.10.0nb1.tgz"], "... but with --unverified", p.stderr)
    ws = workspace()
    server.files["/p/SHA512.bz2"] = File(bz2.compress(listed))
    p = fetch(ws, "pkgs", "curl", site)
    tap.ok(p.returncode == 0 and "SHA512 checked" in p.stdout, "checked by SHA512.bz2", p.stdout, p.stderr)
    ws = workspace()
    server.files = dict(files, **{"/p/pkg_summary.gz": File(gzip.compress(text.encode()), ["cut-unsized", "good"])})
    p = fetch(ws, "-q", "pkgs", "curl", site)
    tap.ok(one_line(p, "its gzip data is cut off"), "half of a summary", p.stderr)
    p = fetch(ws, "-q", "pkgs", "curl", site)
    tap.ok(p.returncode == 0 and read(ws + "/pkgs/amd64/curl-8.10.0nb1.tgz") == packages["curl-8.10.0nb1.tgz"], "is fetched anew", p.stderr)
    server.files = {}
    p = fetch(ws, "-q", "pkgs", "curl", site)
    tap.ok(one_line(p, "is PKGSITE right?"), "a site without a summary", p.stderr)


def test_live(server):
    ws = workspace()
    path = ws + "/images/NetBSD-amd64-live.img"
    image = b"boot" * 1000 + bytes(3 << 20) + b"end!" * 1000
    old, new = gzip.compress(b"old"), gzip.compress(image)
    names = ("NetBSD-11.99.9-amd64-live.img.gz", "NetBSD-11.99.10-amd64-live.img.gz")
    server.files = {"/i/" + names[0]: File(old), "/i/" + names[1]: File(new),
                    "/i/SHA512": File("".join("SHA512 (%s) = %s\n" % (n, hashlib.sha512(d).hexdigest()) for n, d in
                                              zip(names, (old, new))).encode())}
    args = ("live", "LIVEIMGGZ=%s/i/NetBSD-*-amd64-live.img.gz" % server.url)
    p = fetch(ws, *args)
    tap.ok(p.returncode == 0 and read(path) == image, "the live image: the newest that matches, unpacked", p.stderr)
    tap.ok(os.stat(path).st_blocks * 512 < 1 << 20, "and sparse", os.stat(path).st_blocks)
    tap.ok(sorted(os.listdir(ws + "/images")) == [".NetBSD-amd64-live.img.json", ".SHA512", ".SHA512.json", "NetBSD-amd64-live.img"],
           "nothing else is left", os.listdir(ws + "/images"))
    p = fetch(ws, *args)
    tap.ok(p.stdout == "images/NetBSD-amd64-live.img: unchanged\n" and len(server.of("/i/" + names[1])) == 1, "unchanged", p.stdout)
    with open(path, "ab") as f:
        f.write(b"grown")
    p = fetch(ws, *args)
    tap.ok(p.returncode == 0 and ": kept" in p.stdout and read(path) == image + b"grown", "one that was used is kept", p.stdout)
    os.unlink(path)
    server.files["/i/" + names[1]].modes = ["corrupt"]
    p = fetch(ws, "-q", *args)
    tap.ok(one_line(p, "its SHA512 is not what") and read(path) is None, "a corrupted one: refused", p.stderr)


def test_build(server):
    def tar(**files):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:xz", format=tarfile.USTAR_FORMAT) as t:
            for n, d in files.items():
                ti = tarfile.TarInfo("./" + n.replace("__", "/"))
                ti.size, ti.mtime = len(d), 1700000000
                t.addfile(ti, io.BytesIO(d))
        return out.getvalue()

    ws = workspace()
    sets = {"base": tar(bin__sh=b"sh", sbin__init=b"init"), "etc": tar(etc__rc=b"rc")}
    server.files = {"/d/sets/%s.tar.xz" % n: File(d) for n, d in sets.items()}
    server.files[LIST] = File(sums(base__tar__xz=sets["base"], etc__tar__xz=sets["etc"]))
    server.requests.clear()
    command = [smol, "build", "IMGSIZE=auto", "DIST=%s/d" % server.url, "x"]
    p = run(command + ["--offline"], cwd=ws, env=env)
    tap.ok(p.returncode == 1 and p.stderr.count("\n") == 1 and "there is no set 'sets/amd64/base.tar.xz'" in p.stderr and
           "nor is there sets/amd64/etc.tar.xz" in p.stderr and server.requests == [], "build --offline names what is missing", p.stderr)
    p = run(command + ["--json"], cwd=ws, env=env)
    tap.ok(p.returncode == 0 and json.loads(p.stdout)["path"] == "images/x-amd64.img" and p.stderr.count("checked") == 2,
           "build fetches what is missing", p.stderr)
    server.requests.clear()
    p = run(command, cwd=ws, env=env)
    tap.ok(p.returncode == 0 and server.requests == [] and p.stderr == "", "a second build asks for nothing", p.stderr)
    os.unlink(ws + "/sets/amd64/etc.tar.xz")
    server.files["/d/sets/etc.tar.xz"].modes = ["404"]
    image = read(ws + "/images/x-amd64.img")
    p = run(command, cwd=ws, env=env)
    tap.ok(p.returncode == 1 and "smol: build x: cannot fetch '%s/d/sets/etc.tar.xz': HTTP 404" % server.url in p.stderr and
           read(ws + "/images/x-amd64.img") == image, "build: a set that does not come", p.stderr)


def test_usage(server):
    ws = workspace()
    for args, says in (((), "what is to be fetched?"), (("frob",), "cannot fetch 'frob'"), (("pkgs",), "which pkgs?"),
                       (("kernel", "y"), "there is no service 'y'"), (("pkgs", "../x", "PKGSITE=" + server.url), "bad package '../x'"),
                       (("--timeout", "0", "sets"), "bad timeout '0'"), (("sets", "--arch", "vax"), "unknown architecture 'vax'")):
        p = fetch(ws, *args)
        tap.ok(p.returncode == 2 and says in p.stderr and p.stderr.count("\n") == 1, "usage: %s" % (" ".join(args) or "nothing"), p.stderr)


def main():
    server = BadServer()
    start = time.monotonic()
    for test in (test_bad, test_retries, test_resume, test_conditional, test_unverified, test_several, test_two, test_kills, test_full,
                 test_terminal, test_offline, test_proxy, test_tls, test_kernel, test_packages, test_live, test_build, test_usage):
        begun = time.monotonic()
        test(server)
        tap.note("%s: %.1f s" % (test.__name__, time.monotonic() - begun))
    test_file()
    server.end()
    tap.note("%.1f s" % (time.monotonic() - start))
    shutil.rmtree(work, ignore_errors=True)
    tap.done()


if __name__ == "__main__":
    main()
