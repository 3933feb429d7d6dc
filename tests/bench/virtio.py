"""virtio-serial: what p9cat gets from p9serve in a guest of QEMU, beside dd over the same port in the same guest."""
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from common import MIB, P9CAT, P9LS, QUICK, seconds

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "guest")
BUILDS = os.path.join(TESTS, "..", "..", "build")
sys.path.append(TESTS)
import guest  # noqa: E402

SIZE = 64 if QUICK else 256  # MiB


def fetched(*command):
    """The last line that a script of tests/guest prints, and whether it succeeded."""
    done = subprocess.run([os.path.join(TESTS, command[0]), *command[1:]], stdout=subprocess.PIPE, text=True)
    lines = done.stdout.strip().splitlines() or [f"{command[0]} failed"]
    return lines[-1].removeprefix("SKIP: "), done.returncode == 0


def dd(machine, path):
    """Seconds from the first byte to the last: what starting dd takes in an emulated processor does not count."""
    machine.run(f"dd if=/tmp/big of=/dev/{machine.port} bs=1M 2>/dev/null &")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        buffer = bytearray(MIB)
        left = SIZE * MIB
        left -= connection.recv_into(buffer, 1)
        started = time.perf_counter()
        while left > 0:
            size = connection.recv_into(buffer)
            if size == 0:
                sys.exit("measure: dd in the guest ended early")
            left -= size
        return time.perf_counter() - started


def p9cat(machine, path):
    # p9serve holds /tmp/gone open, so that its end can be waited for.
    machine.run("rm -f /tmp/gone; mkfifo /tmp/gone; exec 9<>/tmp/gone\n"
                "p9serve --listen virtio!bench --dir /tmp >/tmp/log 2>&1 8>/tmp/gone 9>&- & echo $! >/tmp/pid")  # fmt: skip
    address = f"virtio!{path}"
    subprocess.run([P9LS, "-a", address, "-d", "/"], stdout=subprocess.DEVNULL, check=True)  # it serves
    time.sleep(0.2)  # a port needs a pause between two clients, or the second loses its first message
    elapsed = seconds([P9CAT, "-a", address, "--msize", "1M", "big"])
    machine.run("exec 8</tmp/gone; kill $(cat /tmp/pid); cat <&8")
    return elapsed


def port(table):
    reason = guest.why_not()
    if not reason:
        kernel, ok = fetched("fetch-kernel", f"{BUILDS}/guest")
        reason = "" if ok else kernel
    if not reason:
        said, ok = fetched("static-programs", f"{BUILDS}/static")
        reason = "" if ok else said
    if reason:
        print(f"not measured, virtio-serial: {reason}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="p9-bench-") as folder:
        path = f"{folder}/port"
        programs = [f"{BUILDS}/static/bin/p9serve"]
        with guest.Guest(kernel, programs=programs, devices=guest.port("bench", path), memory=768) as machine:
            found = machine.run("cd /sys/class/virtio-ports; grep -lx bench */name").output.decode()
            machine.port = found.partition("/")[0]
            machine.run(f"dd if=/dev/urandom of=/tmp/big bs=1M count={SIZE} 2>/dev/null")
            rounds = [(p9cat(machine, path), dd(machine, path)) for _ in range(2 if QUICK else 7)]
    mine, other = (statistics.median(each) for each in zip(*rounds))
    table.add(f"p9cat, {SIZE} MiB, virtio-serial under QEMU (tcg), msize 1M: p9serve --dir; theirs: dd over that port",
              f"{SIZE / mine:.0f} MiB/s", f"{SIZE / other:.0f} MiB/s", f"{other / mine:.2f}", "≥ 0.8 × dd",
              other / mine >= 0.8)
