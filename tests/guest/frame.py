"""The frame of a guest test: its arguments, its folder, and its end."""

import argparse
import os
import signal
import sys
import tempfile

from checks import Checks


def main(description, test):
    """Calls test(checks, options, folder) and exits with the test's status. options: kernel, the folder of fetch-kernel;
    binaries, that of our programs; static, that of our static programs; node_modules, that of
    fetch-npm. The folder goes when the test ends."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernel")
    parser.add_argument("binaries")
    parser.add_argument("--static", default=os.environ.get("P9_GUEST_STATIC", "") + "/bin")
    parser.add_argument("--node-modules", default="")
    options = parser.parse_args()
    checks = Checks()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what was begun, as Ctrl-C does
    try:
        with tempfile.TemporaryDirectory(prefix="p9-guest-test-") as folder:
            test(checks, options, folder)
    finally:
        print(f"{checks.passed} checks passed, {len(checks.failed)} failed" + "".join(f"\n  {name}" for name in checks.failed))
    sys.exit(1 if checks.failed else 0)
