# SPDX-License-Identifier: BSD-2-Clause
#
# A workspace whose services have scripts, and the users that build there.

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from synth.tiny import make_sets  # noqa: E402
from tap import run  # noqa: E402

smol = os.path.abspath(sys.argv[1])
env = {k: v for k, v in os.environ.items() if not k.startswith(("SMOL_", "SOURCE_DATE", "XDG_", "ARCH", "NONET"))}
env["ARCH"] = "amd64"
USERS = [12345, 0] if os.getuid() == 0 else [os.getuid()]


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Workspace:
    """A directory with service/ and sets/, of the user who builds there."""

    def __init__(self, uid):
        self.uid = uid
        self.path = tempfile.mkdtemp(prefix="smol-postinst.")
        os.chmod(self.path, 0o755)
        self.env = dict(env, SMOL_CACHE=self.path + "/cache", SMOL_HOME=self.path + "/store", HOME=self.path)
        make_sets(self.path + "/sets/amd64")
        self.put("service/common/choupi", "STAR=star\n")
        self.own()

    def put(self, path, data, mode=0o644):
        path = os.path.join(self.path, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(data)
        os.chmod(path, mode)

    def own(self):
        if self.uid != os.getuid():
            subprocess.run(["chown", "-R", "%d:%d" % (self.uid, self.uid), self.path], check=True)

    def become(self):
        if self.uid != os.getuid():
            os.setgroups([])
            os.setresgid(self.uid, self.uid, self.uid)
            os.setresuid(self.uid, self.uid, self.uid)

    def build(self, *args, wrap=(), **extra):
        self.own()
        return run([*wrap, smol, "build", *args], cwd=self.path, env=dict(self.env, **extra), preexec_fn=self.become)

    def image(self, service, *args):
        return run([smol, "image", args[0], *args[1:-1], "images/%s-amd64.img:%s" % (service, args[-1])], cwd=self.path, env=self.env)

    def cat(self, service, path):
        return self.image(service, "cat", path).stdout

    def files(self, service):
        """path -> what is known of it."""
        p = self.image(service, "ls", "-Rai", "--json", "/")
        return {f["path"]: f for f in json.loads(p.stdout)} if p.returncode == 0 else {}

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


def each_user(tap, test):
    """Calls test with a workspace of each user that there can be."""
    for uid in USERS:
        ws = Workspace(uid)
        tap.note("as user %d" % uid)
        ws.put("service/probe/postinst/a.sh", "true\n")
        ws.put("service/probe/options.mk", "IMGSIZE=auto\n")
        p = ws.build("probe")
        if p.returncode != 0 and "cannot be run here" in p.stderr:
            tap.skip("scripts as user %d" % uid, p.stderr.strip())
        else:
            shutil.rmtree(ws.path + "/service/probe")
            test(ws)
        ws.remove()
    if os.getuid() != 0:
        tap.skip("all this as root", "not run as root")
