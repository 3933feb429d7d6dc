#!/usr/bin/env -S python3 -B
"""Builds the initramfs of a test's guest: busybox, kernel modules with all that they need, programs, files.

    tests/guest/initramfs.py KERNEL OUT [--modules LIST] [--program NAME]... [--add FILE:PATH]...

KERNEL is the folder that fetch-kernel printed. LIST is separated by commas; the modules are loaded in an order in
which each finds what it needs. A program is copied from this system to /bin with the libraries it is linked to; a
static one just so. --add copies a file, or a folder with everything in it.
"""

import argparse
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# The command channel of agent.sh is a virtio-serial port.
ALWAYS = ("virtio_pci", "virtio_console")


class Initramfs:
    """An archive in cpio's "newc" format, all of it root's. Folders above what is added appear by themselves."""

    def __init__(self):
        self._records = []
        self._seen = {""}

    def add(self, source, path):
        """Copies a file, symbolic link or folder of this system to `path`."""
        source, path = Path(source), path.strip("/")
        if source.is_symlink():
            self._record(path, stat.S_IFLNK | 0o777, os.fsencode(os.readlink(source)))
        elif source.is_dir():
            for entry in sorted(source.iterdir()):
                self.add(entry, f"{path}/{entry.name}")
        else:
            self._record(path, stat.S_IFREG | stat.S_IMODE(source.stat().st_mode), source.read_bytes())

    def add_text(self, path, text, mode=0o644):
        self._record(path.strip("/"), stat.S_IFREG | mode, text.encode())

    def add_symlink(self, path, target):
        self._record(path.strip("/"), stat.S_IFLNK | 0o777, target.encode())

    def add_device(self, path, mode, major, minor):
        self._record(path.strip("/"), mode, b"", major, minor)

    def add_program(self, name):
        """Copies a program, found in PATH unless `name` is a path, to /bin, and its libraries to where they are."""
        program = name if "/" in name else shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if not program:
            raise ValueError(f"there is no program {name} to put into the guest")
        self.add(Path(program).resolve(), f"bin/{os.path.basename(name)}")
        listing = subprocess.run(["ldd", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for library in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", listing.stdout, re.MULTILINE):
            self.add(Path(library).resolve(), library)

    def write(self, out):
        with open(out, "wb") as file:
            for record in self._records:
                file.write(record)
            file.write(_record(0, "TRAILER!!!", 0, b""))

    def _record(self, path, mode, data, major=0, minor=0):
        if path in self._seen:
            return
        above = os.path.dirname(path)
        if above not in self._seen:
            self._record(above, stat.S_IFDIR | 0o755, b"")
        self._seen.add(path)
        self._records.append(_record(len(self._records) + 1, path, mode, data, major, minor))


def _record(number, path, mode, data, major=0, minor=0):
    name = os.fsencode(path) + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def modules_in_order(kernel, names):
    """The files of the modules `names` and of all that they need, each after what it needs."""
    folder = Path(kernel) / "modules"
    files = {path.stem.replace("-", "_"): path for path in folder.rglob("*.ko")}
    builtin = {Path(line).stem.replace("-", "_") for line in (folder / "modules.builtin").read_text().split()}
    order = []

    def load(name):
        name = name.replace("-", "_")
        if name in builtin or files.get(name) in order:
            return
        if name not in files:
            raise ValueError(f"{folder} has no module {name}: add its folder to the list in fetch-kernel")
        # modules.dep is made when a kernel is installed; what it says comes from here.
        needs = re.search(rb"\0depends=([^\0]*)\0", files[name].read_bytes())
        for need in needs.group(1).decode().split(",") if needs else ():
            if need:
                load(need)
        order.append(files[name])

    for name in names:
        load(name)
    return order


def make(kernel, out, modules=(), programs=(), files=(), always=ALWAYS, busybox=None, agent_tty=None):
    """Writes the initramfs `out`; `files` are pairs of a path here and a path in the guest. always: modules that the
    command channel needs. busybox: a file, this system's if left out. agent_tty: the name of a serial line in place of
    the virtio-serial port."""
    archive = Initramfs()
    archive.add_device("dev/console", stat.S_IFCHR | 0o600, 5, 1)  # the kernel opens it for /init
    archive.add(HERE / "init.sh", "init")
    archive.add(HERE / "agent.sh", "agent")
    for name in programs:
        archive.add_program(name)
    busybox = busybox or shutil.which("busybox")
    if not busybox:
        raise ValueError("busybox is not installed (package busybox-static)")
    archive.add(Path(busybox).resolve(), "bin/busybox")
    if agent_tty:
        archive.add_text("agent.tty", agent_tty)
    archive.add_symlink("bin/sh", "busybox")  # unless sh is among the programs
    in_order = modules_in_order(kernel, (*always, *modules))
    for module in in_order:
        archive.add(module, f"modules/{module.name}")
    archive.add_text("modules/order", "".join(f"{module.name}\n" for module in in_order))
    archive.add_text("etc/passwd", "root:x:0:0::/:/bin/sh\n")
    archive.add_text("etc/group", "root:x:0:\n")
    for source, path in files:
        archive.add(source, path)
    archive.write(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernel")
    parser.add_argument("out")
    parser.add_argument("--modules", default="")
    parser.add_argument("--program", action="append", default=[])
    parser.add_argument("--add", action="append", default=[], metavar="FILE:PATH")
    options = parser.parse_args()
    files = [tuple(pair.rsplit(":", 1)) for pair in options.add]
    try:
        make(options.kernel, options.out, [name for name in options.modules.split(",") if name], options.program, files)
    except (OSError, ValueError) as error:
        sys.exit(f"tests/guest/initramfs.py: {error}")


if __name__ == "__main__":
    main()
