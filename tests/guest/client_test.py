"""The other way: our static p9ls, p9cat and p9ctl in the guest, p9serve on this side, over a virtserialport and TCP; and
over vsock within the guest.

    tests/guest/run client BUILD

Prints "ok NAME" or "FAILED NAME: what" for each check.
"""

import hashlib
import random
from pathlib import Path

import frame
from checks import equal, expect, make_source
from guest import HOST, Guest
from host import Tools

LARGE = 64 * 1024 * 1024
PROGRAMS = ("p9serve", "p9ls", "p9cat", "p9ctl")


def outgoing(name, path):
    """A port whose chardev dials the Unix socket `path` on this side, and dials again when it was lost."""
    chardev = f"socket,id={name},path={path},reconnect=1"
    return ["-chardev", chardev, "-device", f"virtserialport,chardev={name},name={name}"]


class Client:
    """The checks of tools in the guest. `served`: the folder on this side."""

    def __init__(self, guest, served):
        self.guest, self.served = guest, Path(served)

    def run(self, script, status=0):
        """What a script of the guest prints; it has to end with `status`, or with any if that is None."""
        result = self.guest.run(script, check=False)
        expect(status in (None, result.status), f"status {result.status} from: {script}: {result.output[-2000:]!r}")
        return result.output

    def list(self, address):
        names = self.run(f"p9ls -a '{address}' -R source/odd source/project | wc -l")
        expect(int(names) > 50, f"p9ls -R gives {names!r} lines")
        lines = self.run(f"p9ls -a '{address}' -ld 'source/mode 640' source/large 'source/link to file'", status=1)
        expect(b"mode 640: No such file" in lines, f"p9ls says {lines!r}")
        expect(b" 3146505 " in lines and b"-> large" in lines, f"p9ls -l says {lines!r}")

    def read(self, address):
        wanted = hashlib.md5((self.served / "large").read_bytes()).hexdigest().encode()
        equal(self.run(f"p9cat -a '{address}' large | md5sum").split()[0], wanted, "the md5sum of 64 MiB")
        for _ in range(5):
            equal(self.run(f"p9cat -a '{address}' source/old"), b"old\n", "a short file")
        equal(self.run(f"p9cat -a '{address}' nothing", status=1), b"p9cat: nothing: No such file or directory\n", "the error")

    def left(self, address):
        """Programs that leave in the middle, one way or another; what they left unread must not harm the next."""
        for _ in range(3):
            self.run(f"p9cat -a '{address}' large | head -c 100000 >/dev/null")
            self.run(f"p9cat -a '{address}' large >/tmp/part & until [ -s /tmp/part ]; do :; done; kill -9 $!; wait; rm /tmp/part")
            equal(self.run(f"p9cat -a '{address}' source/old"), b"old\n", "a short file afterwards")


def device_file(client):
    device = client.run("ls /dev/vport*p2").decode().strip()  # the second port: the agent's is the first
    equal(client.run(f"p9cat -a virtio!{device} source/old"), b"old\n", "p9cat")


def absent(client):
    """A port without a host is no end of file: a tool waits, as long as it may."""
    told = client.run("p9ls --connect-timeout 2 -a virtio!files", status=None)
    expect(told.startswith(b"p9ls: virtio!files: ") and told.count(b"\n") == 1, f"p9ls says {told!r}")
    told = client.run("p9ls -a virtio!nothing", status=3)
    expect(told.startswith(b"p9ls: virtio!nothing: ") and told.count(b"\n") == 1, f"there is no such port: {told!r}")


def control(client):
    """SIP servers on this side, driven from the guest."""
    client.run("""set -e
        export P9_ADDRESS='virtio!sip'
        p9ctl new example-driver --name disk --capability interrupt --start
        p9ctl wait disk healthy
        p9ctl irq register 11 disk
        p9ctl irq list | grep -q 11""")
    told = client.run("p9ctl -a virtio!sip --timeout 1 irq wait 11 -n 1", status=4)
    expect(told.startswith(b"p9ctl: "), f"p9ctl says {told!r}")
    expect(b"healthy" in client.run("p9ctl -a virtio!sip status disk"), "the port does not work afterwards")


def vsock(client):
    """Within the guest: no machine here has to have vhost-vsock."""
    client.run("mkdir -p /tmp/tree/folder; echo over vsock >/tmp/tree/file; dd if=/dev/urandom of=/tmp/tree/large bs=1M count=8 2>/dev/null")
    client.run("p9serve --listen vsock!1!5640 --dir /tmp/tree >/tmp/vsock.address 2>/tmp/vsock.log & until [ -s /tmp/vsock.address ]; do sleep 0.1; done")
    equal(client.run("cat /tmp/vsock.address"), b"vsock!1!5640\n", "the address that p9serve prints")
    equal(client.run("p9cat -a vsock!1!5640 file"), b"over vsock\n", "p9cat")
    equal(client.run("p9ls -a vsock://1:5640"), b"file\nfolder\nlarge\n", "p9ls")
    client.run("p9cat -a vsock!1!5640 large | cmp - /tmp/tree/large")
    refused = client.run("p9ls -a vsock!1!5641", status=3)
    expect(refused.startswith(b"p9ls: vsock!1!5641: ") and refused.count(b"\n") == 1, f"nobody listens: {refused!r}")


def names(client):
    """There is no resolver in a static program."""
    told = client.run("p9ls -a tcp!server.example!564", status=3)
    expect(b"/etc/hosts" in told and told.count(b"\n") == 1, f"p9ls says {told!r}")
    client.run(f"echo {HOST} server.example >/etc/hosts")
    told = client.run("p9ls -a tcp!server.example!1", status=3)
    expect(HOST.encode() in told or b"refused" in told, f"p9ls says {told!r}")


def test(checks, options, work):
    tools = Tools(options.binaries)
    served, socket, sip = f"{work}/served", f"{work}/files.sock", f"{work}/sip.sock"
    project = Path(__file__).resolve().parent.parent.parent
    make_source(f"{served}/source", project, ["transports"])
    Path(f"{served}/large").write_bytes(random.Random(3).randbytes(LARGE))

    def serve(listen, *tree):
        server = tools.start("p9serve", "--listen", listen, *(tree or ["--dir", served]))
        expect(server.line(), f"p9serve does not listen: {server.told()}")
        return server

    programs = [*(f"{options.static}/{name}" for name in PROGRAMS), "md5sum"]
    devices = [*outgoing("files", socket), *outgoing("sip", sip)]
    with Guest(options.kernel, ["vsock_loopback"], programs, devices=devices, network=True, memory=512) as guest:
        client = Client(guest, served)
        virtio = "virtio!files"
        try:
            with serve(f"unix!{socket}"):
                checks.check("p9ls over a virtserialport", client.list, virtio)
                checks.check("p9cat of 64 MiB", client.read, virtio)
                checks.check("a device file as the address", device_file, client)
                checks.check("tools that leave in the middle", client.left, virtio)
            checks.check("nobody listens on this side", absent, client)
            with serve(f"virtio!{socket}"):
                checks.check("a server that comes back", client.read, virtio)
            with serve(f"unix!{sip}", "--sip"):
                checks.check("p9ctl", control, client)
            with tools.start("p9serve", "--listen", "tcp!127.0.0.1!0", "--dir", served) as server:
                port = server.line().rpartition("!")[2]
                checks.check("over TCP", client.read, f"tcp!{HOST}!{port}")
            checks.check("names of hosts", names, client)
            checks.check("vsock", vsock, client)
        finally:
            if checks.failed:
                print("The guest's processes:", guest.run("ps; ls -l /dev/vport*", check=False).output.decode()[-1500:])


if __name__ == "__main__":
    frame.main(__doc__, test)
