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
    const Command& command = *inner->command;
    const Duration interval = call.arguments.seconds('n').value_or(std::chrono::seconds(2));
    const u64 count = call.arguments.number('c').value_or(~u64{0});
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    int status = EXIT_DONE;  // the first that was not good
    for (u64 i = 0; i < count && !call.shell.leaving; ++i) {
        if (call.out().terminal())
            call.out().put((terminal_has_abilities() ? "\x1b[H\x1b[2J" : "\n") + title(call, interval));
        // Before what the command has to complain about.
        if (const bool written = co_await call.out().flush(); !written) co_return;
        Messages messages(call.shell.complaint_prefix(command.name));
        Call again{call.shell,
                   inner->arguments,
                   {call.context.options, messages, call.out(), call.context.client, call.context.directory},
                   {}};
        if (const auto lost = call.shell.lost(); lost && command.needs_session) {
            messages.report("", Error(lost->code, lost->message() + "; reconnect dials again"));
        } else {
            auto running = command.run(again);
            co_await std::move(running);
        }
        const bool written = co_await call.out().flush();
        if (status == EXIT_DONE) status = again.status.value_or(messages.status());
        if (!written || messages.hopeless() || i + 1 == count) break;
        timer.expires_after(interval);
        auto sleeping = timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        const auto [woken] = co_await std::move(sleeping);
        if (woken) co_return;
    }
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() == boost::asio::cancellation_type::none) call.status = status;
}

}  // namespace p9::tools
