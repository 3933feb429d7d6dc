// Coroutines that wait for something to happen: a queue of them, woken in order.
//
// Belongs to one io_context and must outlive those who wait in it; `wake_all` before it goes makes sure. A waiter costs
// a few hundred bytes.
#pragma once

#include "p9/task.hpp"

#include <boost/asio/redirect_error.hpp>

#include <list>

namespace p9::serve {

class Waiters {
public:
    explicit Waiters(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
    Waiters(const Waiters&) = delete;
    Waiters& operator=(const Waiters&) = delete;

    /// Waits for its turn. True once woken, even if a cancellation came at the same moment, so that what the wake-up
    /// stands for is not lost; false if only cancelled. Await it with throw_if_cancelled(false) in force.
    awaitable<bool> wait() {
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none) co_return false;
        const auto self = waiting_.emplace(waiting_.end(), executor_);
        boost::system::error_code ignored;
        co_await self->timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
        const bool woken = self->woken;
        (woken ? woken_ : waiting_).erase(self);
        co_return woken;
    }

    /// Wakes the one that has waited longest; false if nobody waits.
    bool wake_one() {
        if (waiting_.empty()) return false;
        woken_.splice(woken_.end(), waiting_, waiting_.begin());
        woken_.back().woken = true;
        woken_.back().timer.cancel();
        return true;
    }
    void wake_all() {
        while (wake_one()) {
        }
    }
    std::size_t size() const { return waiting_.size(); }

private:
    struct Waiter {
        explicit Waiter(const boost::asio::any_io_executor& executor)
            : timer(executor, boost::asio::steady_timer::time_point::max()) {}
        boost::asio::steady_timer timer;  // never expires; cancelled to wake
        bool woken = false;
    };

    boost::asio::any_io_executor executor_;
    std::list<Waiter> waiting_;
    std::list<Waiter> woken_;  // those that have not run yet since
};

}  // namespace p9::serve
