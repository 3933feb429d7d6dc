"""Our static p9serve in the guest serves virtserialports, one host after another: the tools, the mount and p9proxy on
this side.

    tests/guest/run virtio BUILD

Prints "ok NAME" or "FAILED NAME: what" for each check.
"""

import hashlib
import os
import re

import frame
from checks import equal, expect
from guest import Guest, port
from host import Tools
from port_checks import Port

EXPORT = "/tmp/export"
SERVE = f"""
mkdir -p {EXPORT}
p9serve --listen virtio!files --dir {EXPORT} >/tmp/files.log 2>&1 &
p9serve --listen virtio!sip --sip --trace=/tmp/sip.trace >/tmp/sip.log 2>&1 &
p9serve --listen virtio!pty --memory >/tmp/pty.log 2>&1 &
"""


class Sip:
    """The SIP tree in the guest: reads that block."""

    def __init__(self, guest, tools, address):
        self.guest, self.tools, self.address = guest, tools, address

    def ctl(self, *words):
        return self.tools.run("p9ctl", "-a", self.address, *words).output

    def make(self):
        self.ctl("new", "example-driver", "--name", "disk", "--capability", "interrupt", "--start")
        self.ctl("wait", "disk", "healthy")
        self.ctl("irq", "register", "11", "disk")
        expect(b"11" in self.ctl("irq", "list"), "the interrupt is not in the list")

    def cancel(self):
        def seen():
            trace = self.guest.run("cat /tmp/sip.trace").output.decode(errors="backslashreplace")
            return [line for line in trace.splitlines() if re.search(r"\b[TR]flush\b", line)]

        before = len(seen())
        with self.tools.start("p9ctl", "-a", self.address, "--trace", "irq", "wait", "11", "-n", "1") as waiter:
            waiter.wait_told("Tread")
            waiter.interrupt()
            equal(waiter.wait(), 130, "the status after SIGINT")
            expect("Tflush" in waiter.told(), f"p9ctl sent no Tflush: {waiter.told()}")
        after = seen()[before:]
        expect(any("Tflush" in line for line in after), f"the server saw no Tflush: {after}")
        expect(any("Rflush" in line for line in after), f"the server sent no Rflush: {after}")
        expect(b"healthy" in self.ctl("status", "disk"), "the port does not work afterwards")

    def share(self, socket):
        with self.tools.start("p9proxy", "--listen", f"unix!{socket}", "--dial", self.address, "--share") as proxy:
            expect(proxy.line(), f"p9proxy does not listen: {proxy.told()}")
            shared = Sip(self.guest, self.tools, f"unix!{socket}")
            with self.tools.start("p9ctl", "-a", shared.address, "--trace", "irq", "wait", "11", "-n", "1") as waiter:
                waiter.wait_told("Tread")
                shared.ctl("write", "/dev/irq/ctl", "trigger", "11")
                equal(waiter.wait(), 0, "the status of who waited for the interrupt")
            # One that is interrupted does not disturb the other.
            with self.tools.start("p9ctl", "-a", shared.address, "--trace", "irq", "wait", "11", "-n", "1") as first:
                with self.tools.start("p9ctl", "-a", shared.address, "--trace", "irq", "wait", "11", "-n", "1") as second:
                    first.wait_told("Tread")
                    second.wait_told("Tread")
                    first.interrupt()
                    equal(first.wait(), 130, "the status after SIGINT")
                    shared.ctl("write", "/dev/irq/ctl", "trigger", "11")
                    equal(second.wait(), 0, "the status of the other")


def share_files(guest, tools, address, socket):
    """Two p9cat at once, through one connection."""
    size = 16 << 20
    guest.run(f"cd {EXPORT}; for i in 1 2; do dd if=/dev/urandom of=half$i bs=1M count={size >> 20} 2>/dev/null; done")
    sums = guest.run(f"cd {EXPORT}; md5sum half1 half2").output.decode().split()[::2]
    with tools.start("p9proxy", "--listen", f"unix!{socket}", "--dial", address, "--share") as proxy:
        expect(proxy.line(), f"p9proxy does not listen: {proxy.told()}")
        for _ in range(2):
            readers = [tools.start("p9cat", "-a", f"unix!{socket}", "-o", f"{socket}.{i}", f"half{i}") for i in (1, 2)]
            for i, reader in enumerate(readers):
                with reader:
                    equal(reader.wait(60), 0, f"the status of p9cat: {reader.told()}")
                with open(f"{socket}.{i + 1}", "rb") as file:
                    equal(hashlib.md5(file.read()).hexdigest(), sums[i], f"the md5sum of half{i + 1}")
        # A client that dies in the middle takes nothing along.
        with tools.start("p9cat", "-a", f"unix!{socket}", "half1") as killed:
            expect(killed.process.stdout.read(65536), "it reads nothing")
            killed.process.kill()
            killed.process.wait()
        equal(tools.run("p9cat", "-a", f"unix!{socket}", "--length", "4096", "half2").output,
              guest.run(f"head -c 4096 {EXPORT}/half2").output, "what another reads then")  # fmt: skip
    guest.run(f"rm {EXPORT}/half1 {EXPORT}/half2")
    for i in (1, 2):
        os.remove(f"{socket}.{i}")


def pty(guest, tools, path):
    """The same over a PTY instead of a socket, which QEMU offers too."""
    address = f"virtio!{path}"
    guest_log = guest.run("cat /tmp/pty.log").output
    equal(tools.run("p9ls", "-a", address).output, b"", f"p9ls of an empty tree ({guest_log!r})")
    for _ in range(3):
        expect("9P2000.L" in tools.run("p9ls", "-v", "-a", address).errors, "no dialect")


def test(checks, options, work):
    tools = Tools(options.binaries)
    files, sip = f"{work}/files.sock", f"{work}/sip.sock"
    devices = [
        *port("files", files), *port("sip", sip),
        "-chardev", "pty,id=pty", "-device", "virtserialport,chardev=pty,name=pty",
    ]  # fmt: skip
    programs = [f"{options.static}/p9serve", "md5sum"]
    with Guest(options.kernel, programs=programs, devices=devices, memory=512, reboots=True) as guest:

        def serve():
            guest.run(SERVE)

        serve()
        try:
            devices = Sip(guest, tools, f"virtio!{sip}")
            checks.check("a SIP server in the guest", devices.make)
            checks.check("a blocked irq read is cancelled", devices.cancel)
            checks.check("p9proxy --share: one waits, one triggers", devices.share, f"{work}/shared sip")
            checks.check("p9proxy --share: two tools at once", share_files, guest, tools, f"virtio!{files}", f"{work}/shared")
            checks.check("a PTY", pty, guest, tools, guest.pty("pty"))
            Port(checks, guest, tools, f"virtio!{files}", EXPORT, "/", serve, work).all()
        finally:
            if checks.failed:
                told = guest.run("head -c 1500 /tmp/*.log; pidof p9serve", check=False).output
                print("p9serve's messages:", told.decode(errors="backslashreplace"))


if __name__ == "__main__":
    frame.main(__doc__, test)
