// Two coroutines side by side.
#pragma once

#include "p9/task.hpp"

#include <utility>

namespace p9::tools {

/// Runs both to their ends; a cancellation reaches both.
template <class A, class B>
awaitable<std::pair<A, B>> both(awaitable<A> a, awaitable<B> b) {
    namespace asio = boost::asio;
    const auto executor = co_await asio::this_coro::executor;
    auto group = asio::experimental::make_parallel_group(
        asio::co_spawn(executor, without_throwing(std::move(a)), asio::deferred),
        asio::co_spawn(executor, without_throwing(std::move(b)), asio::deferred));
    auto waiting = std::move(group).async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    auto [order, a_thrown, a_result, b_thrown, b_result] = co_await std::move(waiting);
    if (a_thrown) std::rethrow_exception(a_thrown);
    if (b_thrown) std::rethrow_exception(b_thrown);
    co_return std::pair<A, B>(std::move(a_result), std::move(b_result));
}

}  // namespace p9::tools
