"""v86, the PC in a web page, run by Node: its Linux guest mounts host9p over a WebSocket to p9proxy, which passes it on
to p9serve.

    tests/guest/run v86 BUILD

Prints "ok NAME" or "FAILED NAME: what" for each check.
"""

import os
import random
import time
from pathlib import Path

import frame
from checks import compare, equal, expect, make_source
from host import Tools
from v86 import V86

LARGE = 4 * 1024 * 1024
KEEP = 60  # v86 tries again at once, or after ten seconds


class Mount:
    """The checks of the guest's mount. `served`: the folder on this side."""

    def __init__(self, guest, served):
        self.guest, self.served = guest, Path(served)

    def run(self, script, **options):
        return self.guest.run(f"set -e; cd /mnt\n{script}", **options).output

    def mount(self, msize=None):
        more = f",msize={msize}" if msize else ""
        self.guest.run(f"mount -t 9p -o trans=virtio,version=9p2000.L,cache=none{more} host9p /mnt")
        equal(self.run("ls"), b"source\n", "what the guest sees")

    def read(self):
        names = self.run("find source -print0 | tr -dc '\\0' | wc -c")
        here = sum(len(folders) + len(files) for _, folders, files in os.walk(self.served / "source")) + 1
        equal(int(names), here, "names that the guest sees")
        self.run("cp -a source /tmp/source", timeout=300)

    def write(self):
        self.run("cp -a /tmp/source copy", timeout=300)
        compare(self.served / "source", self.served / "copy", owners=os.geteuid() == 0, names=False, time_unit=10**9)
        self.run("rm -r copy /tmp/source")
        expect(not (self.served / "copy").exists(), "rm -r left something")

    def change(self):
        self.run("echo 0123 >file; echo more >>file; mv file moved; mkdir folder; ln -s ../moved folder/link; cat folder/link")
        equal((self.served / "moved").read_text(), "0123\nmore\n", "what this side sees")
        (self.served / "moved").write_text("from this side\n")
        equal(self.run("cat folder/link"), b"from this side\n", "what the guest sees")
        self.run("rm -r folder moved")
        missing = self.guest.run("cat /mnt/nothing", check=False)
        expect(missing.status != 0 and b"No such file or directory" in missing.output, f"{missing}")

    def large(self):
        data = random.Random(86).randbytes(LARGE)
        (self.served / "large").write_bytes(data)
        self.run("cp large /tmp/large; cmp large /tmp/large; cp /tmp/large back; sync; rm /tmp/large", timeout=300)
        expect((self.served / "back").read_bytes() == data, "what came back differs")
        self.run("rm large back")

    def parallel(self):
        """Replies of several requests in one turn: v86 takes one a frame and loses what else is in it."""
        self.run("mkdir four; for i in 1 2 3 4; do cp -r source/project four/$i & done; wait", timeout=300)
        for i in (1, 2, 3, 4):
            compare(self.served / "source/project", self.served / f"four/{i}", owners=False, names=False, time_unit=10**18)
        self.run("rm -r four")

    def cut(self):
        """The connection breaks; p9proxy --keep holds p9serve's, and v86 comes back without Tversion."""
        # A fid that outlives the break. The shell opens the file only after it has told the process's number, and what is
        # under way when the connection breaks is lost.
        self.guest.run("sleep 1000 </mnt/source/exact & echo $! >/tmp/pid; "
                       "until readlink /proc/$(cat /tmp/pid)/fd/0 | grep -q exact; do :; done")
        opened, closed = (self.guest.log().count(f"websocket: {what}") for what in ("open", "closed"))
        deadline = time.monotonic() + KEEP
        self.guest.cut()
        while self.guest.log().count("websocket: closed") == closed:  # v86 never repeats what was under way by then
            expect(time.monotonic() < deadline, f"the connection did not break: {self.guest.log()}")
            time.sleep(0.02)
        while self.guest.log().count("websocket: open") == opened:
            # What it sends while there is no connection, it keeps; the first is what makes it connect again.
            self.run("cat source/exact | grep -qx 'a time with nanoseconds'", timeout=KEEP)
            expect(time.monotonic() < deadline, f"v86 did not connect again: {self.guest.log()}")
        equal(self.run("cat /proc/$(cat /tmp/pid)/fd/0; kill $(cat /tmp/pid)"), b"a time with nanoseconds\n", "an old fid")
        self.change()


def test(checks, options, work):
    tools = Tools(options.binaries)
    served, socket = f"{work}/served", f"{work}/9p.sock"
    project = Path(__file__).resolve().parent.parent.parent
    make_source(f"{served}/source", project, ["fuse"])
    (Path(served) / "source/large").unlink()  # 3 MiB, and its other names
    (Path(served) / "source/large again").unlink()
    (Path(served) / "source/folder 755/large a third time").unlink()
    (Path(served) / "source/link to file").unlink()

    with tools.start("p9serve", "--listen", f"unix!{socket}", "--dir", served) as server:
        expect(server.line(), f"p9serve does not listen: {server.told()}")
        proxy_options = ["--listen", "ws://127.0.0.1:0/", "--dial", f"unix!{socket}", "--keep", KEEP]
        with tools.start("p9proxy", *proxy_options) as proxy:
            url = proxy.line()
            expect(url.startswith("ws://127.0.0.1:"), f"p9proxy does not listen: {url!r} {proxy.told()}")
            with V86(options.kernel, options.node_modules, url) as guest:
                mount = Mount(guest, served)
                try:
                    if checks.check("mount -t 9p host9p", mount.mount):
                        checks.check("the guest reads a tree", mount.read)
                        checks.check("the guest writes a tree", mount.write)
                        checks.check("both sides change a file", mount.change)
                        checks.check(f"a file of {LARGE >> 20} MiB both ways", mount.large)
                        checks.check("four at once", mount.parallel)
                        checks.check("the connection breaks and comes back", mount.cut)
                finally:
                    if checks.failed:
                        print(f"v86: {guest.log()[-2000:]}\np9proxy: {proxy.told()[-2000:]}\np9serve: {server.told()[-2000:]}")


if __name__ == "__main__":
    frame.main(__doc__, test)
