// watch: a command again and again.
#include "tools/p9sh/command.hpp"

#include <boost/asio/as_tuple.hpp>

#include <cerrno>
#include <cstdio>
#include <ctime>

namespace p9::tools {
namespace {

/// The command behind watch's own flags.
Result<Prepared> inner_command(const Arguments& arguments) {
    Statement statement;
    statement.words = arguments.operands;
    auto inner = prepare(std::move(statement));
    if (inner && inner->command->run == run_watch) return Error::from_errno(EINVAL, "watch does not watch itself");
    return inner;
}

std::string title(const Call& call, Duration interval) {
    char text[80], now[16];
    const std::time_t seconds = std::time(nullptr);
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    std::strftime(now, sizeof now, "%H:%M:%S", &parts);
    std::snprintf(text, sizeof text, "Every %g s, %s: ", std::chrono::duration<double>(interval).count(), now);
    return text + call.shown(call.arguments.joined(0)) + "\n\n";
}

}  // namespace

Result<void> check_watch(const Arguments& arguments) {
    const auto inner = inner_command(arguments);
    if (!inner) return inner.error();
    return {};
}

awaitable<void> run_watch(Call& call) {
    const auto inner = inner_command(call.arguments);
    const Duration interval = call.arguments.seconds('n').value_or(std::chrono::seconds(2));
    const u64 count = call.arguments.number('c').value_or(~u64{0});
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    for (u64 i = 0; i < count && !call.messages().hopeless() && !call.shell.leaving; ++i) {
        if (call.out().terminal()) call.out().put("\x1b[H\x1b[2J" + title(call, interval));
        Call again{call.shell, inner->arguments, call.context, {}};
        auto running = inner->command->run(again);
        co_await std::move(running);
        const bool written = co_await call.out().flush();
        if (!written || i + 1 == count) co_return;
        timer.expires_after(interval);
        auto sleeping = timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        const auto [woken] = co_await std::move(sleeping);
        if (woken) co_return;
    }
}

}  // namespace p9::tools
