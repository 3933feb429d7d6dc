// The frame of a program that listens: signals, the addresses on standard output, and the exit status.
//
// SIGTERM ends the program with status 0, SIGINT with 130; a second signal ends it at once. Runs one io_context on the
// thread that calls `run`.
#pragma once

#include "p9/task.hpp"
#include "p9/transports/listen.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <functional>
#include <string>
#include <vector>

namespace p9::tools {

/// True if a listener at `address` speaks on our standard output.
bool uses_output(const Address& address);

/// What a process that serves many wants of its own: as many descriptors as it may have, for a fid takes one or two and
/// a client of a proxy six, and no SIGPIPE. For main, once, before anything else.
void prepare_process();

class Service {
public:
    /// What the program does; all are called on the io_context's thread.
    struct Parts {
        /// Serves the clients of a listener from now on.
        std::function<void(std::unique_ptr<Listener>)> serve;
        /// Completes when nobody is left to be served and nobody can come any more.
        std::function<awaitable<void>()> idle;
        /// Ends everything in order.
        std::function<awaitable<void>()> stop;
    };

    /// `tool` begins its messages. With `verbose`, addresses that cannot be printed are told on standard error.
    Service(std::string tool, std::vector<Address> listen, ListenOptions options, bool verbose);

    /// Standard output carries something else: addresses are told on standard error.
    void leave_output() { output_taken_ = true; }
    boost::asio::io_context& context() { return io_; }
    /// Prints a line on standard error.
    void say(const std::string& line) const;
    /// Listens, prints the addresses one a line, serves until a signal comes or nobody is left; the exit status.
    int run(Parts parts);

private:
    void on_signal(int number);
    awaitable<void> work();
    awaitable<bool> listen_everywhere();
    awaitable<void> stop();
    void fail(int status, const std::string& words);

    std::string tool_;
    std::vector<Address> listen_;
    ListenOptions options_;
    bool verbose_;
    Parts parts_;
    int status_ = 0;
    bool stopping_ = false;
    bool output_taken_ = false;
    boost::asio::io_context io_{1};
    boost::asio::signal_set signals_;
};

}  // namespace p9::tools
