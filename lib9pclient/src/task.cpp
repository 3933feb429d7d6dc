#include "p9/task.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>

#include <list>

namespace p9 {
namespace asio = boost::asio;

void spawn(const asio::any_io_executor& executor, awaitable<void> work) {
    asio::co_spawn(executor, without_throwing(std::move(work)), [](const std::exception_ptr& e) {
        if (e) std::rethrow_exception(e);
    });
}

awaitable<void> for_each_concurrently(std::size_t count, std::size_t limit,
                                      std::function<awaitable<void>(std::size_t)> each) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto executor = co_await asio::this_coro::executor;
    // Everything below lives in this frame, which does not end before the last of the coroutines has.
    asio::steady_timer ended(executor, asio::steady_timer::time_point::max());  // cancelled whenever one of them ends
    std::list<asio::cancellation_signal> running;  // one for each; a signal serves a single slot
    bool stopping = false;
    std::size_t next = 0;
    while (next < count || !running.empty()) {
        while (!stopping && next < count && running.size() < limit) {
            const auto signal = running.emplace(running.end());
            const auto when_done = [&running, &ended, signal](const std::exception_ptr& e) {
                running.erase(signal);
                ended.cancel();
                if (e) std::rethrow_exception(e);
            };
            asio::co_spawn(executor, without_throwing(each(next++)),
                           asio::bind_cancellation_slot(signal->slot(), when_done));
        }
        if (running.empty()) break;
        boost::system::error_code ignored;
        co_await ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (!stopping && cancellation.cancelled() != asio::cancellation_type::none) {
            stopping = true;
            for (auto at = running.begin(); at != running.end();) (at++)->emit(asio::cancellation_type::terminal);
        }
    }
}

}  // namespace p9
