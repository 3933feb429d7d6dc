"""What the measurements share: where the programs are, the table, and how things are timed."""
import os
import shutil
import statistics
import subprocess
import sys
import time

BUILD = os.path.abspath(sys.argv[1])
QUICK = "--quick" in sys.argv
MIB = 1 << 20
P9CAT = BUILD + "/bin/p9cat"
P9LS = BUILD + "/bin/p9ls"
DIODCAT = shutil.which("diodcat")
DELAY_MS = 10


class Table:
    """The rows: what, ours, theirs, ratio, target, and whether it was met."""

    def __init__(self):
        self.rows = []

    def add(self, what, ours, theirs, ratio, target, ok):
        self.rows.append((what, ours, theirs, ratio, target, "ok" if ok else "MISSED"))
        print(" | ".join(self.rows[-1]), file=sys.stderr)

    def text(self):
        head = ("what", "ours", "theirs", "ratio", "target", "")
        rows = [head] + self.rows
        widths = [max(3, *(len(row[i]) for row in rows)) for i in range(len(head))]
        lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths)) + " |" for row in rows]
        lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
        return "\n".join(lines)


def seconds(command, out=None):
    """The wall time of a shell command whose output goes to /dev/null, or of an argument list."""
    actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, out or "/dev/null", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
    argv = ["/bin/sh", "-c", command] if isinstance(command, str) else command
    start = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    _, status = os.waitpid(pid, 0)
    elapsed = time.perf_counter() - start
    if status != 0:
        sys.exit(f"measure: {command}: status {os.waitstatus_to_exitcode(status)}")
    return elapsed


def alternate(runs, *commands):
    """The median seconds of each command, over `runs` rounds of all of them in turn."""
    times = [[] for _ in commands]
    for _ in range(runs):
        for each, command in zip(times, commands):
            each.append(seconds(command))
    return [statistics.median(each) for each in times]


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_tree(tree):
    os.makedirs(tree + "/many")
    block = os.urandom(MIB)
    for name, size in (("big", 512), ("medium", 64)):
        with open(f"{tree}/{name}", "wb") as file:
            for i in range(size):
                file.write(i.to_bytes(8, "little") + block[8:])
    with open(tree + "/line", "w") as file:
        file.write("one line\n")
    for d in range(50):
        os.mkdir(f"{tree}/many/{d}")
        for f in range(200):
            open(f"{tree}/many/{d}/file{f}", "w").close()
