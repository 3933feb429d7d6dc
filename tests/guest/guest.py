"""A Linux guest in QEMU, without KVM, in which a test runs shell commands one after another.

    with Guest(kernel, modules=["9p", "9pnet_fd"], network=True) as guest:
        guest.run(f"mount -t 9p -o trans=tcp,port={port},version=9p2000.L {HOST} /mnt")
        text = guest.run("cat /mnt/file").output

Booting takes seconds: boot once, check much. The guest's console goes to a file, whose end every GuestError quotes.
Commands travel over a virtio-serial port to agent.sh. QEMU is killed by its pid when the `with` ends, however it
ends, and by the kernel should this process be killed.
"""

import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import initramfs
from machine import CommandFailed, GuestError, Machine, Result, end_with_parent  # noqa: F401: also for tests

QEMU = "qemu-system-x86_64"
HOST = "10.0.2.2"  # where a guest with a network finds this machine's loopback


def why_not():
    """Why no guest can be booted on this system; empty if one can."""
    if not shutil.which(QEMU):
        return "no QEMU: qemu-system-x86_64 is not installed (package qemu-system-x86)"
    if not shutil.which("busybox"):
        return "no busybox to put into the guest (package busybox-static)"
    return ""


def port(name, path):
    """QEMU's arguments for a virtserialport `name` of the guest, which is the Unix socket `path` on this side."""
    chardev = f"socket,id={name},path={path},server=on,wait=off"
    return ["-chardev", chardev, "-device", f"virtserialport,chardev={name},name={name}"]


class Guest(Machine):
    """kernel: the folder from fetch-kernel. modules, programs, files: as in initramfs.make.

    network: a card through which the guest reaches servers on this machine's loopback. It has no route to anything
    else. (QEMU's restrict=on and guestfwd would enforce that, but cost 40 ms a message.) devices: further arguments
    for QEMU, such as port() gives. reboots: reboot() works, and a kernel that panics boots anew instead of ending QEMU.
    """

    def __init__(
        self, kernel, modules=(), programs=(), files=(), network=False, devices=(), memory=256, reboots=False, boot_timeout=120
    ):
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="p9-guest-")
        try:
            self._start(kernel, modules, programs, files, network, [*devices, *([] if reboots else ["-no-reboot"])], memory)
            self._boot_id = self._wait_ready(boot_timeout)
        except BaseException:
            self.close()
            raise

    emulator = "QEMU"

    def pty(self, chardev):
        """The PTY on this side that QEMU made for a chardev of that kind."""
        said = re.search(rf"redirected to (\S+) \(label {chardev}\)", self._log.read_text(errors="backslashreplace"))
        if not said:
            raise self._error(f"QEMU named no PTY for {chardev}")
        return said.group(1)

    def close(self):
        super().close()
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
            QEMU, "-accel", "tcg", "-m", str(memory), "-nodefaults", "-no-user-config", "-display", "none",
            "-kernel", f"{kernel}/vmlinuz", "-initrd", str(image),
            # panic=-1 reboots at once, which ends QEMU unless it may; the rest saves time in an emulated processor.
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
