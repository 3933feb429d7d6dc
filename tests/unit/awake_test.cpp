// run_awake is io_context::run to its callers.
#include "tools/awake.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace p9::tools {
namespace {

namespace asio = boost::asio;

TEST(Awake, ReturnsWhenNothingIsLeftToDo) {
    asio::io_context io(1);
    int steps = 0;
    asio::post(io, [&] { asio::post(io, [&] { ++steps; }); });
    run_awake(io);
    EXPECT_EQ(steps, 1);
    EXPECT_TRUE(io.stopped());
}

TEST(Awake, EventsAreServedWhetherTheyComeSoonOrLate) {
    asio::io_context io(1);
    asio::steady_timer timer(io);
    int left = 20;
    // Short waits raise the budget, the long ones in between make it sleep again.
    std::function<void(const boost::system::error_code&)> next = [&](const boost::system::error_code& failed) {
        ASSERT_FALSE(failed);
        if (--left == 0) return;
        timer.expires_after(std::chrono::microseconds(left % 5 == 0 ? 2000 : 20));
        timer.async_wait(next);
    };
    next({});
    run_awake(io);
    EXPECT_EQ(left, 0);
}

TEST(Awake, EndsWhenItIsStopped) {
    asio::io_context io(1);
    const auto forever = asio::make_work_guard(io);
    asio::steady_timer timer(io, std::chrono::microseconds(50));
    timer.async_wait([&](const boost::system::error_code&) { io.stop(); });
    run_awake(io);
    EXPECT_TRUE(io.stopped());
}

}  // namespace
}  // namespace p9::tools
