"""What p9cp costs: many small files over a slow link, and one large file, both ways."""
import os
import shutil

from common import BUILD, DELAY_MS, MIB, P9CAT, QUICK, alternate, seconds
from serve import Served

P9CP = BUILD + "/bin/p9cp"
# What a client that waits for each answer sends for a small file: walk, open, getattr, read, clunk; or walk, create,
# write, clunk and the rename.
TRIPS = 5


def small(table, work, proxy):
    """Small files; theirs is what one request at a time would take at least, by the round trip alone."""
    count = 1000 if QUICK else 10000
    here, there = work + "/small", work + "/served/small"
    os.makedirs(here)
    os.makedirs(work + "/served")
    for i in range(count):
        with open(f"{here}/file{i}", "wb") as file:
            file.write(os.urandom(4096))
    with Served("unix!" + work + "/copy", "--dir", work + "/served") as served, \
            proxy(work + "/copy-far", work + "/copy", DELAY_MS) as far:
        alone = count * TRIPS * 2 * DELAY_MS / 1000
        for name, command, made in (
                ("to the server", [P9CP, "-a", far, "-r", here, ":/"], there),
                ("from the server", [P9CP, "-a", far, "-r", ":/small", work + "/back"], work + "/back")):
            times = []
            for _ in range(1 if QUICK else 3):
                shutil.rmtree(made, ignore_errors=True)
                times.append(seconds(command))
            mine = sorted(times)[len(times) // 2]
            if seconds(f"diff -r {here} {made}") < 0:
                raise AssertionError
            table.add(f"p9cp -r, {count} files of 4 KiB, {name} over the slow link; theirs: one request at a time",
                      f"{mine:.2f} s", f"{alone:.0f} s", f"{alone / mine:.0f}", "≥ 20 × faster", alone / mine >= 20)
    for path in (here, work + "/served", work + "/back"):
        shutil.rmtree(path)


def large(table, work):
    size = 256 if QUICK else 1024
    tree = work + "/large"
    os.makedirs(tree)
    block = os.urandom(MIB)
    with open(tree + "/file", "wb") as file:
        for i in range(size):
            file.write(i.to_bytes(8, "little") + block[8:])
    with Served("unix!" + work + "/copy", "--dir", tree) as served:
        mine, other, up = alternate(2 if QUICK else 7, [P9CP, "-a", served.address, ":/file", work + "/copied"],
                                    [P9CAT, "-a", served.address, "-o", work + "/catted", "/file"],
                                    [P9CP, "-a", served.address, work + "/copied", ":/again"])
        if seconds(f"cmp {tree}/file {work}/copied && cmp {tree}/file {tree}/again") < 0:
            raise AssertionError
        table.add(f"p9cp, {size} MiB from the server, Unix socket; theirs: p9cat -o", f"{size / mine:.0f} MiB/s",
                  f"{size / other:.0f} MiB/s", f"{other / mine:.2f}", "≥ 0.9 × p9cat", other / mine >= 0.9)
        table.add(f"p9cp, {size} MiB to the server, Unix socket; theirs: p9cat -o the other way",
                  f"{size / up:.0f} MiB/s", f"{size / other:.0f} MiB/s", f"{other / up:.2f}", "≥ 0.9 × p9cat", other / up >= 0.9)
    shutil.rmtree(tree)
    for name in ("copied", "catted"):
        os.remove(f"{work}/{name}")


def copy(table, work, proxy):
    small(table, work, proxy)
    large(table, work)
