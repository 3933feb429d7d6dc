// wait: until a server has come to a state.
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/ctl.hpp"
#include "tools/p9ctl/record.hpp"
#include "tools/words.hpp"

#include "p9/trace.hpp"

#include <boost/asio/as_tuple.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace p9::tools {
namespace {

using namespace std::chrono_literals;

constexpr Duration first_poll_pause = 20ms;
constexpr Duration longest_poll_pause = 1s;

constexpr std::array<std::string_view, 6> states{"configuring", "starting", "healthy", "degraded", "stopped", "failed"};

/// Why the server failed, as its health file says it.
awaitable<std::string> reason_of_failure(Ctl& ctl, const std::string& server) {
    const Where where = server_file(server, "health");
    const auto text = co_await read_text(ctl, where);
    std::string reason;
    if (!text) co_return reason;
    const auto lines = lines_of(*text);
    for (std::size_t i = 1; i < lines.size(); ++i) reason.append(i == 1 ? ": " : "; ").append(lines[i]);
    co_return reason;
}

/// Looks at the status until it is `wanted`; `seen` is the state of the last look.
awaitable<Result<void>> poll_state(Ctl& ctl, const std::string& server, const std::string& wanted, std::string& seen) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    for (Duration pause = first_poll_pause;; pause = std::min(pause * 2, longest_poll_pause)) {
        // Opened anew each time: a server may fix what a fid reads when it is opened, and the name may mean another
        // server by now.
        const Where where = server_file(server, "status");
        const auto text = co_await read_text(ctl, where);
        if (!text && text.error().is_errno(ENOENT) && !seen.empty())
            co_return Error(text.error().code,
                            "the server was removed while it was waited for; it was " + escaped(seen));
        if (!text) co_return text.error();
        seen = field(fields_of(*text), "status");
        if (seen == wanted) co_return Result<void>();
        if (seen.empty()) co_return Error::from_errno(EPROTO, "the status file has no line \"status: ...\"");
        if (seen == "failed") {
            const std::string reason = co_await reason_of_failure(ctl, server);
            std::string words = "it failed, and will not become ";
            words.append(wanted).append(" without help").append(reason);
            co_return Error::from_errno(EIO, std::move(words));
        }
        const bool stopped = co_await interrupted();
        if (stopped) co_return Error(errc::cancelled);
        timer.expires_after(pause);
        auto sleeping = timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        const auto [woken] = co_await std::move(sleeping);
        if (woken) co_return Error(errc::cancelled);
    }
}

awaitable<void> wait_for_state(Ctl& ctl, std::string server, std::string wanted, Duration limit) {
    std::string seen;
    auto polling = poll_state(ctl, server, wanted, seen);
    const auto reached = co_await within(limit, std::move(polling), "");
    if (reached) co_return;
    Error error = reached.error();
    if (error.code == make_error_code(errc::timed_out)) {
        char text[60];
        std::snprintf(text, sizeof text, "out of time after %g s (--timeout)",
                      std::chrono::duration<double>(limit).count());
        error.text = text + (seen.empty() ? std::string(": no answer") : ": it is " + escaped(seen));
    }
    ctl.sink.fail(server, error);
}

}  // namespace

Result<Action> prepare_wait(const Arguments& arguments) {
    const std::string& server = arguments.words[0];
    const std::string& wanted = arguments.words[1];
    if (auto checked = check_server(server); !checked) return checked.error();
    if (std::ranges::find(states, wanted) == states.end()) {
        std::string list;
        for (const auto state : states) list.append(list.empty() ? "" : ", ").append(state);
        return Error::from_errno(EINVAL, "wait: expected one of " + list + ", not \"" + escaped(wanted) + '"');
    }
    std::optional<Duration> limit;
    if (const std::string* text = arguments.value("--timeout")) {
        limit = parse_seconds(*text);
        if (!limit)
            return Error::from_errno(EINVAL, "--timeout: expected a number of seconds, not \"" + escaped(*text) + '"');
    }
    return Action([server, wanted, limit](Ctl& ctl) {
        return wait_for_state(ctl, server, wanted, limit.value_or(ctl.batch ? Duration::zero() : ctl.options.timeout));
    });
}

}  // namespace p9::tools
