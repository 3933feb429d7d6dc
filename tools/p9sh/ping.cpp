// ping: the time that the server takes to answer.
#include "tools/p9sh/command.hpp"

#include <boost/asio/as_tuple.hpp>

#include <algorithm>
#include <cstdio>

namespace p9::tools {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

struct Times {
    u64 sent = 0;
    u64 answered = 0;
    double least = 1e300;
    double most = 0;
    double sum = 0;
};

/// One request that every server answers: the attributes of the root. False if nothing more will come.
awaitable<bool> ping_once(Call& call, Times& times) {
    ++times.sent;
    const auto began = Clock::now();
    const auto answer = co_await call.client().root().attributes(GETATTR_BASIC);
    const double took = Milliseconds(Clock::now() - began).count();
    // A refusal is an answer, too.
    if (!answer && answer.error().is_errc()) {
        call.messages().report("", answer.error());
        co_return false;
    }
    ++times.answered;
    times.least = std::min(times.least, took);
    times.most = std::max(times.most, took);
    times.sum += took;
    char line[100];
    std::snprintf(line, sizeof line, "%s: seq=%llu time=%.3f ms\n", answer ? "answer" : "refusal",
                  static_cast<unsigned long long>(times.sent), took);
    call.out().put(line);
    co_return co_await call.out().flush();
}

}  // namespace

awaitable<void> run_ping(Call& call) {
    const u64 count = call.arguments.number('c').value_or(~u64{0});
    const Duration interval = call.arguments.seconds('i').value_or(std::chrono::seconds(1));
    Times times;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    while (times.sent < count) {
        const bool answered = co_await ping_once(call, times);
        if (!answered || times.sent == count) break;
        timer.expires_after(interval);
        auto sleeping = timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        const auto [woken] = co_await std::move(sleeping);
        if (woken) {
            // The terminal has echoed ^C.
            if (call.out().terminal()) call.out().put("\n");
            break;
        }
    }
    char line[160];
    std::snprintf(line, sizeof line, "%llu sent, %llu answered", static_cast<unsigned long long>(times.sent),
                  static_cast<unsigned long long>(times.answered));
    std::string summary = line;
    if (times.answered != 0) {
        std::snprintf(line, sizeof line, ", min/avg/max %.3f/%.3f/%.3f ms", times.least,
                      times.sum / static_cast<double>(times.answered), times.most);
        summary += line;
    }
    call.out().put(summary + "\n");
    // Ctrl-C is how one ends it: no failure.
    const bool endless = !call.arguments.has('c');
    if (endless && times.answered != 0 && !call.messages().hopeless()) call.status = EXIT_DONE;
}

}  // namespace p9::tools
