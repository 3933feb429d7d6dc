"""What a mount of p9fuse's does, beside sshfs and libfuse's own passthrough_ll on the same directory.

All three are mounted anew for each run, so that the kernel has nothing of theirs; what they read is in memory. p9fuse and
sshfs go over loopback TCP, p9fuse to p9serve; the rows that say so to diod, or over a Unix socket. sshfs talks to a bare sftp-server behind socat, without ssh. Runs by itself too:

    python3 tests/bench/fuse.py build/release [--quick] [ROW...]
"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

from common import BUILD, MIB, QUICK, Table, free_port, seconds
from diod import Diod
from serve import Listening, Served

P9FUSE = BUILD + "/bin/p9fuse"
P9PROXY = BUILD + "/bin/p9proxy"
SFTP_SERVER = "/usr/lib/openssh/sftp-server"
EXAMPLE = "/usr/share/doc/libfuse3-dev/examples/passthrough_ll.c"
BIG = 256 if QUICK else 1024  # MiB
RUNS = 1 if QUICK else 5
DIRECTORIES, FILES, SMALL, UNPACKED = 50, 200, 2000, 5000

# Shell commands, by the place of the mount.
READ = "dd if={}/big of=/dev/null bs=1M 2>/dev/null".format
WRITE = ("dd if=/dev/zero of={}/written bs=1M count=%d 2>/dev/null" % BIG).format
REMOVE = "rm {}/written".format
FIND = "find {}/many -size +1 >/dev/null".format
LIST = "ls -lR {}/many >/dev/null".format


def unmount(place):
    while subprocess.run(["fusermount3", "-u", place], stderr=subprocess.DEVNULL).returncode != 0:
        time.sleep(0.05)  # something still looks at it


class P9fuse:
    name = "p9fuse"

    def __init__(self, work, address, options=""):
        self.address = address
        self.options = ["-o", options] if options else []
        self.place = work + "/p9fuse"
        os.makedirs(self.place, exist_ok=True)

    def start(self):
        subprocess.run([P9FUSE, self.address, self.place, *self.options], check=True)

    def stop(self):
        unmount(self.place)

    def memory(self):
        """The memory of the process, in bytes."""
        pid = subprocess.run(["pgrep", "-f", f"^{P9FUSE} {self.address} "], capture_output=True, text=True,
                             check=True).stdout.split()[0]
        return 1024 * int(re.search(r"VmRSS:\s*(\d+)", open(f"/proc/{pid}/status").read()).group(1))


class Sshfs:
    name = "sshfs"

    def __init__(self, tree, work):
        self.tree = tree
        self.place = work + "/sshfs"
        os.makedirs(self.place)
        self.port = free_port()
        listener = f"TCP-LISTEN:{self.port},bind=127.0.0.1,reuseaddr,fork,nodelay"
        self.server = subprocess.Popen(["socat", listener, "EXEC:" + SFTP_SERVER])

    def start(self):
        for _ in range(50):
            if subprocess.run(["sshfs", f"127.0.0.1:{self.tree}", self.place, "-o", f"directport={self.port}"],
                              stderr=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.05)  # socat does not listen yet
        sys.exit("measure: sshfs does not mount")

    def stop(self):
        unmount(self.place)

    def close(self):
        self.server.terminate()
        self.server.wait()


class Passthrough:
    name = "passthrough_ll"

    def __init__(self, tree, work):
        self.tree = tree
        self.place = work + "/passthrough"
        os.makedirs(self.place)
        self.program = work + "/passthrough_ll"
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fuse3"], capture_output=True, text=True,
                               check=True).stdout.split()
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-w", EXAMPLE, "-o", self.program, *flags], check=True)

    def start(self):
        subprocess.run([self.program, "-o", "source=" + self.tree, self.place], check=True)

    def stop(self):
        unmount(self.place)


def measured(mounts, command, runs=RUNS, before=None, after=None):
    """The median seconds of `command(place)` on each mount, mounted anew for each run; they take turns."""
    times = [[] for _ in mounts]
    for _ in range(runs):
        for each, mount in zip(times, mounts):
            mount.start()
            try:
                if before:
                    seconds(before(mount.place))
                each.append(seconds(command(mount.place)))
                if after:
                    seconds(after(mount.place))
            finally:
                mount.stop()
    return [statistics.median(each) for each in times]


def make_files(tree):
    block = os.urandom(MIB)
    with open(tree + "/big", "wb") as file:
        for i in range(BIG):
            file.write(i.to_bytes(8, "little") + block[8:])
    for d in range(DIRECTORIES):
        os.makedirs(f"{tree}/many/{d}")
        for f in range(FILES):
            with open(f"{tree}/many/{d}/file{f}", "w") as file:
                file.write("x" * (f * 7))
    os.mkdir(tree + "/small")
    for i in range(SMALL):
        with open(f"{tree}/small/{i}", "wb") as file:
            file.write(block[:1000 + i])


class Bench:
    def __init__(self, table, work):
        self.table = table
        self.work = work
        self.tree = work + "/mounted"
        os.mkdir(self.tree)
        make_files(self.tree)
        self.server = Served("tcp!127.0.0.1!0", "--dir", self.tree)
        self.ours = P9fuse(work, self.server.address)
        self.sshfs = Sshfs(self.tree, work)
        self.local = Passthrough(self.tree, work) if os.path.exists(EXAMPLE) else None
        if not self.local:
            print("measure: no passthrough_ll: libfuse3-dev brings no " + EXAMPLE, file=sys.stderr)
        subprocess.run(["sync"])

    def close(self):
        self.sshfs.close()
        self.server.__exit__()

    def throughput(self, what, command, after=None):
        mounts = [m for m in (self.ours, self.sshfs, self.local) if m]
        times = measured(mounts, command, after=after)
        self.rates(what, times[0], times[1], "sshfs", "≥ 2 × sshfs", 2)
        if self.local:
            self.rates(what, times[0], times[2], "passthrough_ll", "≥ 0.6 × local", 0.6)

    def rates(self, what, mine, other, whose, target, least):
        self.table.add(f"p9fuse, {what} of {BIG} MiB; theirs: {whose}", f"{BIG / mine:.0f} MiB/s", f"{BIG / other:.0f} MiB/s",
                       f"{other / mine:.2f}", target, other / mine >= least)

    def sequential(self):
        self.throughput("sequential read", READ)
        self.throughput("sequential write", WRITE, after=REMOVE)

    def servers(self):
        """The same to a Unix socket, and to another server."""
        with Served("unix!" + self.work + "/p9serve", "--dir", self.tree) as served:
            self.with_server("Unix socket", P9fuse(self.work, served.address), 1)
        diod = Diod(self.work, self.tree, "small/0")
        try:
            # diod does not list attributes, and grants messages of 64 KiB.
            self.with_server("diod", P9fuse(self.work, f"tcp!127.0.0.1!{diod.port}", "aname=" + self.tree), 1.5)
            self.with_server("diod, Unix socket", P9fuse(self.work, "unix!" + diod.unix, "aname=" + self.tree), 1.5)
        finally:
            diod.stop()

    def with_server(self, which, mount, limit):
        mounts, runs = [mount, self.sshfs], min(RUNS, 3)
        self.rates(f"{which}, sequential read", *measured(mounts, READ, runs), "sshfs", "≥ 2 × sshfs", 2)
        self.rates(f"{which}, sequential write", *measured(mounts, WRITE, runs, after=REMOVE), "sshfs", "≥ 2 × sshfs", 2)
        self.against_sshfs(f"{which}, find -size +1, 10,000 files, cold", FIND, limit=limit, mount=mount)
        self.against_sshfs(f"{which}, ls -lR, 10,000 files, cold", LIST, limit=limit, mount=mount)

    def against_sshfs(self, what, command, before=None, after=None, runs=RUNS, limit=1, mount=None):
        mine, other = measured([mount or self.ours, self.sshfs], command, runs=runs, before=before, after=after)
        self.table.add(f"p9fuse, {what}; theirs: sshfs", f"{mine * 1000:.0f} ms", f"{other * 1000:.0f} ms",
                       f"{mine / other:.2f}", f"≤ {limit} × sshfs", mine <= limit * other)

    def trees(self):
        self.against_sshfs("find -size +1, 10,000 files, cold", FIND)
        self.against_sshfs("ls -lR, 10,000 files, cold", LIST)
        self.against_sshfs("ls -lR, 10,000 files, at once again", LIST, before=LIST)
        loose = P9fuse(self.work, self.server.address, "cache=loose")
        again, first = (measured([loose], LIST, before=before)[0] for before in (LIST, None))
        self.table.add("p9fuse cache=loose, ls -lR, 10,000 files, again; theirs: cold", f"{again * 1000:.0f} ms",
                       f"{first * 1000:.0f} ms", f"{again / first:.2f}", "≤ 0.5 × cold", again <= first / 2)

    def small(self):
        names = self.work + "/names"
        with open(names, "w") as file:
            file.write("\n".join(f"small/{i}" for i in range(SMALL)))
        self.against_sshfs(f"reading {SMALL} small files, cold", lambda place: f"cd {place} && xargs cat <{names} >/dev/null")
        archive = self.work + "/archive.tar"
        with tarfile.open(archive, "w") as tar:
            for i in range(UNPACKED):
                tar.add(f"{self.tree}/small/{i % SMALL}", f"unpacked/{i // 100}/{i}")
        self.against_sshfs(f"untar of {UNPACKED} small files", lambda place: f"tar -C {place} -xf {archive}",
                           after=lambda place: f"rm -r {place}/unpacked", runs=min(RUNS, 3))

    def random(self):
        def fio(mount, jobs):
            mount.start()
            try:
                out = subprocess.run(["fio", "--name=r", f"--filename={mount.place}/big", "--rw=randread", "--bs=4k",
                                      "--direct=1", "--ioengine=psync", f"--numjobs={jobs}", "--group_reporting",
                                      "--time_based", f"--runtime={1 if QUICK else 5}", "--output-format=json"],
                                     capture_output=True, text=True, check=True).stdout
            finally:
                mount.stop()
            return json.loads(out[out.index("{"):])["jobs"][0]["read"]

        mine, other = (fio(mount, 1)["clat_ns"]["mean"] / 1000 for mount in (self.ours, self.sshfs))
        self.table.add("p9fuse, fio, 4 KiB random reads, one in flight; theirs: sshfs", f"{mine:.0f} µs", f"{other:.0f} µs",
                       f"{mine / other:.2f}", "≤ 1 × sshfs", mine <= other)
        mine, other = (fio(mount, 16)["iops"] for mount in (self.ours, self.sshfs))
        self.table.add("the same, 16 in flight", f"{mine:.0f}/s", f"{other:.0f}/s", f"{mine / other:.2f}", "≥ 1 × sshfs",
                       mine >= other)

    def link(self):
        """Over a link of 10 ms there and back: as much as the kernel reads ahead (1 MiB) in each trip, which is the window."""
        part, trip, window = BIG // 4, 0.010, 1
        with Listening([P9PROXY, "--listen", f"unix!{self.work}/far", "--dial", self.server.address, "--delay", "5"]) as proxy:
            far = P9fuse(self.work, proxy.address)
            (taken,) = measured([far], lambda place: f"dd if={place}/big of=/dev/null bs=1M count={part} 2>/dev/null",
                                min(RUNS, 3))
        mine, wanted = part / taken, window / trip
        self.table.add("p9fuse, sequential read over a link of 10 ms; theirs: 1 MiB a trip", f"{mine:.0f} MiB/s",
                       f"{wanted:.0f} MiB/s", f"{mine / wanted:.2f}", "≥ 0.9 × window", mine >= 0.9 * wanted)

    def memory(self):
        self.ours.start()
        try:
            # What is taken once, whatever is walked, is no inode's.
            first = DIRECTORIES // 5
            seconds("find " + " ".join(f"{self.ours.place}/many/{d}" for d in range(first)) + " -size +1 >/dev/null")
            before = self.ours.memory()
            seconds(f"find {self.ours.place}/many -size +1 >/dev/null")
            after = self.ours.memory()
        finally:
            self.ours.stop()
        count = (DIRECTORIES - first) * (FILES + 1)
        self.table.add("p9fuse, memory after walking 10,000 files", f"{after / MIB:.1f} MiB", "–", "–", "< 24 MiB",
                       after < 24 * MIB)
        each = (after - before) / count
        self.table.add("p9fuse, what that added for each inode", f"{each:.0f} bytes", "–", "–", "< 400 bytes", each < 400)


def mounted(table, work, rows=()):
    """All rows, or those that are named."""
    for needed in ("sshfs", "socat", "fio"):
        if not shutil.which(needed):
            sys.exit("measure: no " + needed)
    bench = Bench(table, work)
    try:
        for row in rows or ("sequential", "trees", "small", "random", "memory", "servers", "link"):
            getattr(bench, row)()
    finally:
        bench.close()


if __name__ == "__main__":
    place = tempfile.mkdtemp(prefix="p9-bench.")
    results = Table()
    try:
        mounted(results, place, [word for word in sys.argv[2:] if not word.startswith("-")])
    finally:
        shutil.rmtree(place)
    print(results.text())
