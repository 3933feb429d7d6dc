"""p9fuse beside the Linux kernel's own 9P client, in one guest of QEMU, both over a Unix socket from the same p9serve.

The guest has one processor: with two, an emulated processor that waits for the other waits for this machine's scheduler,
and what is measured is that. Runs by itself too, a row or all of them:

    python3 tests/bench/v9fs.py build/release [--quick] [ROW...]
"""
import re
import statistics
import sys

from common import BUILD, QUICK, Table
from virtio import BUILDS, fetched, guest

PROGRAMS = [f"{BUILD}/bin/{name}" for name in ("p9serve", "p9fuse", "p9proxy")] + [
    "sh", "cat", "cp", "rm", "ls", "find", "dd", "tar", "date", "head", "fio", "git", "stat", "umount", "mkdir"]  # fmt: skip
SIZE = 32 if QUICK else 1024  # MiB
FILES = 1000 if QUICK else 10000
SMALL = 500 if QUICK else 5000
ROUNDS = 1 if QUICK else 3

# A file's content does not matter to anybody here, its place in the tree does.
TREE = f"""
mkdir -p /srv/many /srv/small; cd /srv
head -c {SIZE}M /dev/urandom >big
d=0; while [ $d -lt {FILES // 100} ]; do
    mkdir many/$d; i=0; while [ $i -lt 100 ]; do echo $i >many/$d/$i; i=$((i+1)); done; d=$((d+1)); done
i=0; while [ $i -lt {SMALL} ]; do echo "file $i" >small/$i; i=$((i+1)); done
tar -cf /tmp/small.tar small; rm -r small; chmod -R a+rX .
p9serve --listen unix!/tmp/9p --dir /srv >/tmp/serve.log 2>&1 &
p9proxy --listen unix!/tmp/far --dial unix!/tmp/9p --delay 5 >/tmp/proxy.log 2>&1 &
until [ -S /tmp/9p ] && [ -S /tmp/far ]; do :; done
mkdir -p /mnt
"""


class Mounts:
    """Mounts the tree in the one way or the other, each time anew, and times scripts in it."""

    def __init__(self, machine):
        self.machine = machine

    def v9fs(self, cache, msize="512000", socket="/tmp/9p"):
        return f"mount -t 9p -o trans=unix,version=9p2000.L,msize={msize},cache={cache},uname=root,aname=/ {socket} /mnt"

    def p9fuse(self, cache="auto", socket="/tmp/9p"):
        return f"p9fuse unix!{socket} /mnt -o cache={cache}"

    def time(self, mount, script, before=":", after=":"):
        """Seconds that `script` takes in a new mount, after `before`, which is not timed."""
        said = self.machine.run(
            f"sync; echo 3 >/proc/sys/vm/drop_caches; {mount} || exit 1; cd /mnt; {{ {before}; }} >/dev/null\n"
            f"a=$(date +%s%N); {{ {script}; }} >/tmp/out; b=$(date +%s%N); cd /; {after}\n"
            "umount /mnt; echo took $((b-a))", timeout=600).output.decode()
        return int(re.search(r"took (\d+)", said).group(1)) / 1e9

    def beside(self, script, mine, theirs, before=":", after=":"):
        """The medians of each, taken in turn."""
        rounds = [(self.time(mine, script, before, after), self.time(theirs, script, before, after)) for _ in range(ROUNDS)]
        return (statistics.median(each) for each in zip(*rounds))

    def random(self, mount, depth):
        """Read operations a second at random places of the large file, `depth` at a time."""
        self.time(mount, f"fio --name=r --filename=big --readonly --rw=randread --bs=4k --runtime={2 if QUICK else 5} "
                  f"--time_based --numjobs={depth} --thread --group_reporting --output-format=terse --fallocate=none "
                  "--ioengine=psync --direct=1 --invalidate=0")
        line = self.machine.run("grep '^3;' /tmp/out").output.decode()
        return float(line.split(";")[7])


def measure(table, mounts, rows=()):
    def seconds(what, target, limit, mine, theirs):
        table.add(f"{what}; theirs: v9fs", f"{mine:.2f} s", f"{theirs:.2f} s", f"{mine / theirs:.2f}", target, mine / theirs <= limit)

    def rates(what, mine, theirs):
        table.add(f"{what}; theirs: v9fs, cache=none", f"{SIZE / mine:.0f} MiB/s", f"{SIZE / theirs:.0f} MiB/s",
                  f"{theirs / mine:.2f}", "≥ 1 × v9fs", mine <= theirs)

    guest_ = "in a guest (tcg)"
    read = "dd if=big of=/dev/null bs=1M 2>/dev/null"
    wanted = set(rows or ("sequential", "trees", "untar", "random", "git"))
    best = "512000" if "sequential" not in wanted else min(("131072", "512000", "1048576"), key=lambda m: mounts.time(mounts.v9fs("none", m), read))
    none = mounts.v9fs("none", best)
    if "sequential" in wanted:
        write = f"dd if=/dev/zero of=new bs=1M count={SIZE} conv=fsync 2>/dev/null"
        # Without a cache on either side the two do the same; with its own p9fuse fills the page cache as well.
        for cache in ("none", "auto"):
            mine = mounts.p9fuse(cache)
            rates(f"p9fuse {guest_}, cache={cache}, reading {SIZE} MiB, msize {best}", *mounts.beside(read, mine, none))
            rates(f"p9fuse {guest_}, cache={cache}, writing {SIZE} MiB", *mounts.beside(write, mine, none, after="rm /srv/new"))

    for command in ("find many -size +1", "ls -lR many") if "trees" in wanted else ():
        seconds(f"p9fuse {guest_}, {command}, {FILES} files, cold, cache=none", "≤ 0.5 × v9fs", 0.5,
                *mounts.beside(command, mounts.p9fuse(), none))
        seconds(f"p9fuse {guest_}, {command}, warm, cache=loose", "≤ 1.2 × v9fs", 1.2,
                *mounts.beside(command, mounts.p9fuse("loose"), mounts.v9fs("loose", best), before=command))
    if "untar" in wanted:
        seconds(f"p9fuse {guest_}, untar of {SMALL} small files", "≤ 1 × v9fs", 1,
                *mounts.beside("tar -xf /tmp/small.tar", mounts.p9fuse(), none, after="rm -r /srv/small"))

    for depth, target in ((1, "≥ 0.625 × v9fs"), (16, "≥ 1 × v9fs")) if "random" in wanted else ():
        pairs = [(mounts.random(mounts.p9fuse(), depth), mounts.random(none, depth)) for _ in range(ROUNDS)]
        mine, theirs = (statistics.median(each) for each in zip(*pairs))
        table.add(f"p9fuse {guest_}, random reads of 4 KiB, {depth} at a time; theirs: v9fs", f"{mine:.0f}/s", f"{theirs:.0f}/s",
                  f"{mine / theirs:.2f}", target, mine / theirs >= (0.625 if depth == 1 else 1))

    if "git" not in wanted:
        return
    # Inode numbers and change times are each client's own: without checkStat git would read every file again.
    git = "git -c safe.directory='*' -C many status"
    mounts.machine.run(f"cd /srv/many && rm -rf ?? && git init -q . && git config core.checkStat minimal && git add . && cd .. && {git}",
                       timeout=600)
    far = "/tmp/far"
    seconds(f"p9fuse {guest_}, git status of 1,000 files over a link of 10 ms", "≤ 0.1 × v9fs", 0.1,
            *mounts.beside(git, mounts.p9fuse(socket=far), mounts.v9fs("none", best, far)))


def v9fs(table, rows=()):
    reason = guest.why_not()
    if not reason:
        kernel, ok = fetched("fetch-kernel", f"{BUILDS}/guest")
        reason = "" if ok else kernel
    if reason:
        print(f"not measured, p9fuse beside v9fs: {reason}", file=sys.stderr)
        return
    with guest.Guest(kernel, modules=["9p", "9pnet_fd", "fuse"], programs=PROGRAMS, memory=4096) as machine:
        machine.run(TREE, timeout=600)
        measure(table, Mounts(machine), rows)


if __name__ == "__main__":
    results = Table()
    v9fs(results, [word for word in sys.argv[2:] if not word.startswith("-")])
    print(results.text())
