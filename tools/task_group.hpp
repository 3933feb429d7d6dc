// Coroutines that come and go beside the one that owns them.
//
// The owner starts any number, waits for things that they bring about, and must await `finish` before the group is
// destroyed: what they refer to may then live on the owner's stack. One thread.
#pragma once

#include "p9/task.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>

#include <list>

namespace p9::tools {

class TaskGroup {
public:
    explicit TaskGroup(boost::asio::any_io_executor executor)
        : executor_(std::move(executor)), event_(executor_, boost::asio::steady_timer::time_point::max()) {}

    void start(awaitable<void> work) {
        const auto signal = running_.emplace(running_.end());
        const auto when_done = [this, signal](const std::exception_ptr& thrown) {
            running_.erase(signal);
            notify();
            if (thrown) std::rethrow_exception(thrown);
        };
        boost::asio::co_spawn(executor_, without_throwing(std::move(work)),
                              boost::asio::bind_cancellation_slot(signal->slot(), when_done));
    }

    /// Wakes the owner, so that it looks again at what it waits for.
    void notify() { event_.cancel(); }

    /// Waits until `condition` holds, looked at after each `notify` and each end of a task. False, and everything
    /// cancelled, if the owner was cancelled.
    awaitable<bool> wait_until(std::function<bool()> condition) {
        for (;;) {
            const auto state = co_await boost::asio::this_coro::cancellation_state;
            if (state.cancelled() != boost::asio::cancellation_type::none) {
                cancel();
                co_return false;
            }
            if (condition()) co_return true;
            co_await next_event();
        }
    }

    /// Waits for the end of all tasks.
    awaitable<void> finish() {
        while (!running_.empty()) {
            const auto state = co_await boost::asio::this_coro::cancellation_state;
            if (state.cancelled() != boost::asio::cancellation_type::none) cancel();
            if (!running_.empty()) co_await next_event();
        }
    }

    void cancel() {
        if (cancelled_) return;
        cancelled_ = true;
        // A task may end, and leave the list, within its emit.
        for (auto at = running_.begin(); at != running_.end();) (at++)->emit(boost::asio::cancellation_type::terminal);
    }
    bool cancelled() const { return cancelled_; }

private:
    awaitable<void> next_event() {
        boost::system::error_code ignored;
        co_await event_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }

    boost::asio::any_io_executor executor_;
    boost::asio::steady_timer event_;  // never expires; cancelled to wake the owner
    std::list<boost::asio::cancellation_signal> running_;
    bool cancelled_ = false;
};

}  // namespace p9::tools
