// The io_context of a test, run by hand.
//
// A test is plain code from top to bottom: it starts coroutines, lets them run until nothing is ready any more, and
// looks at what came of it. Nothing sleeps; a wait ends with what it waits for, or, because a defect made it hang, with
// an exception after `patience`.
#pragma once

#include "p9/task.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace p9::test {

/// What a test throws when its script and the code under test part ways.
struct ScriptFailure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Loop;

/// A coroutine under way.
template <class T>
class Pending {
public:
    bool done() const { return state_->value.has_value(); }
    /// Asio's terminal cancellation, as Ctrl-C in a tool sends it.
    void cancel() { state_->signal.emit(boost::asio::cancellation_type::terminal); }
    /// Runs the loop until the coroutine has ended; its result.
    T get();

private:
    friend class Loop;
    struct State {
        boost::asio::cancellation_signal signal;
        std::optional<T> value;
        std::exception_ptr exception;
    };
    Loop* loop_ = nullptr;
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

class Loop {
public:
    /// How long nothing at all may happen before a wait counts as hung.
    static constexpr auto patience = std::chrono::seconds(10);

    boost::asio::io_context& context() { return io_; }
    boost::asio::any_io_executor executor() { return io_.get_executor(); }

    /// Runs everything that is ready.
    void settle() {
        io_.restart();
        while (io_.poll_one() != 0) {
        }
    }

    /// Runs until `condition` holds; false if it hangs.
    bool run_until(const std::function<bool()>& condition) {
        io_.restart();
        while (!condition()) {
            if (io_.poll_one() != 0) continue;
            if (io_.run_one_for(patience) == 0) return condition();
        }
        return true;
    }

    template <class T>
    Pending<T> start(awaitable<T> work) {
        Pending<T> pending;
        pending.loop_ = this;
        auto state = pending.state_;
        boost::asio::co_spawn(
            io_, without_throwing(std::move(work)),
            boost::asio::bind_cancellation_slot(state->signal.slot(), [state](std::exception_ptr exception, T value) {
                state->exception = exception;
                state->value.emplace(std::move(value));
            }));
        return pending;
    }

    template <class T>
    T run(awaitable<T> work) {
        return start(std::move(work)).get();
    }

    /// For coroutines without a result.
    void run(awaitable<void> work) { run(with_result(std::move(work))); }
    Pending<bool> start(awaitable<void> work) { return start(with_result(std::move(work))); }

private:
    static awaitable<bool> with_result(awaitable<void> work) {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        co_await std::move(work);
        co_return true;
    }
    boost::asio::io_context io_;
};

template <class T>
T Pending<T>::get() {
    if (!loop_->run_until([this] { return done(); })) throw ScriptFailure("hangs: nothing happens any more");
    if (state_->exception) std::rethrow_exception(state_->exception);
    return std::move(*state_->value);
}

}  // namespace p9::test
