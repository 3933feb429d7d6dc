"""What guest tests share: checks that print one named line each, the source tree to copy, and comparing trees."""

import os
import random
import shutil
import stat
import time
from pathlib import Path

import guest


class Checks:
    """Runs checks one after another and prints "ok NAME" or "FAILED NAME: what". A check is a function that raises; one
    that loses the guest ends the test. check() returns whether all was well."""

    def __init__(self):
        self.passed = 0
        self.failed = []

    def check(self, name, function, *arguments):
        started = time.monotonic()
        try:
            function(*arguments)
        except guest.GuestError as error:
            self._fail(name, error)
            raise
        except (AssertionError, guest.CommandFailed) as error:
            self._fail(name, error)
        except Exception as error:
            self._fail(name, repr(error))
        else:
            self.passed += 1
            print(f"ok {name} ({time.monotonic() - started:.1f} s)", flush=True)
            return True
        return False

    def _fail(self, name, error):
        self.failed.append(name)
        print(f"FAILED {name}: {error}", flush=True)


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r} instead of {wanted!r}")


# Bytes that shells, listings and protocols stumble over. 255 bytes is the longest name that Linux has.
ODD_NAMES = [
    b"two words", b" leading", b"trailing ", b"-rf", b"--", b"...", b".hidden", b"new\nline", b"tab\there", b"quote'\"`$x",
    b"back\\slash", b"*?[a]", b"~", b"#", b"caf\xc3\xa9", b"not utf-8 \xff\xfe", b"\x01\x7f", b"n" * 255,
]  # fmt: skip


def make_source(path, project, folders, links=True):
    """A tree of these folders of the project, and of what else a copy may go wrong with. Without `links` there are no
    symbolic and hard links, which 9P2000 does not know."""
    path = Path(path)
    for folder in folders:
        shutil.copytree(Path(project) / folder, path / "project" / folder)
    odd = path / "odd"
    odd.mkdir()
    for number, name in enumerate(ODD_NAMES):
        (odd / os.fsdecode(name)).write_bytes(b"%d\n" % number)
    (odd / os.fsdecode(b"folder \xff\n")).mkdir()
    (path / "deep" / "/".join(["d" * 100] * 8)).mkdir(parents=True)
    (path / "empty folder").mkdir()
    (path / "empty file").touch()
    (path / "large").write_bytes(random.Random(9).randbytes(3 * 1024 * 1024 + 777))
    with open(path / "holes", "wb") as file:
        file.seek(1024 * 1024)
        file.write(b"end")
    for mode in (0o400, 0o444, 0o600, 0o644, 0o755, 0o777):
        (path / f"mode {mode:o}").write_text("mode\n")
        (path / f"mode {mode:o}").chmod(mode)
    for mode in (0o700, 0o755, 0o1777, 0o2755):
        (path / f"folder {mode:o}").mkdir()
        (path / f"folder {mode:o}").chmod(mode)
    (path / "old").write_text("old\n")
    os.utime(path / "old", ns=(10**9, 10**9))
    (path / "exact").write_text("a time with nanoseconds\n")
    os.utime(path / "exact", ns=(1234567890 * 10**9, 1234567890 * 10**9 + 123456789))
    if links:
        (path / "link to file").symlink_to("large")
        (path / "link to folder").symlink_to("odd")
        (path / "link to nothing").symlink_to("/no/such/file")
        (path / "long link").symlink_to("t" * 1000)
        os.link(path / "large", path / "large again")
        os.link(path / "large", path / "folder 755" / "large a third time")


def entries(path):
    """Every name below `path`, as bytes relative to it, with what lstat says."""
    found = {}
    todo = [b""]
    while todo:
        below = todo.pop()
        for entry in os.scandir(os.path.join(os.fsencode(path), below)):
            name = os.path.join(below, entry.name)
            found[name] = entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                todo.append(name)
    return found


def compare(first, second, owners=True, names=True, time_unit=1):
    """Raises unless both trees hold the same: names, types, modes, times of files and folders to `time_unit`
    nanoseconds, contents and targets of links; with `owners` also those and the bits 07000, which 9P2000 lacks too; with `names` also which names are one file."""
    kept = 0o777777 if owners else 0o770777
    ours, theirs = entries(first), entries(second)
    equal(sorted(set(theirs) ^ set(ours)), [], f"names in one of {first} and {second} only")
    pairs = {}
    for name, one in ours.items():
        other = theirs[name]
        a, b = os.path.join(os.fsencode(first), name), os.path.join(os.fsencode(second), name)
        equal(oct(other.st_mode & kept), oct(one.st_mode & kept), f"mode of {b!r}")
        if owners:
            equal((other.st_uid, other.st_gid), (one.st_uid, one.st_gid), f"owner of {b!r}")
        if stat.S_ISLNK(one.st_mode):
            equal(os.readlink(b), os.readlink(a), f"target of {b!r}")
            continue  # v9fs sets no times of a link
        equal(other.st_mtime_ns // time_unit, one.st_mtime_ns // time_unit, f"time of {b!r}")
        if stat.S_ISREG(one.st_mode):
            equal(other.st_size, one.st_size, f"size of {b!r}")
            expect(Path(os.fsdecode(a)).read_bytes() == Path(os.fsdecode(b)).read_bytes(), f"{b!r} holds something else")
            if names:
                equal(pairs.setdefault(one.st_ino, other.st_ino), other.st_ino, f"file that {b!r} is a name of")
