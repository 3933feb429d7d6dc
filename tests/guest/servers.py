"""The servers that guests mount: started on this machine's loopback, ended with the test."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

from guest import end_with_parent


class Server:
    """A started server. port: where it listens on 127.0.0.1. aname: what a client attaches to. log(): its messages."""

    def __init__(self, name, command, aname, port=None):
        self.name, self.aname = name, aname
        self._errors = tempfile.TemporaryFile()  # without a name: it goes when this process goes
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors, preexec_fn=end_with_parent
        )
        try:
            self.port = port or self._printed_port()
            self._wait_listening()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def running(self):
        return self._process.poll() is None

    def close(self):
        """Ends the server. True if it ended in time after SIGTERM, with a status that is no crash."""
        if self.running():
            self._process.terminate()
        try:
            status = self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._process.stdout.close()
        return status in (0, 130, 143, -15)

    def log(self):
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), size, 0).decode(errors="backslashreplace")

    def _printed_port(self):
        line = self._process.stdout.readline().decode(errors="backslashreplace").strip()
        port = line.rpartition("!")[2]
        if not port.isdigit():
            raise RuntimeError(f"{self.name} printed no address but {line!r}: {self.log()}")
        return int(port)

    def _wait_listening(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.running():
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.05)  # there is no event to wait for
        raise RuntimeError(f"{self.name} does not listen: {self.log()}")


def p9serve(binaries, directory, *options):
    return Server("p9serve", [f"{binaries}/p9serve", "--listen", "tcp!127.0.0.1!0", "--dir", directory, *options], "/")


def diod(directory):
    """Debian's server, to tell a fault of ours from the kernel's or this test's."""
    program = shutil.which("diod", path=os.environ.get("PATH", "") + ":/usr/sbin")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "-f", "-n", "-N", "-c", "/dev/null", "-L", "stderr", "-l", f"127.0.0.1:{port}", "-e", directory]
    return Server("diod", [*command, *(["-U", "root", "-S"] if os.geteuid() == 0 else [])], directory, port)
