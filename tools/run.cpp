#include "tools/run.hpp"

#include "tools/awake.hpp"
#include "tools/connection.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <unistd.h>
#include <csignal>
#include <cstdio>

namespace p9::tools {
namespace {

namespace asio = boost::asio;

/// Signals and the time limit; both cancel the work, once.
class Interrupts {
public:
    Interrupts(asio::io_context& io, Duration limit) : signals_(io), timer_(io) {
        // A signal that is ignored (nohup, a shell's background job) stays ignored.
        for (const int number : {SIGINT, SIGTERM}) {
            struct sigaction current{};
            if (sigaction(number, nullptr, &current) == 0 && current.sa_handler != SIG_IGN) signals_.add(number);
        }
        wait_for_signal();
        if (limit == Duration::zero()) return;
        timer_.expires_after(limit);
        timer_.async_wait([this](const boost::system::error_code& failed) {
            if (!failed) stop(EXIT_OUT_OF_TIME);
        });
    }

    asio::cancellation_slot slot() { return cancel_.slot(); }
    /// The status that an interruption ends the tool with; EXIT_DONE if there was none.
    int status() const { return status_; }

private:
    void wait_for_signal() {
        signals_.async_wait([this](const boost::system::error_code& failed, int) {
            if (failed) return;
            if (status_ == EXIT_INTERRUPTED) _exit(EXIT_INTERRUPTED);
            wait_for_signal();
            stop(EXIT_INTERRUPTED);
        });
    }
    void stop(int status) {
        status_ = status;
        cancel_.emit(asio::cancellation_type::terminal);
    }

    asio::signal_set signals_;
    asio::steady_timer timer_;
    asio::cancellation_signal cancel_;
    int status_ = EXIT_DONE;
};

awaitable<void> connect_and_work(const CommonOptions& options, Messages& messages, Output& out, const Work& work) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto client = co_await connect(options, messages);
    if (!client) {
        messages.report("", client.error());
        co_return;
    }
    Context context{options, messages, out, *client, {}};
    auto working = work(context);
    co_await std::move(working);
    auto flushing = out.flush();
    co_await std::move(flushing);
    auto disconnecting = client->close();
    co_await std::move(disconnecting);
}

void report_output(Output& out, Messages& messages, bool close_it) {
    // Some file systems tell only at the close that there was no room.
    const bool unwritten = close_it && ::close(STDOUT_FILENO) != 0 && errno != EBADF;
    if (out.failure() && !out.reader_gone()) {
        messages.report("", *out.failure());
    } else if (!out.failure() && unwritten) {
        messages.report("", Error::from_errno(errno, "standard output: " + errno_message(errno)));
    }
}

}  // namespace

int run(const CommonOptions& options, const Work& work) {
    return run_unconnected(
        options, [&](Messages& messages, Output& out) { return connect_and_work(options, messages, out, work); });
}

int run_unconnected(const CommonOptions& options, const Job& job) {
    std::signal(SIGPIPE, SIG_IGN);
    occupy_standard_descriptors();
    asio::io_context io(1);
    Messages messages(options.tool);
    Output out(io.get_executor(), STDOUT_FILENO, "standard output");
    Interrupts interrupts(io, options.timeout);
    std::exception_ptr thrown;
    asio::co_spawn(io, job(messages, out),
                   asio::bind_cancellation_slot(interrupts.slot(), [&](const std::exception_ptr& exception) {
                       thrown = exception;
                       io.stop();
                   }));
    run_awake(io);
    if (thrown) std::rethrow_exception(thrown);
    if (interrupts.status() == EXIT_OUT_OF_TIME) {
        char text[60];
        std::snprintf(text, sizeof text, "out of time after %g s (--timeout)",
                      std::chrono::duration<double>(options.timeout).count());
        messages.note(text);
    }
    if (interrupts.status() != EXIT_DONE) return interrupts.status();
    report_output(out, messages, true);
    return messages.status();
}

}  // namespace p9::tools
