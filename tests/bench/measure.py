"""The measurements of tests/bench/run. Ours and theirs alternate, run by run; the figures are medians."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import complete
import copy_files
import fuse
import proxy
import serve
import v9fs
import virtio
from common import BUILD, DELAY_MS, MIB, P9CAT, P9LS, QUICK, Table, alternate, make_tree, seconds
from diod import Diod, theirs


def ours(address, tree, *args):
    return [P9CAT, "-a", address, "-A", tree, *args]


def shell(argv):
    return " ".join("'" + arg + "'" for arg in argv)


class Proxy:
    """A delay_proxy before diod's socket."""

    def __init__(self, path, server, milliseconds):
        self.path = path
        self.process = subprocess.Popen([BUILD + "/tests/delay_proxy", path, server, str(milliseconds)],
                                        stdout=subprocess.PIPE)
        self.process.stdout.readline()  # it listens

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def same_contents(server, work):
    """What is timed must also be right."""
    for address in (server.unix, server.tcp):
        seconds(ours(address, server.tree, "big"), work + "/copy")
        if subprocess.run(["cmp", work + "/copy", server.tree + "/big"]).returncode != 0:
            sys.exit(f"measure: p9cat of 512 MiB from {address} is not what the server holds")
    os.remove(work + "/copy")


def throughput(table, server):
    runs = 2 if QUICK else 9
    for name, address in (("Unix socket", server.unix), ("TCP loopback", server.tcp)):
        # diod grants no more than 64 KiB, which is also what diodcat asks for.
        a = ours(address, server.tree, "--msize", "65536", "big")
        b = theirs(address, server.tree, "-m", "65536", "big")
        for sink, suffix in (("/dev/null", None), ("a pipe", " | cat")):
            mine, other = alternate(runs, *((shell(x) + suffix) if suffix else x for x in (a, b)))
            table.add(f"p9cat, 512 MiB, {name}, to {sink}", f"{512 / mine:.0f} MiB/s", f"{512 / other:.0f} MiB/s",
                      f"{other / mine:.2f}", "≥ 1.5 × diodcat", other / mine >= 1.5)


def memory(table, server, work):
    def peak(command):
        seconds(["/usr/bin/time", "-f", "%M", "-o", work + "/rss", *command])
        return int(open(work + "/rss").read()) / 1024

    mine = max(peak(ours(address, server.tree, "big")) for address in (server.unix, server.tcp))
    other = peak(theirs(server.unix, server.tree, "big"))
    table.add("p9cat, 512 MiB, peak memory", f"{mine:.1f} MiB", f"{other:.1f} MiB",
              f"{mine / other:.2f}", "< 24 MiB", mine < 24)


def latency(table, server, work):
    """Round trips that a link with delay adds: the time it adds, divided by one round trip's."""
    runs = 2 if QUICK else 5
    with Proxy(work + "/near", server.unix, 0) as near, Proxy(work + "/far", server.unix, DELAY_MS) as far:
        def extra(runs, command):
            without, delayed = alternate(runs, command(near), command(far))
            return (delayed - without) / (2 * DELAY_MS / 1000), without, delayed

        def add(what, command, other, limit):
            trips, without, delayed = extra(runs, command)
            table.add(f"{what}: {without * 1000:.0f} ms, over the slow link {delayed * 1000:.0f} ms",
                      f"{trips:.1f} trips", f"{other:.0f} trips" if other else "–",
                      f"{trips / other:.3f}" if other else "–", f"≤ {limit} trips", trips <= limit)

        other = None if QUICK else extra(1, lambda link: theirs(link, server.tree, "medium"))[0]
        add("p9cat, 64 MiB", lambda link: ours(link, server.tree, "medium"), other, 25)
        add("p9ls -lR, 50 directories of 200 files",
            lambda link: [P9LS, "-a", link, "-A", server.tree, "-lR", "many"], None, 12)


def start_up(table, server):
    mine, unix, tcp, nothing = alternate(20 if QUICK else 300, ours(server.unix, server.tree, "line"),
                                         theirs(server.unix, server.tree, "line"),
                                         theirs(server.tcp, server.tree, "line"), ["/bin/true"])
    other = min(unix, tcp)
    table.add(f"p9cat, one line, Unix socket, whole process (/bin/true: {nothing * 1000:.2f} ms)",
              f"{mine * 1000:.2f} ms", f"{other * 1000:.2f} ms", f"{mine / other:.2f}", "≤ 1.5 × diodcat",
              mine <= 1.5 * other)


def micro(table):
    out = subprocess.run([BUILD + "/tests/micro_bench", "--benchmark_format=json",
                          f"--benchmark_repetitions={3 if QUICK else 9}", "--benchmark_min_time=0.1",
                          "--benchmark_enable_random_interleaving=true"], stdout=subprocess.PIPE, check=True).stdout
    results = json.loads(out)["benchmarks"]
    failed = [r["error_message"] for r in results if r.get("error_occurred")]
    if failed:
        sys.exit("measure: micro_bench: " + failed[0])
    medians = {r["run_name"]: r for r in results if r.get("aggregate_name") == "median"}
    mine, other = medians["walk/library"]["cpu_time"], medians["walk/bare"]["cpu_time"]
    table.add("Twalk round trip, socketpair, CPU time; theirs: a bare write and read", f"{mine / 1000:.2f} µs",
              f"{other / 1000:.2f} µs", f"{mine / other:.2f}", "≤ 3 × bare", mine <= 3 * other)
    codec = {n: r for n, r in medians.items() if n.startswith(("encode/", "decode/"))}
    beyond = max(r["allocations"] - (2 if "two_long_names" in n else 0) for n, r in codec.items())
    slowest = max(r["cpu_time"] for r in codec.values())
    table.add(f"encode or decode a small message (at most {slowest:.0f} ns), allocations beyond strings",
              f"{beyond:.0f}", "–", "–", "0", beyond < 0.5)


def machine(server):
    def output(*command):
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    cpu = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    debian = open("/etc/debian_version").read().strip() if os.path.exists("/etc/debian_version") else "not Debian"
    memory_kib = int(re.search(r"MemTotal:\s*(\d+)", open("/proc/meminfo").read()).group(1))
    return "\n".join((
        f"- {cpu.group(1) if cpu else 'unknown CPU'}, {os.cpu_count()} cores, {memory_kib / MIB:.0f} GiB of memory",
        f"- Linux {os.uname().release}, Debian {debian}, {output('g++', '--version').splitlines()[0]}",
        f"- diod and diodcat {output('dpkg-query', '-W', '-f', '${Version}', 'diod')}; diod's options: "
        "`-f -n -c /dev/null`, so 16 worker threads",
        f"- measured on {time.strftime('%Y-%m-%d')}, preset release"))


def write_document(table, description):
    path = os.path.dirname(os.path.abspath(__file__)) + "/../../docs/performance.md"
    text = open(path).read()
    for name, content in (("table", table), ("machine", description)):
        text = re.sub(f"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", lambda m, c=content: m[1] + c + "\n" + m[2], text,
                      flags=re.DOTALL)
    open(path, "w").write(text)


def main():
    table = Table()
    work = tempfile.mkdtemp(prefix="p9-bench.")
    server = None
    try:
        make_tree(work + "/tree")
        server = Diod(work, work + "/tree")
        same_contents(server, work)
        throughput(table, server)
        memory(table, server, work)
        latency(table, server, work)
        start_up(table, server)
        micro(table)
        serve.directory(table, server, work)
        serve.control(table, server, work)
        serve.blocked(table, work)
        proxy.proxy(table, server, work)
        proxy.websocket(table, server, work)
        copy_files.copy(table, work, Proxy)
        complete.complete(table, work)
        virtio.port(table)
        fuse.mounted(table, work)
        v9fs.v9fs(table)
        description = machine(server)
    finally:
        if server:
            server.stop()
        shutil.rmtree(work)
    print(table.text() + "\n\n" + description)
    if "--write" in sys.argv:
        write_document(table.text(), description)


main()
