"""diod, the server that others are measured against, and diodcat, its client."""
import subprocess
import sys
import time

from common import DIODCAT, free_port


def theirs(address, tree, *args):
    return [DIODCAT, "-s", address, "-a", tree, *args]


class Diod:
    """diod with its defaults (16 worker threads), without authentication, on a Unix socket and a loopback port."""

    def __init__(self, work, tree, probe="line"):
        """Serves `tree`, where `probe` is a small file."""
        self.tree = tree
        self.unix = work + "/socket"
        self.port = free_port()
        self.tcp = f"127.0.0.1:{self.port}"
        self.options = ["-f", "-n", "-c", "/dev/null", "-L", work + "/diod.log"]
        self.process = subprocess.Popen(["diod", *self.options, "-l", self.unix, "-l", self.tcp, "-e", self.tree])
        while subprocess.run(theirs(self.tcp, self.tree, probe), capture_output=True).returncode != 0:
            if self.process.poll() is not None:
                sys.exit("measure: diod did not start: " + open(work + "/diod.log").read())
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait()
