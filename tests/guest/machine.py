"""A machine in which agent.sh runs shell commands one after another: what guests in QEMU and in v86 share."""

import base64
import ctypes
import os
import select
import signal
import time
from collections import namedtuple

Result = namedtuple("Result", "status output")  # output: bytes, standard output and error together


class GuestError(Exception):
    """The guest did not boot, died, or did not answer in time."""


class CommandFailed(Exception):
    """A command in the guest ended with another status than 0."""


def end_with_parent():
    """For preexec_fn: the kernel kills this process when its parent dies."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    """A subclass starts the emulator and sets _process, its Popen; _channel, a socket that is the agent's port, not
    blocking; _console and _log, paths of what the guest and the emulator print. Then it calls _wait_ready."""

    emulator = ""

    def __init__(self):
        self._process = self._channel = None
        self._received = b""
        self._commands = 0
        self._boot_id = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def run(self, script, timeout=120, check=True):
        """Runs a shell script of any number of lines. Its standard input is empty. Raises CommandFailed unless it
        ends with status 0; with check=False the caller looks at the status."""
        self._commands += 1
        number = self._commands
        text = base64.b64encode(os.fsencode(script)).decode()
        deadline = time.monotonic() + timeout
        self._send(f"{number} {text}\n".encode(), deadline, script)
        words = self._line(deadline, script).split()
        if len(words) != 4 or words[:2] != [b"reply", b"%d" % number]:
            raise self._error(f"the agent answered {words!r} to: {script}")
        status, size = int(words[2]), int(words[3])
        while len(self._received) < size:
            self._receive(deadline, script)
        output, self._received = self._received[:size], self._received[size:]
        if check and status != 0:
            tail = output[-2000:].decode(errors="backslashreplace").strip()
            raise CommandFailed(f"status {status} from: {script}\n{tail}")
        return Result(status, output)

    def reboot(self, timeout=120):
        """Resets the machine, as pulling the plug does, without a word to anybody, and waits for the next boot. What
        was not on the initramfs is gone, processes too."""
        self._commands += 1
        script = base64.b64encode(b"echo b >/proc/sysrq-trigger").decode()
        deadline = time.monotonic() + timeout
        self._send(f"{self._commands} {script}\n".encode(), deadline, "reboot")
        before, self._boot_id = self._boot_id, self._wait_ready(deadline - time.monotonic())
        if self._boot_id == before:
            raise self._error("the guest did not reboot")

    def console(self):
        """What the guest's kernel and /init have printed."""
        return self._console.read_text(errors="backslashreplace")

    def close(self):
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._channel:
            self._channel.close()
            self._channel = None

    def _wait_ready(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            word, _, boot_id = self._line(deadline, "boot").partition(b" ")
            if word == b"ready":
                return boot_id

    def _line(self, deadline, purpose):
        while b"\n" not in self._received:
            self._receive(deadline, purpose)
        line, self._received = self._received.split(b"\n", 1)
        return line

    def _receive(self, deadline, purpose):
        self._wait([self._channel], [], deadline, purpose)
        try:
            data = self._channel.recv(1 << 20)
        except ConnectionError:
            data = b""
        if not data:
            raise self._error(f"{self.emulator} ended during: {purpose}")
        self._received += data

    def _send(self, data, deadline, purpose):
        while data:
            self._wait([], [self._channel], deadline, purpose)
            try:
                data = data[self._channel.send(data) :]
            except ConnectionError:
                raise self._error(f"{self.emulator} ended before: {purpose}") from None

    def _wait(self, readable, writable, deadline, purpose):
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not any(select.select(readable, writable, [], remaining)):
            raise self._error(f"the guest took too long over: {purpose}")

    def _error(self, what):
        log = self._log.read_text(errors="backslashreplace").strip()
        console = self.console().replace("\r", "").strip().splitlines()[-30:]
        return GuestError("\n".join([what, *([f"{self.emulator}: {log}"] if log else []), "The end of its console:", *console]))
