// Small helpers around coroutines: running one with a time limit, and running many side by side.
//
// Everything here stays on the executor of the coroutine that calls it. Work that is cancelled is always
// awaited to its end, so that what it refers to may live on the caller's stack.
#pragma once

#include "p9/error.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <functional>

namespace p9 {

template <class T>
using awaitable = boost::asio::awaitable<T>;

using Clock = std::chrono::steady_clock;
using Duration = Clock::duration;

/// `work` as a coroutine that reports cancellation as a value instead of throwing.
template <class T>
awaitable<T> without_throwing(awaitable<T> work) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    co_return co_await std::move(work);
}

/// Runs `work` on its own. An exception that leaves it ends the program: exceptions are for bugs.
void spawn(const boost::asio::any_io_executor& executor, awaitable<void> work);

/// Runs `work` for at most `limit` (zero: without limit); after that it is cancelled and the result is
/// errc::timed_out with `what` as its words, unless the work finished all the same.
template <class T>
awaitable<Result<T>> within(Duration limit, awaitable<Result<T>> work, std::string what) {
    namespace asio = boost::asio;
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) co_return Error(errc::cancelled);
    if (limit == Duration::zero()) co_return co_await std::move(work);
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, limit);
    auto group = asio::experimental::make_parallel_group(
        asio::co_spawn(executor, without_throwing(std::move(work)), asio::deferred), timer.async_wait(asio::deferred));
    auto waiting = std::move(group).async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    auto [order, exception, result, timer_error] = co_await std::move(waiting);
    if (exception) std::rethrow_exception(exception);
    // What fails after the timer fired failed because of it.
    if (order[0] == 1 && !timer_error && result.has_error()) co_return Error(errc::timed_out, std::move(what));
    co_return std::move(result);
}

/// Calls `each(i)` for every i below `count`, in order, with at most `limit` of them unfinished at a time, and
/// waits for all. `each` must not fail; it keeps its errors to itself.
awaitable<void> for_each_concurrently(std::size_t count, std::size_t limit,
                                      std::function<awaitable<void>(std::size_t)> each);

}  // namespace p9
