"""The Linux kernel's own 9P client, v9fs, mounts p9serve --dir from a guest and works in it.

    tests/guest/run v9fs BUILD [--server diod] [--dialect 9p2000.L]...

Prints "ok NAME" or "FAILED NAME: what" for each check. The mount is the guest's; this side compares what reached the
folder that is served.
"""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

import servers
from checks import Checks, entries, equal, expect, make_source
from guest import Guest
from v9fs import PROGRAMS, V9fs

DIALECTS = ["9p2000.L", "9p2000.u", "9p2000"]


def test(checks, options, served, dialects):
    project = Path(__file__).resolve().parent.parent.parent
    names = {dialect: dialect.replace("9p2000", "9P2000") for dialect in dialects}
    for dialect, name in names.items():
        os.makedirs(f"{served}/{name}")
        # Much is copied once: each file costs some twenty messages, and each of those half a millisecond.
        folders = ["fuse", "lib9pclient", "tools", "transports"] if dialect == "9p2000.L" else ["lib9pclient/include"]
        make_source(f"{served}/{name}/source", project, folders, links=dialect != "9p2000")
    before = {name: entries(f"{served}/{name}/source") for name in names.values()}

    start = {"p9serve": lambda: servers.p9serve(options.binaries, served), "diod": lambda: servers.diod(served)}
    with start[options.server]() as server:
        with Guest(options.kernel, ["9p", "9pnet_fd"], PROGRAMS, network=True) as guest:
            try:
                for dialect, name in names.items():
                    V9fs(checks, guest, server, served, dialect, name).all()
                if "9p2000.L" in dialects:
                    v9fs = V9fs(checks, guest, server, served, "9p2000.L", names["9p2000.L"])
                    for cache in ("loose", "mmap"):
                        v9fs.check(f"cp -a, diff -r, rm -r with cache={cache}", v9fs.cached, cache)
            finally:
                if checks.failed:
                    print(f"{server.name}'s messages:\n{server.log()[-4000:]}")

        def unharmed():
            for name, found in before.items():
                now = entries(f"{served}/{name}/source")
                changed = [n for n in found if n not in now or now[n].st_mtime_ns != found[n].st_mtime_ns]
                equal(changed, [], "changed")

        checks.check("the sources are as they were", unharmed)
        checks.check(f"{server.name} still runs", lambda: expect(server.running(), server.log()[-2000:]))
        checks.check(f"{server.name} ends when told to", lambda: expect(server.close(), server.log()[-2000:]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kernel")
    parser.add_argument("binaries")
    parser.add_argument("--server", choices=["p9serve", "diod"], default="p9serve")
    parser.add_argument("--dialect", choices=DIALECTS, action="append")
    options = parser.parse_args()
    dialects = options.dialect or (DIALECTS if options.server == "p9serve" else DIALECTS[:1])
    checks = Checks()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what was begun, as Ctrl-C does
    try:
        with tempfile.TemporaryDirectory(prefix="p9-v9fs-") as served:
            os.chmod(served, 0o755)
            test(checks, options, served, dialects)
    finally:
        print(f"{checks.passed} checks passed, {len(checks.failed)} failed" + "".join(f"\n  {name}" for name in checks.failed))
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
