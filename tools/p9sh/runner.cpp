#include "tools/p9sh/runner.hpp"

#include "tools/awake.hpp"
#include "tools/messages.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include <signal.h>
#include <unistd.h>

namespace p9::tools {

namespace asio = boost::asio;

Runner::Runner(asio::io_context& io, bool interactive)
    : io_(io), interactive_(interactive), signals_(io), cancel_timer_(io) {
    // A signal that is ignored (nohup, a shell's background job) stays ignored.
    for (const int number : {SIGINT, SIGTERM}) {
        struct sigaction current{};
        if (sigaction(number, nullptr, &current) == 0 && current.sa_handler != SIG_IGN) signals_.add(number);
    }
    if (interactive_) {
        signals_.add(SIGWINCH);
        signals_.add(SIGTSTP);
    }
    wait_for_signal();
}

void Runner::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& failed, int number) {
        if (failed) return;
        wait_for_signal();
        on_signal(number);
    });
}

void Runner::on_signal(int number) {
    if (number == SIGWINCH) {
        resized_ = true;
        return;
    }
    if (number == SIGTSTP) {
        if (before_stop) before_stop();
        ::raise(SIGSTOP);
        if (after_stop) after_stop();
        return;
    }
    if (number == SIGTERM) terminated_ = true;
    interrupted_ = true;
    if (running_ == nullptr) return;
    if (!cancelled_) return cancel();
    if (!interactive_) _exit(EXIT_INTERRUPTED);
    if (interrupted_again) interrupted_again();
}

void Runner::cancel() {
    cancelled_ = true;
    running_->emit(asio::cancellation_type::terminal);
    cancel_timer_.expires_after(std::chrono::seconds(1));
    cancel_timer_.async_wait([this](const boost::system::error_code& failed) {
        if (!failed && running_ != nullptr && still_waiting) still_waiting();
    });
}

int Runner::run(awaitable<int> work, Duration limit) {
    asio::cancellation_signal signal;
    asio::steady_timer timer(io_);
    std::exception_ptr thrown;
    int status = EXIT_DONE;
    running_ = &signal;
    cancelled_ = false;
    out_of_time_ = false;
    interrupted_ = false;
    if (limit != Duration::zero()) {
        timer.expires_after(limit);
        timer.async_wait([this](const boost::system::error_code& failed) {
            if (failed || running_ == nullptr || cancelled_) return;
            out_of_time_ = true;
            cancel();
        });
    }
    io_.restart();
    asio::co_spawn(io_, without_throwing(std::move(work)),
                   asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& exception, int result) {
                       thrown = exception;
                       status = result;
                       io_.stop();
                   }));
    run_awake(io_);
    running_ = nullptr;
    cancel_timer_.cancel();
    if (thrown) std::rethrow_exception(thrown);
    return out_of_time_ ? EXIT_OUT_OF_TIME : status;
}

void Runner::wait(const std::function<bool()>& ready) {
    io_.restart();
    while (!ready() && !interrupted_ && !resized_) io_.run_one();
}

}  // namespace p9::tools
