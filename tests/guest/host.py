"""This side of a test: our programs as people run them here, and mounts."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import namedtuple
from pathlib import Path

from guest import end_with_parent

Done = namedtuple("Done", "status output errors seconds")  # output: bytes; errors: text


class ToolFailed(AssertionError):
    """A program ended with another status than was expected, or not in time."""


class Started:
    """A program that runs beside the test. It is killed when the `with` ends, if it has not ended before."""

    def __init__(self, command):
        self.command = command
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, preexec_fn=end_with_parent
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def line(self):
        """The next line of its standard output; empty at its end."""
        return self.process.stdout.readline().decode(errors="backslashreplace").strip()

    def told(self):
        """What it has written to standard error."""
        return os.pread(self.errors.fileno(), 1 << 24, 0).decode(errors="backslashreplace")

    def wait_told(self, text, timeout=30):
        """Waits until it has written `text` to standard error."""
        deadline = time.monotonic() + timeout
        while text not in self.told():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise ToolFailed(f"{self.command}: no {text!r} in what it told: {self.told()[-2000:]}")
            time.sleep(0.02)  # a file tells nobody that it grows

    def interrupt(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def wait(self, timeout=30):
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ToolFailed(f"{self.command} did not end in {timeout} s: {self.told()[-2000:]}") from None


class Tools:
    """The programs of one build."""

    def __init__(self, binaries):
        self.binaries = binaries

    def command(self, name, *arguments):
        return [f"{self.binaries}/{name}", *map(str, arguments)]

    def start(self, name, *arguments):
        return Started(self.command(name, *arguments))

    def run(self, name, *arguments, status=0, timeout=60):
        """Runs a program to its end; raises ToolFailed unless it ends with `status` (None: any) within `timeout`."""
        command = self.command(name, *arguments)
        began = time.monotonic()
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            told = (error.stderr or b"").decode(errors="backslashreplace")
            raise ToolFailed(f"{command} did not end in {timeout} s: {told[-2000:]}") from None
        errors = done.stderr.decode(errors="backslashreplace")
        if status is not None and done.returncode != status:
            raise ToolFailed(f"{command}: status {done.returncode} instead of {status}: {errors[-2000:]}")
        return Done(done.returncode, done.stdout, errors, time.monotonic() - began)


def why_no_mount():
    """Why nothing can be mounted here; empty if it can."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no access to /dev/fuse"
    if not shutil.which("fusermount3"):
        return "fusermount3 is not installed (package fuse3)"
    return ""


class Mount:
    """p9fuse on a folder of its own, `path`, until the `with` ends."""

    def __init__(self, tools, address, options="", timeout=30):
        self._folder = tempfile.TemporaryDirectory(prefix="p9-mount-")
        self.path = Path(self._folder.name)
        try:
            self.told = tools.run("p9fuse", address, self.path, *(["-o", options] if options else []), timeout=timeout).errors
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def is_mounted(self):
        return f" {self.path} " in Path("/proc/self/mounts").read_text()

    def close(self):
        if self.is_mounted() and subprocess.run(["fusermount3", "-u", self.path], capture_output=True).returncode != 0:
            subprocess.run(["fusermount3", "-u", "-z", self.path])
        if not self.is_mounted():
            self._folder.cleanup()
