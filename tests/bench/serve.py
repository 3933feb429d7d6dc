"""What p9serve and p9ctl do, beside diod, diodcat and a bare loop."""
import json
import subprocess

from common import BUILD, DIODCAT, P9CAT, P9LS, QUICK, alternate

P9SERVE = BUILD + "/bin/p9serve"
P9CTL = BUILD + "/bin/p9ctl"
COMMAND = "outb 0x10 0x41"  # a ctl write that costs the server next to nothing


class Listening:
    """A program that listens and says where."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Served(Listening):
    """p9serve on an address of its choice."""

    def __init__(self, listen, *options):
        super().__init__([P9SERVE, "--listen", listen, *options])

    def ctl(self, *words):
        subprocess.run([P9CTL, "-a", self.address, *words], check=True, stdout=subprocess.DEVNULL)


def directory(table, diod, work):
    """A directory, by the same client from p9serve and from diod."""
    with Served("unix!" + work + "/p9serve", "--dir", diod.tree) as served:
        for msize in ("64K", "1M"):
            mine, other = alternate(2 if QUICK else 9,
                                    [P9CAT, "-a", served.address, "--msize", msize, "big"],
                                    [P9CAT, "-a", diod.unix, "-A", diod.tree, "--msize", msize, "big"])
            table.add(f"p9cat, 512 MiB, Unix socket, msize {msize}: p9serve --dir; theirs: diod", f"{512 / mine:.0f} MiB/s",
                      f"{512 / other:.0f} MiB/s", f"{other / mine:.2f}", "≥ 1 × diod", mine <= other)
        mine, other = alternate(2 if QUICK else 15, [P9LS, "-a", served.address, "-lR", "many"],
                                [P9LS, "-a", diod.unix, "-A", diod.tree, "-lR", "many"])
        table.add("p9ls -lR, 10,000 files: p9serve --dir; theirs: diod", f"{mine * 1000:.0f} ms", f"{other * 1000:.0f} ms",
                  f"{mine / other:.2f}", "≤ 1 × diod", mine <= other)


def control(table, diod, work):
    """ctl writes, one by one and in batches; and the price of one p9ctl."""
    count = 2000 if QUICK else 10000
    batch = work + "/batch"
    with open(batch, "w") as file:
        file.write(f"write /dev/io {COMMAND}\n" * count)
    with Served("tcp!127.0.0.1!0", "--sip") as served, Served("unix!" + work + "/sip", "--sip") as local:
        port = served.address.split("!")[2]
        mine, bare = alternate(3 if QUICK else 9, [P9CTL, "-a", served.address, "batch", batch],
                               [BUILD + "/tests/bare_writes", port, "/dev/io", str(count), COMMAND])
        one, = alternate(20 if QUICK else 200, [P9CTL, "-a", served.address, "write", "/dev/io", COMMAND])
        table.add(f"p9ctl batch of {count} writes, TCP loopback; theirs: a bare loop", f"{count / mine:.0f}/s",
                  f"{count / bare:.0f}/s", f"{bare / mine:.2f}", "≥ 0.7 × bare", bare / mine >= 0.7)
        rate = one * count / mine
        table.add("the same; theirs: one p9ctl process a write", f"{count / mine:.0f}/s", f"{1 / one:.0f}/s", f"{rate:.0f}",
                  "≥ 50 × processes", rate >= 50)
        local.ctl("new", "example-driver", "--name", "disk", "--start")
        runs = 20 if QUICK else 300
        mine, other = alternate(runs, [P9CTL, "-a", local.address, "status", "disk"],
                                [DIODCAT, "-s", diod.unix, "-a", diod.tree, "line"])
        table.add("p9ctl status, Unix socket, whole process; theirs: diodcat of one line", f"{mine * 1000:.2f} ms",
                  f"{other * 1000:.2f} ms", f"{mine / other:.2f}", "≤ 1.5 × diodcat", mine <= 1.5 * other)


def blocked(table, work):
    """10,000 reads that wait for an interrupt."""
    readers = 1000 if QUICK else 10000
    with Served("unix!" + work + "/irq", "--sip") as served:
        served.ctl("new", "example-driver", "--name", "disk", "--start")
        served.ctl("irq", "register", "7", "disk")
        out = subprocess.run([BUILD + "/tests/blocked_readers", served.address, str(served.process.pid), str(readers),
                              "3" if QUICK else "9"], stdout=subprocess.PIPE, check=True).stdout
    told = json.loads(out)
    alone, beside, trigger = told["getattr_alone"], told["getattr_beside"], told["trigger"]
    most = max(told["client_mib"], told["server_mib"])
    table.add(f"{readers} reads that wait over one connection: memory of the server; theirs: the client",
              f"{told['server_mib']:.1f} MiB", f"{told['client_mib']:.1f} MiB", "–", "< 100 MiB each", most < 100)
    table.add("the same: from trigger to reader; theirs: a Tgetattr's round trip without them", f"{trigger:.1f} µs",
              f"{alone:.1f} µs", f"{trigger / alone:.1f}", "≤ 5 × trip", trigger <= 5 * alone)
    table.add("the same: a Tgetattr's round trip; theirs: without them", f"{beside:.1f} µs", f"{alone:.1f} µs",
              f"{beside / alone:.2f}", "≤ 1.2 × without", beside <= 1.2 * alone)
