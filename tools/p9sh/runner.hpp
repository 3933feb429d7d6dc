// Drives the event loop for p9sh: runs a command to its end, or waits at the prompt.
//
// Everything of the session goes on meanwhile: pings, late answers. SIGINT and SIGTERM cancel what runs; a second one
// ends the program, or on a terminal calls `interrupted_again`. One thread; the loop is never run from within a
// handler.
#pragma once

#include "p9/task.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <optional>

namespace p9::tools {

class Runner {
public:
    /// On a terminal Ctrl-C ends a command and not the program.
    Runner(boost::asio::io_context& io, bool interactive);

    boost::asio::io_context& io() { return io_; }

    /// Runs `work` to its end and returns its status. After `limit` (zero: none) it is cancelled.
    int run(awaitable<int> work, Duration limit);
    /// Runs the loop until `ready` holds, looked at after each handler, or a signal has come.
    void wait(const std::function<bool()>& ready);

    /// True once after a SIGINT.
    bool take_interrupt() { return std::exchange(interrupted_, false); }
    /// True once after the terminal's size has changed.
    bool take_resize() { return std::exchange(resized_, false); }
    /// True after a SIGTERM: the program is to end.
    bool terminated() const { return terminated_; }
    /// True if the last run was ended by its time limit.
    bool out_of_time() const { return out_of_time_; }

    /// Called at a second SIGINT while a command is being cancelled.
    std::function<void()> interrupted_again;
    /// Called when a command that was cancelled has not ended a second later: it waits for the server.
    std::function<void()> still_waiting;
    /// Called before the program stops (Ctrl-Z) and after it goes on.
    std::function<void()> before_stop, after_stop;

private:
    void wait_for_signal();
    void on_signal(int number);
    void cancel();

    boost::asio::io_context& io_;
    bool interactive_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer cancel_timer_;               // until still_waiting is called
    boost::asio::cancellation_signal* running_ = nullptr;  // of the work that runs
    bool cancelled_ = false;                               // that work has been
    bool interrupted_ = false;
    bool resized_ = false;
    bool terminated_ = false;
    bool out_of_time_ = false;
};

}  // namespace p9::tools
