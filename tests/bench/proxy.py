"""What p9proxy costs: the same p9cat and the same round trips from p9serve, with and without it, on Unix sockets."""
import json
import subprocess

from common import BUILD, P9CAT, QUICK, alternate
from serve import Served

P9PROXY = BUILD + "/bin/p9proxy"


class Proxied:
    """p9proxy before a server."""

    def __init__(self, listen, dial, *options):
        self.process = subprocess.Popen([P9PROXY, "--listen", listen, "--dial", dial, *options], stdout=subprocess.PIPE,
                                        text=True)
        self.address = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def trips(*addresses):
    """The median microseconds of a Tgetattr at each address; they take turns."""
    out = subprocess.run([BUILD + "/tests/getattrs", "3" if QUICK else "15", *addresses], stdout=subprocess.PIPE,
                         check=True).stdout
    return json.loads(out)


def websocket(table, diod, work):
    """The same p9cat from p9serve over a WebSocket, and over the TCP beneath it."""
    with Served("ws://127.0.0.1:0/", "--dir", diod.tree) as ws, Served("tcp!127.0.0.1!0", "--dir", diod.tree) as tcp:
        mine, other = alternate(2 if QUICK else 15, [P9CAT, "-a", ws.address, "--msize", "1M", "big"],
                                [P9CAT, "-a", tcp.address, "--msize", "1M", "big"])
        table.add("p9cat, 512 MiB, WebSocket on loopback, msize 1M; theirs: TCP", f"{512 / mine:.0f} MiB/s",
                  f"{512 / other:.0f} MiB/s", f"{other / mine:.2f}", "≥ 0.6 × tcp", other / mine >= 0.6)


def proxy(table, diod, work):
    with Served("unix!" + work + "/served", "--dir", diod.tree) as served:
        for name, options in (("", ()), (" --share", ("--share",))):
            with Proxied("unix!" + work + "/proxy", served.address, *options) as between:
                mine, other = alternate(2 if QUICK else 15, [P9CAT, "-a", between.address, "big"],
                                        [P9CAT, "-a", served.address, "big"])
                table.add(f"p9cat, 512 MiB, Unix socket, through p9proxy{name}; theirs: without it",
                          f"{512 / mine:.0f} MiB/s", f"{512 / other:.0f} MiB/s", f"{other / mine:.2f}",
                          "≥ 0.75 × without", other / mine >= 0.75)
                mine, other = trips(between.address, served.address)
                table.add(f"a Tgetattr's round trip through p9proxy{name}; theirs: without it", f"{mine:.1f} µs",
                          f"{other:.1f} µs", f"{mine / other:.2f}", "≤ 30 µs more", mine - other <= 30)
