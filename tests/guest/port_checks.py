"""What is checked of a server in the guest that is reached over a virtserialport: p9ls, p9cat and p9fuse on this side,
through the chardev's Unix socket."""

import hashlib
import os
import random
import shutil
import subprocess
import threading
import time
from pathlib import Path

from checks import compare, entries, equal, expect, make_source
from host import Mount, ToolFailed, why_no_mount

LARGE = 64 * 1024 * 1024
SOURCE = ["lib9pclient/include", "transports", "fuse"]  # what of the project is copied
# In a mount of a guest that has been reset: no request may wait for longer.
PATIENCE = 60


class Port:
    """The checks of one server. `address`: the port on this side. `export`: the folder in the guest that it serves, in
    memory; `aname`: what a client attaches to. serve(): starts the server in the guest, which may take its time."""

    def __init__(self, checks, guest, tools, address, export, aname, serve, work):
        self.checks, self.guest, self.tools, self.address = checks, guest, tools, address
        self.export, self.aname, self.serve, self.work = export, aname, serve, Path(work)
        self.connection = ["-a", address, "-A", aname]
        self.large = self.work / "large"
        self.large.write_bytes(random.Random(64).randbytes(LARGE))
        make_source(self.work / "source", Path(__file__).resolve().parent.parent.parent, SOURCE)

    def all(self):
        check = self.checks.check
        check("p9ls lists the guest's tree", self.list)
        check("p9cat reads, and says what is not there", self.read)
        check("p9cat of a file of 64 MiB", self.large_out)
        if why_no_mount():
            print(f"not checked, {why_no_mount()}: mounts", flush=True)
            check("p9cat after a reset of the guest", self.reset)
            return
        if not check("p9fuse mounts the guest's tree", self.mount):
            return
        with self.mounted as mount:
            for name, function in (
                ("cp -a into the mount, diff -r", self.copy_in),
                ("cp -a out of the mount", self.copy_out),
                ("writes through the mount", self.writes),
                ("a file of 64 MiB into the mount", self.large_in),
                ("the port is busy", self.busy),
                ("both sides change a file", self.both_sides),
                ("rm -r", self.remove),
            ):
                check(name, function, mount.path)
            check("fusermount3 -u", self.unmount, mount)
        check("the guest is reset under a mount", self.reset_mount)

    def mount(self):
        self.mounted = Mount(self.tools, self.address, f"aname={self.aname}")
        equal(os.listdir(self.mounted.path), [], "what is in it")

    def run(self, script):
        return self.guest.run(f"set -e; cd {self.export}\n{script}").output

    def sum_in_guest(self, name):
        return self.run(f"md5sum {name}").split()[0].decode()

    def list(self):
        self.run("mkdir -p listed/folder; echo 1 >listed/one; echo 22 >'listed/t w o'; ln -s one listed/link; chmod 640 listed/one")
        names = self.tools.run("p9ls", *self.connection, "-R", "listed").output
        equal(names, b"listed:\nfolder\nlink\none\nt w o\n\nlisted/folder:\n", "p9ls -R")
        lines = self.tools.run("p9ls", *self.connection, "-l", "listed").output.decode().splitlines()
        one = next(line for line in lines if line.startswith("-") and line.endswith(" one"))
        expect(one.startswith("-rw-r-----") and " 2 " in one, f"p9ls -l says {one}")
        self.run("rm -r listed")

    def read(self):
        self.run("echo from the guest >file; : >empty")
        equal(self.tools.run("p9cat", *self.connection, "file", "empty").output, b"from the guest\n", "p9cat")
        missing = self.tools.run("p9cat", *self.connection, "nothing", "file", status=1)
        equal(missing.output, b"from the guest\n", "what is there")
        equal(missing.errors, "p9cat: nothing: No such file or directory\n", "the error")
        self.run("rm file empty")

    def large_out(self):
        self.run(f"dd if=/dev/urandom of=large bs=1M count={LARGE >> 20} 2>/dev/null")
        copy = self.work / "copy of large"
        done = self.tools.run("p9cat", *self.connection, "-o", copy, "large", timeout=120)
        equal(hashlib.md5(copy.read_bytes()).hexdigest(), self.sum_in_guest("large"), "the md5sum")
        print(f"   {LARGE / done.seconds / (1 << 20):.0f} MiB/s", flush=True)
        copy.unlink()
        self.run("rm large")

    def copy_in(self, mount):
        subprocess.run(["cp", "-a", self.work / "source", mount / "copy"], check=True, timeout=300)
        done = subprocess.run(
            ["diff", "-r", "--no-dereference", self.work / "source", mount / "copy"], capture_output=True, timeout=300
        )
        equal((done.returncode, done.stdout, done.stderr), (0, b"", b""), "diff -r")
        # What the guest itself sees: a mount could be consistent with itself only.
        sums = dict(
            (name, line)
            for line, name in (
                record.split(b"  ./", 1)
                for record in self.run("cd copy; find . -type f -print0 | xargs -0 /bin/md5sum -z").split(b"\0")[:-1]
            )
        )
        wanted = {}
        for name in entries(self.work / "source"):
            path = Path(os.fsdecode(os.path.join(os.fsencode(self.work / "source"), name)))
            if not path.is_symlink() and path.is_file():
                wanted[name] = hashlib.md5(path.read_bytes()).hexdigest().encode()
        equal(sorted(set(wanted) ^ set(sums)), [], "files on one side only")
        equal([name for name in wanted if sums[name] != wanted[name]], [], "files with other contents in the guest")

    def copy_out(self, mount):
        subprocess.run(["cp", "-a", mount / "copy", self.work / "back"], check=True, timeout=300)
        compare(self.work / "source", self.work / "back", owners=os.geteuid() == 0, names=False)
        shutil.rmtree(self.work / "back")

    def writes(self, mount):
        file = mount / "file"
        file.write_text("0123456789\n")
        with open(file, "r+b") as opened:
            opened.truncate(4)
            opened.seek(1)
            opened.write(b"XY")
            opened.seek(0, os.SEEK_END)
            opened.write(b"end\n")
        equal(self.run("cat file"), b"0XY3end\n", "what the guest sees")
        file.rename(mount / "other")
        (mount / "folder").mkdir()
        (mount / "folder/link").symlink_to("../other")
        os.chmod(mount / "other", 0o604)
        equal(self.run("cat folder/link; stat -c %a other"), b"0XY3end\n604\n", "what the guest sees then")
        (mount / "folder/link").unlink()
        (mount / "folder").rmdir()
        (mount / "other").unlink()
        equal(self.run("ls -A"), b"copy\n", "what is left")

    def large_in(self, mount):
        began = time.monotonic()
        shutil.copyfile(self.large, mount / "large")
        spent = time.monotonic() - began
        equal(self.sum_in_guest("large"), hashlib.md5(self.large.read_bytes()).hexdigest(), "the md5sum in the guest")
        expect((mount / "large").read_bytes() == self.large.read_bytes(), "what is read back differs")
        print(f"   {LARGE / spent / (1 << 20):.0f} MiB/s", flush=True)
        (mount / "large").unlink()

    def busy(self, mount):
        done = self.tools.run("p9ls", *self.connection, "--connect-timeout", "3", status=None, timeout=20)
        expect(done.status in (3, 4), f"status {done.status}: {done.errors}")
        expect("busy" in done.errors and done.errors.count("\n") == 1, f"the error is {done.errors!r}")
        expect(done.seconds < 10, f"it took {done.seconds:.1f} s")
        equal(sorted(os.listdir(mount)), ["copy"], "the mount afterwards")

    def both_sides(self, mount):
        file = mount / "both"
        file.write_text("from this side\n")
        equal(self.run("cat both; echo from the guest, and longer >both"), b"from this side\n", "what the guest reads")
        equal(file.read_text(), "from the guest, and longer\n", "what this side reads")
        file.unlink()

    def remove(self, mount):
        shutil.rmtree(mount / "copy")
        equal(self.run("ls -A"), b"", "what is left")

    def unmount(self, mount):
        subprocess.run(["fusermount3", "-u", mount.path], check=True, timeout=30)
        expect(not mount.is_mounted(), "it is still mounted")

    def reset(self):
        self.guest.reboot()
        self.serve()
        self.read()

    def reset_mount(self):
        self.run("echo before >old")
        with Mount(self.tools, self.address, f"aname={self.aname}") as mount:
            equal((mount.path / "old").read_text(), "before\n", "before the reset")
            with open(mount.path / "old") as opened:
                self.guest.reboot()
                # Under way while the guest is away: they may fail, and may not wait for ever.
                actions = (lambda: os.listdir(mount.path), lambda: (mount.path / "new").write_text("x"), opened.read)
                under_way = [Bounded(action) for action in actions]
                self.serve()
                for action in under_way:
                    action.wait(PATIENCE)
                Bounded(lambda: os.listdir(mount.path)).wait(PATIENCE)
        self.read()
        with Mount(self.tools, self.address, f"aname={self.aname}") as mount:
            (mount.path / "new").write_text("after\n")
            equal(self.run("cat new; rm new"), b"after\n", "what the guest reads after the reset")


class Bounded:
    """Something that may fail with an OSError, in a thread of its own because it must not hang the test."""

    def __init__(self, action):
        self.error = None
        self._thread = threading.Thread(target=self._run, args=[action], daemon=True)
        self._thread.start()

    def _run(self, action):
        try:
            action()
        except OSError as error:
            self.error = error

    def wait(self, timeout):
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise ToolFailed(f"a request hangs for more than {timeout} s")
