// Deadlines, and many coroutines side by side.
#include "p9/task.hpp"

#include "tests/support/loop.hpp"

#include <gtest/gtest.h>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

namespace p9::test {
namespace {

namespace asio = boost::asio;

/// Ends only when it is cancelled; says so in `ended`.
awaitable<Result<int>> endless(bool& ended) {
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    ended = true;
    co_return Error(errc::cancelled);
}
/// Has its result although it was cancelled.
awaitable<Result<int>> stubborn() {
    bool ended = false;
    auto work = endless(ended);
    (void)co_await std::move(work);
    co_return 7;
}
awaitable<Result<int>> prompt(int value) { co_return value; }
awaitable<Result<int>> refused() { co_return Error::from_errno(13); }

TEST(Within, result_in_time) {
    Loop loop;
    EXPECT_EQ(loop.run(within(std::chrono::hours(1), prompt(5), "slow")).value(), 5);
    EXPECT_EQ(loop.run(within(Duration::zero(), prompt(6), "slow")).value(), 6);
    EXPECT_TRUE(loop.run(within(std::chrono::hours(1), refused(), "slow")).error().is_errno(13));
}
TEST(Within, time_out_cancels_and_waits_for_the_end) {
    Loop loop;
    bool ended = false;
    const auto result = loop.run(within(std::chrono::milliseconds(1), endless(ended), "slow"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, make_error_code(errc::timed_out));
    EXPECT_EQ(result.error().message(), "slow");
    EXPECT_TRUE(ended);
}
TEST(Within, work_that_finishes_all_the_same_counts) {
    Loop loop;
    EXPECT_EQ(loop.run(within(std::chrono::milliseconds(1), stubborn(), "slow")).value(), 7);
}
TEST(Within, cancellation_from_outside_is_no_time_out) {
    Loop loop;
    bool ended = false;
    auto pending = loop.start(within(std::chrono::hours(1), endless(ended), "slow"));
    loop.settle();
    pending.cancel();
    const auto result = pending.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, make_error_code(errc::cancelled));
    EXPECT_TRUE(ended);
}

struct Crowd {
    std::size_t running = 0;
    std::size_t most = 0;
    std::vector<std::size_t> started;
    std::size_t finished = 0;
};

awaitable<void> visit(Crowd& crowd, std::size_t i) {
    crowd.started.push_back(i);
    crowd.most = std::max(crowd.most, ++crowd.running);
    // Later ones finish earlier.
    for (std::size_t turns = 0; turns < 10 - i % 10; ++turns)
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    --crowd.running;
    ++crowd.finished;
}

TEST(ForEachConcurrently, visits_all_in_order_and_within_the_limit) {
    for (const std::size_t limit : {1u, 3u, 100u, 1000u}) {
        Loop loop;
        Crowd crowd;
        loop.run(for_each_concurrently(100, limit, [&crowd](std::size_t i) { return visit(crowd, i); }));
        EXPECT_EQ(crowd.finished, 100u);
        EXPECT_EQ(crowd.most, std::min<std::size_t>(limit, 100));
        for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(crowd.started.at(i), i);
    }
}
TEST(ForEachConcurrently, nothing_to_do) {
    Loop loop;
    Crowd crowd;
    loop.run(for_each_concurrently(0, 3, [&crowd](std::size_t i) { return visit(crowd, i); }));
    EXPECT_EQ(crowd.finished, 0u);
}

}  // namespace
}  // namespace p9::test
