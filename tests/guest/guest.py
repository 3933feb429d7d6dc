"""A Linux guest in QEMU, without KVM, in which a test runs shell commands one after another.

    with Guest(kernel, modules=["9p", "9pnet_fd"], network=True) as guest:
        guest.run(f"mount -t 9p -o trans=tcp,port={port},version=9p2000.L {HOST} /mnt")
        text = guest.run("cat /mnt/file").output

Booting takes seconds: boot once, check much. The guest's console goes to a file, whose end every GuestError quotes.
Commands travel over a virtio-serial port to agent.sh. QEMU is killed by its pid when the `with` ends, however it
ends, and by the kernel should this process be killed.
"""

import base64
import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import namedtuple
from pathlib import Path

import initramfs

QEMU = "qemu-system-x86_64"
HOST = "10.0.2.2"  # where a guest with a network finds this machine's loopback

Result = namedtuple("Result", "status output")  # output: bytes, standard output and error together


class GuestError(Exception):
    """The guest did not boot, died, or did not answer in time."""


class CommandFailed(Exception):
    """A command in the guest ended with another status than 0."""


def why_not():
    """Why no guest can be booted on this system; empty if one can."""
    if not shutil.which(QEMU):
        return "no QEMU: qemu-system-x86_64 is not installed (package qemu-system-x86)"
    if not shutil.which("busybox"):
        return "no busybox to put into the guest (package busybox-static)"
    return ""


def end_with_parent():
    """For preexec_fn: the kernel kills this process when its parent dies."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Guest:
    """kernel: the folder from fetch-kernel. modules, programs, files: as in initramfs.make.

    network: a card through which the guest reaches servers on this machine's loopback. It has no route to anything
    else. (QEMU's restrict=on and guestfwd would enforce that, but cost 40 ms a message.) devices: further arguments
    for QEMU, such as chardevs and virtserialports.
    """

    def __init__(self, kernel, modules=(), programs=(), files=(), network=False, devices=(), memory=256, boot_timeout=120):
        self._process = self._channel = None
        self._received = b""
        self._commands = 0
        self._folder = tempfile.TemporaryDirectory(prefix="p9-guest-")
        try:
            self._start(kernel, modules, programs, files, network, devices, memory)
            self._wait_ready(boot_timeout)
        except BaseException:
            self.close()
            raise

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
        self._folder.cleanup()

    def _start(self, kernel, modules, programs, files, network, devices, memory):
        folder = Path(self._folder.name)
        image = folder / "initramfs"
        initramfs.make(kernel, image, [*modules, *(["virtio_net"] if network else [])], programs, files)
        self._console = folder / "console"
        self._console.touch()
        self._log = folder / "qemu.log"
        self._channel, theirs = socket.socketpair()
        command = [
            QEMU, "-accel", "tcg", "-m", str(memory), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", f"{kernel}/vmlinuz", "-initrd", str(image),
            # panic=-1 ends QEMU at once; the rest saves time in an emulated processor.
            "-append", "console=ttyS0 quiet panic=-1 mitigations=off nokaslr random.trust_cpu=on tsc=reliable",
            "-serial", f"file:{self._console}",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,fd={theirs.fileno()}",
            "-device", "virtserialport,chardev=agent,name=agent",
        ]  # fmt: skip
        if network:
            command += ["-netdev", "user,id=net,ipv6=off", "-device", "virtio-net-pci,netdev=net,romfile="]
        command += devices
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[theirs.fileno()],
                preexec_fn=end_with_parent,
            )  # fmt: skip
        theirs.close()
        self._channel.setblocking(False)

    def _wait_ready(self, timeout):
        deadline = time.monotonic() + timeout
        while not self._line(deadline, "boot").startswith(b"ready "):
            pass

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
            raise self._error(f"QEMU ended during: {purpose}")
        self._received += data

    def _send(self, data, deadline, purpose):
        while data:
            self._wait([], [self._channel], deadline, purpose)
            try:
                data = data[self._channel.send(data) :]
            except ConnectionError:
                raise self._error(f"QEMU ended before: {purpose}") from None

    def _wait(self, readable, writable, deadline, purpose):
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not any(select.select(readable, writable, [], remaining)):
            raise self._error(f"the guest took too long over: {purpose}")

    def _error(self, what):
        log = self._log.read_text(errors="backslashreplace").strip()
        console = self.console().replace("\r", "").strip().splitlines()[-30:]
        return GuestError("\n".join([what, *([f"QEMU: {log}"] if log else []), "The end of its console:", *console]))
