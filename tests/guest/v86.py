"""A Linux guest in npm's v86, run by Node: a PC in a web page, whose 9P device is a WebSocket.

    with V86(kernel, modules, "ws://127.0.0.1:8080/") as guest:
        guest.run("mount -t 9p -o trans=virtio,version=9p2000.L host9p /mnt")

As Guest in guest.py, but for the agent's port, which is the second serial line: scripts should be below 3 KiB.
"""

import json
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import initramfs
from machine import Machine, end_with_parent

HERE = Path(__file__).resolve().parent
BIOS = Path("/usr/share/seabios/bios.bin")


def why_not():
    """Why no guest can be booted on this system; empty if one can."""
    if not shutil.which("node"):
        return "no Node to run v86: node is not installed (package nodejs)"
    if not BIOS.exists():
        return f"no BIOS for v86: {BIOS} is missing (package seabios)"
    return ""


class V86(Machine):
    """kernel: the folder of fetch-kernel for i386. node_modules: that of fetch-npm. proxy_url: where the 9P server is."""

    emulator = "v86"

    def __init__(self, kernel, node_modules, proxy_url, modules=("9pnet_virtio", "9p"), programs=(), memory=128, boot_timeout=300):
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="p9-v86-")
        try:
            self._start(kernel, node_modules, proxy_url, modules, programs, memory)
            self._boot_id = self._wait_ready(boot_timeout)
        except BaseException:
            self.close()
            raise

    def cut(self):
        """Ends the WebSocket connection, as a network does that fails."""
        self._process.send_signal(signal.SIGUSR2)

    def log(self):
        """What v86 complains of, and a line for each WebSocket that opens or closes."""
        return self._log.read_text(errors="backslashreplace")

    def close(self):
        super().close()
        self._folder.cleanup()

    def _start(self, kernel, node_modules, proxy_url, modules, programs, memory):
        folder = Path(self._folder.name)
        image = folder / "initramfs"
        initramfs.make(
            kernel, image, modules, programs, always=("virtio_pci",), busybox=f"{kernel}/busybox", agent_tty="ttyS1"
        )  # fmt: skip
        self._console = folder / "console"
        self._console.touch()
        self._log = folder / "v86.log"
        self._channel, theirs = socket.socketpair()
        options = {
            "bios": str(BIOS), "kernel": f"{kernel}/vmlinuz", "initrd": str(image), "memory": memory,
            "cmdline": "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on tsc=reliable",
            "proxy_url": proxy_url, "console": str(self._console), "agent": theirs.fileno(),
        }  # fmt: skip
        command = ["node", HERE / "v86.mjs", node_modules, json.dumps(options)]
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[theirs.fileno()],
                preexec_fn=end_with_parent,
            )  # fmt: skip
        theirs.close()
        self._channel.setblocking(False)
