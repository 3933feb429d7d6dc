// Many reads that wait at one server, over one connection: what they cost, and what they cost others.
//
//   blocked_readers ADDRESS SERVER-PID READERS ROUNDS
//
// READERS fids are opened on /dev/irq/7, which must be registered, and each is read. Prints one JSON object: medians
// over ROUNDS of the time of a Tgetattr without and beside the waiting reads, of the time between the write that
// triggers an interrupt and the reader's answer, and the largest resident memory of both processes.
#include "p9/client.hpp"
#include "p9/transports/dial.hpp"
#include "tools/task_group.hpp"

#include <boost/asio/io_context.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace {

using namespace p9;

double median(std::vector<double> values) {
    std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
    return values[values.size() / 2];
}

double microseconds_since(Clock::time_point begin) {
    return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

/// VmHWM in MiB.
double peak_memory(const std::string& pid) {
    std::ifstream status("/proc/" + pid + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
    return 0;
}

template <class T>
T must(Result<T> result) {
    if (result) return *std::move(result);
    std::fprintf(stderr, "blocked_readers: %s\n", result.error().message().c_str());
    std::exit(1);
}

/// What the readers tell.
struct Seen {
    std::size_t interrupts = 0;
    Clock::time_point last;
};

awaitable<void> read_for_ever(const File& file, Seen& seen, tools::TaskGroup& group) {
    for (;;) {
        auto reading = file.read(0, 64);
        const auto data = co_await std::move(reading);
        if (!data || data->bytes.empty()) co_return;
        seen.last = Clock::now();
        ++seen.interrupts;
        group.notify();
    }
}

awaitable<double> time_of_getattr(const Node& node, int times) {
    std::vector<double> samples;
    for (int i = 0; i < times; ++i) {
        const auto begin = Clock::now();
        auto asking = node.attributes();
        must(co_await std::move(asking));
        samples.push_back(microseconds_since(begin));
    }
    co_return median(std::move(samples));
}

awaitable<void> measure(Address address, std::string server_pid, std::size_t readers, int rounds) {
    SessionOptions session;
    AttachOptions attach;
    attach.uname = "bench";
    auto connecting = Client::connect(dialler(std::move(address)), std::move(session), std::move(attach));
    Client client = must(co_await std::move(connecting));
    auto walking = client.walk("/dev/irq/7");
    const Node node = must(co_await std::move(walking));
    auto opening_ctl = client.open("/dev/irq/ctl", P9_O_WRONLY);
    const File ctl = must(co_await std::move(opening_ctl));
    const std::string trigger = "trigger 7";
    const Bytes trigger_bytes(reinterpret_cast<const u8*>(trigger.data()), trigger.size());

    std::vector<File> files;
    for (std::size_t i = 0; i < readers; ++i) {
        auto opening = client.open("/dev/irq/7", P9_O_RDONLY);
        files.push_back(must(co_await std::move(opening)));
    }

    std::vector<double> idle, beside, latency;
    for (int round = 0; round < rounds; ++round) {
        auto alone = time_of_getattr(node, 1000);
        idle.push_back(co_await std::move(alone));

        Seen seen;
        tools::TaskGroup group(client.session().executor());
        for (const File& file : files) group.start(read_for_ever(file, seen, group));
        auto warm = time_of_getattr(node, 100);  // behind the reads in the server's queue: they wait by now
        co_await std::move(warm);
        auto together = time_of_getattr(node, 1000);
        beside.push_back(co_await std::move(together));

        std::vector<double> samples;
        for (int i = 0; i < 200; ++i) {
            const std::size_t before = seen.interrupts;
            const auto begin = Clock::now();
            auto writing = ctl.write(0, trigger_bytes);
            must(co_await std::move(writing));
            auto arrived = group.wait_until([&] { return seen.interrupts > before; });
            co_await std::move(arrived);
            samples.push_back(std::chrono::duration<double, std::micro>(seen.last - begin).count());
        }
        latency.push_back(median(std::move(samples)));
        group.cancel();
        auto finishing = group.finish();
        co_await std::move(finishing);
    }
    std::printf(
        "{\"getattr_alone\": %.2f, \"getattr_beside\": %.2f, \"trigger\": %.2f, \"client_mib\": %.1f, "
        "\"server_mib\": %.1f}\n",
        median(idle), median(beside), median(latency), peak_memory("self"), peak_memory(server_pid));
    files.clear();
    auto closing = client.close();
    co_await std::move(closing);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: blocked_readers ADDRESS SERVER-PID READERS ROUNDS\n");
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    const auto address = parse_address(argv[1]);
    if (!address) return 2;
    boost::asio::io_context io(1);
    spawn(io.get_executor(), measure(*address, argv[2], std::strtoul(argv[3], nullptr, 10), std::atoi(argv[4])));
    io.run();
    return 0;
}
