"""What v9fs_test.py checks in a mount: how the Linux kernel's 9P client and a server get on, in one dialect."""

import os
import shlex
from pathlib import Path

from checks import compare, entries, equal, expect
from guest import HOST

# Of this system, for the guest: busybox's are simpler than what people use.
PROGRAMS = "sh cp mv rm ln diff find stat touch truncate mkfifo sync cat chmod chown df flock getfattr setfattr".split()

SECOND = 10**9  # in nanoseconds; v9fs cuts the times that it sets to seconds


class V9fs:
    """The checks of one dialect. The server serves `served`; below it each dialect has a folder `name` of its own, with
    a tree to copy in `source`.

    What the older dialects lack: 9P2000.u does not say how many names a file has, and a rename by Twstat never
    replaces a file. 9P2000 has no links, fifos, owners by number and mode bits 07000 besides.
    """

    def __init__(self, checks, guest, server, served, dialect, name):
        self.checks, self.guest, self.server, self.dialect, self.name = checks, guest, server, dialect, name
        self.here = Path(served) / name
        self.linux = dialect == "9p2000.L"
        self.links = dialect != "9p2000"

    def check(self, name, function, *arguments):
        return self.checks.check(f"{self.name}: {name}", function, *arguments)

    def run(self, script, **options):
        return self.guest.run(f"set -e; cd /mnt/{self.name}\n{script}", **options).output

    def mount(self, cache="none"):
        options = f"trans=tcp,port={self.server.port},version={self.dialect},msize=131072,cache={cache},uname=root,aname={self.server.aname}"
        self.guest.run(f"mkdir -p /mnt && mount -t 9p -o {shlex.quote(options)} {HOST} /mnt")

    def unmount(self):
        self.guest.run("cd / && umount /mnt")

    def all(self):
        if not self.check("mount", self.mount):
            return
        for name, function in (
            ("find sees every name", self.find),
            ("stat agrees", self.stat),
            ("cp -a out of the mount", self.copy_out),
            ("cp -a into the mount", self.copy_in),
            ("df", self.df),
            ("mv", self.move),
            ("chmod, chown, touch", self.attributes),
            ("truncate, append, overwrite", self.write),
            ("links", self.make_links),
            ("a fifo", self.fifo),
            ("an open file that is removed", self.removed_while_open),
            ("extended attributes", self.xattrs),
            ("flock", self.lock),
            ("errors", self.errors),
            ("a program runs from the mount", self.program),
            ("a folder of 300 files", self.many),
            ("four at once", self.parallel),
            ("both sides change a file", self.both_sides),
            ("rm -r", self.remove),
        ):
            self.check(name, function)
        self.check("umount", self.unmount)

    @property
    def no_dereference(self):
        return "--no-dereference" if self.links else ""

    def find(self):
        names = self.run("find source -mindepth 1 -print0").split(b"\0")[:-1]
        equal(sorted(names), sorted(b"source/" + name for name in entries(self.here / "source")), "names")

    def stat(self):
        unit = 1 if self.linux else SECOND  # Rgetattr has nanoseconds, Rstat seconds
        seen = {}
        for line in self.run(r"find source -mindepth 1 -printf '%m %s %T@ %U %G %P\0'").split(b"\0")[:-1]:
            mode, size, time, user, group, name = line.split(b" ", 5)
            seconds, _, fraction = time.partition(b".")
            nanoseconds = int(seconds) * SECOND + int(fraction[:9].ljust(9, b"0") or 0)
            seen[name] = (oct(int(mode, 8)), int(size), nanoseconds // unit, int(user), int(group))
        for name, there in entries(self.here / "source").items():
            mode = oct(there.st_mode & 0o7777)
            folder = os.path.isdir(os.path.join(os.fsencode(self.here), b"source", name))
            size = seen[name][1] if folder else there.st_size  # of a folder it is the server's affair
            if not self.links:
                mode = oct(there.st_mode & 0o777)
            wanted = (mode, size, there.st_mtime_ns // unit, there.st_uid, there.st_gid)
            fields = 5 if self.links else 3
            equal(seen[name][:fields], wanted[:fields], f"mode, size, time, owner and group of {name!r}")

    def copy_out(self):
        self.run("rm -rf /tmp/source; cp -a source /tmp/source", timeout=300)

    def copy_in(self):
        self.run(f"cp -a /tmp/source copy && diff -r {self.no_dereference} /tmp/source copy", timeout=300)
        compare(self.here / "source", self.here / "copy", owners=self.links, names=self.linux, time_unit=SECOND)

    def df(self):
        blocks = int(self.run("stat -f -c %b ."))
        if self.linux:
            expect(blocks > 0, "there are no blocks")

    def move(self):
        self.run("mkdir from to; echo 1 >from/a; echo 2 >to/b; echo 3 >to/c")
        if not self.linux:
            self.run("if mv -f to/b to/c; then exit 9; fi; test \"$(cat to/c)\" = 3; rm to/c")
        self.run("mv from/a from/z; mv from/z to/a; mv to/b to/c; mv to 'other name'")
        equal(sorted(entries(self.here / "other name")), [b"a", b"c"], "names")
        equal((self.here / "other name/c").read_text(), "2\n", "the file that was moved")
        self.run("test \"$(cat 'other name/c')\" = 2 && rm -r 'other name' from")

    def attributes(self):
        special = "2" if self.links else "0"
        self.run(f"echo x >file; chmod {special}751 file; touch -d @1000000000.5 file; mkdir dir; chmod {special}770 dir")
        there = (self.here / "file").stat()
        equal(oct(there.st_mode), f"0o10{special}751", "mode")
        equal(there.st_mtime_ns // SECOND, 1000000000, "time")
        equal(oct((self.here / "dir").stat().st_mode & 0o7777), oct(int(special + "770", 8)), "mode of a folder")
        if os.geteuid() == 0 and self.links:
            self.run("chown 12:34 file dir")
            there = (self.here / "file").stat()
            equal((there.st_uid, there.st_gid), (12, 34), "owner and group")
        self.run("rm -r file dir")

    def write(self):
        self.run("printf 0123456789 >file; truncate -s 4 file; printf ab >>file; truncate -s 8 file")
        equal((self.here / "file").read_bytes(), b"0123ab\0\0", "content")
        self.run("printf XY | dd of=file bs=1 seek=1 conv=notrunc,fsync 2>/dev/null; sync file")
        equal((self.here / "file").read_bytes(), b"0XY3ab\0\0", "content after writing in the middle")
        self.run("printf end | dd of=file bs=1 seek=300000 conv=notrunc 2>/dev/null; cat file | md5sum")
        equal((self.here / "file").stat().st_size, 300003, "size after writing far behind the end")
        self.run("echo new >file; cat file | grep -qx new; rm file")

    def make_links(self):
        if not self.links:
            expect(self.guest.run(f"ln -s x /mnt/{self.name}/link", check=False).status != 0, "ln -s had no error")
            return
        self.run("echo 1 >file; ln file hard; ln -s file soft; ln -s dangling broken; echo 2 >>hard; mkdir dir; ln -s dir todir")
        equal((self.here / "file").read_text(), "1\n2\n", "content")
        equal((self.here / "hard").stat().st_nlink, 2, "number of links")
        equal(os.readlink(self.here / "soft"), "file", "target")
        equal(self.run("cat soft; readlink soft; readlink broken; ls todir"), b"1\n2\nfile\ndangling\n", "read back")
        if self.linux:
            equal(self.run("stat -c %h hard"), b"2\n", "number of links that the guest sees")
        self.run("rm -r file hard soft broken todir dir")

    def fifo(self):
        if not self.links:
            return
        self.run("mkfifo -m 640 fifo; test -p fifo; echo through >fifo & test \"$(cat fifo)\" = through")
        expect((self.here / "fifo").is_fifo(), "it is not a fifo on this side")
        self.run("rm fifo")

    def removed_while_open(self):
        self.run("echo kept >file; exec 4<file 5>>file; rm file; echo more >&5; read -r line <&4; test $line = kept")
        expect(not (self.here / "file").exists(), "it is still there")

    def xattrs(self):
        if not self.linux:
            return
        probe = self.here / "probe"
        probe.touch()
        try:
            os.setxattr(probe, "user.probe", b"1")
        except OSError:
            return  # the file system that is served has none
        equal(self.run("getfattr --only-values -n user.probe probe"), b"1", "an attribute set on this side")
        self.run("setfattr -n user.two -v value probe; setfattr -x user.probe probe")
        equal(os.listxattr(probe), ["user.two"], "attributes")
        equal(os.getxattr(probe, "user.two"), b"value", "an attribute set by the guest")
        self.run("rm probe")

    def lock(self):
        if not self.linux:
            return
        self.run("touch file; flock file true; exec 4<file; flock -s 4; flock -n -s file true")
        self.run("exec 4>file; flock 4; if flock -n file true; then exit 9; fi; flock -u 4; flock -n file true; rm file")

    def errors(self):
        for script, message in (
            ("cat nothing", "No such file or directory"),
            ("mkdir source", "File exists"),
            ("rmdir source", "Directory not empty"),
            ("cat source/old/x", "Not a directory"),
            ("cat source", "Is a directory"),
            (f"touch {'n' * 256}", "File name too long"),
            ("set -C; echo x >source/old", "File exists"),
        ):
            result = self.guest.run(f"cd /mnt/{self.name}; {script}", check=False)
            expect(result.status != 0, f"{script}: no error")
            expect(message.encode() in result.output or b"cannot create" in result.output, f"{script}: {result.output!r}")

    def program(self):
        self.run("cp /bin/cat program && ./program source/old && rm program")

    def many(self):
        self.run("mkdir many; i=0; while [ $i -lt 300 ]; do : >many/$i.$i.$i.$i.$i; i=$((i + 1)); done")
        equal(self.run("ls many | wc -l; find many -type f | wc -l").split(), [b"300", b"300"], "files that the guest sees")
        equal(len(os.listdir(self.here / "many")), 300, "files on this side")
        self.run("rm -r many")
        expect(not (self.here / "many").exists(), "something is left")

    def parallel(self):
        self.run("mkdir four; for i in 1 2 3 4; do cp -a source/odd four/$i & done; wait")
        self.run(f"for i in 1 2 3 4; do diff -r {self.no_dereference} source/odd four/$i || exit 1; done; rm -r four")

    def both_sides(self):
        file = self.here / "both"
        file.write_text("from this side\n")
        equal(self.run("cat both; echo from the guest >both"), b"from this side\n", "what the guest reads")
        equal(file.read_text(), "from the guest\n", "what this side reads")
        file.write_text("again, and longer\n")
        equal(self.run("cat both; rm both"), b"again, and longer\n", "what the guest reads then")

    def remove(self):
        self.run("rm -r copy")
        expect(not (self.here / "copy").exists(), "something is left")
        equal(sorted(os.listdir(self.here)), ["source"], "what is left beside it")

    def cached(self, cache):
        """The work of the dialect's checks in short, with a cache in the guest."""
        self.mount(cache)
        self.run("mkdir copy; cp -a source/large source/odd source/project/lib9pclient/include copy; sync")
        self.run("cmp source/large copy/large; diff -r source/odd copy/odd; diff -r source/project/lib9pclient/include copy/include")
        self.run("printf 0123 >file; truncate -s 2 file; printf xy >>file; mv file copy/file; test \"$(cat copy/file)\" = 01xy")
        self.run("cp /bin/cat copy/program && copy/program copy/file >/dev/null && rm copy/program copy/file")
        self.unmount()
        for original, copy in (("source/project/lib9pclient/include", "copy/include"), ("source/odd", "copy/odd")):
            compare(self.here / original, self.here / copy, time_unit=SECOND)
        self.mount(cache)
        self.run("rm -r copy")
        self.unmount()
        equal(os.listdir(self.here), ["source"], "what is left")
