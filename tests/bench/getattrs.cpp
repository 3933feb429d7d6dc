// The time of a small request: Tgetattr of a tree's root, one after the other.
//
//   getattrs ROUNDS ADDRESS...
//
// Prints a JSON list with the median microseconds at each address. Each round asks 2000 times at each in turn.
#include "p9/client.hpp"
#include "p9/transports/dial.hpp"
#include "tools/awake.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace p9;

constexpr int TIMES = 2000;

template <class T>
T must(Result<T> result) {
    if (result) return *std::move(result);
    std::fprintf(stderr, "getattrs: %s\n", result.error().message().c_str());
    std::exit(1);
}

double median(std::vector<double> values) {
    std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
    return values[values.size() / 2];
}

awaitable<void> measure(int rounds, std::vector<std::string> addresses) {
    std::vector<Client> clients;
    for (const std::string& address : addresses) {
        SessionOptions session;
        AttachOptions attach;
        attach.uname = "bench";
        auto connecting = Client::connect(dialler(must(parse_address(address))), session, attach);
        clients.push_back(must(co_await std::move(connecting)));
    }
    std::vector<std::vector<double>> samples(clients.size());
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            for (int n = 0; n < TIMES; ++n) {
                const auto begin = Clock::now();
                auto asking = clients[i].root().attributes();
                must(co_await std::move(asking));
                samples[i].push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
            }
        }
    }
    std::printf("[");
    for (std::size_t i = 0; i < samples.size(); ++i)
        std::printf("%s%.2f", i == 0 ? "" : ", ", median(std::move(samples[i])));
    std::printf("]\n");
    for (Client& client : clients) {
        auto closing = client.close();
        co_await std::move(closing);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: getattrs ROUNDS ADDRESS...\n", stderr);
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    boost::asio::io_context io(1);
    std::vector<std::string> addresses(argv + 2, argv + argc);
    spawn(io.get_executor(), measure(std::atoi(argv[1]), std::move(addresses)));
    tools::run_awake(io);
    return 0;
}
