#include "tools/service.hpp"

#include "tools/awake.hpp"
#include "tools/messages.hpp"
#include "tools/output.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace p9::tools {

bool uses_output(const Address& address) {
    const auto* fd = std::get_if<FdAddress>(&address);
    return fd != nullptr && (fd->read == STDOUT_FILENO || fd->write == STDOUT_FILENO);
}

void prepare_process() {
    std::signal(SIGPIPE, SIG_IGN);
    // The kernel's own bound on the limit is 1048576 unless fs.nr_open says otherwise; only root gets beyond the hard
    // limit.
    const rlimit much{1 << 20, 1 << 20};
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    if (limit.rlim_max < much.rlim_max && ::setrlimit(RLIMIT_NOFILE, &much) == 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

Service::Service(std::string tool, std::vector<Address> listen, ListenOptions options, bool verbose)
    : tool_(std::move(tool)),
      listen_(std::move(listen)),
      options_(std::move(options)),
      verbose_(verbose),
      signals_(io_, SIGINT, SIGTERM) {}

void Service::say(const std::string& line) const { complain(tool_, line); }

void Service::fail(int status, const std::string& words) {
    status_ = status;
    say(words);
}

int Service::run(Parts parts) {
    parts_ = std::move(parts);
    spawn(io_.get_executor(), work());
    signals_.async_wait([this](const boost::system::error_code& failed, int number) {
        if (!failed) on_signal(number);
    });
    run_awake(io_);
    return status_;
}

void Service::on_signal(int number) {
    if (number == SIGINT) status_ = EXIT_INTERRUPTED;
    spawn(io_.get_executor(), stop());
    // A second signal does not wait for what takes its time.
    signals_.async_wait([](const boost::system::error_code& failed, int) {
        if (!failed) _exit(EXIT_INTERRUPTED);
    });
}

awaitable<void> Service::work() {
    auto listening = listen_everywhere();
    const bool all = co_await std::move(listening);
    if (all) {
        auto waiting = parts_.idle();
        co_await std::move(waiting);
    }
    auto ending = stop();
    co_await std::move(ending);
}

awaitable<bool> Service::listen_everywhere() {
    // Where standard output carries 9P or a capture, addresses are told on standard error.
    const bool printable = !output_taken_ && std::ranges::none_of(listen_, uses_output);
    Output out(io_.get_executor(), STDOUT_FILENO, "standard output");
    for (const Address& address : listen_) {
        auto listening = p9::listen(address, options_);
        auto listener = co_await std::move(listening);
        if (!listener) {
            fail(EXIT_NO_CONNECTION, listener.error().message());
            co_return false;
        }
        const std::string where = to_string((*listener)->address());
        if (printable) {
            out.put(where + "\n");
            auto flushing = out.flush();
            const bool told = co_await std::move(flushing);
            if (!told && out.failure() && !out.reader_gone()) {
                // A script would wait for ever for the address.
                fail(EXIT_REFUSED, out.failure()->message());
                co_return false;
            }
        } else if (verbose_ || output_taken_) {
            say("listening on " + where);
        }
        if (stopping_) co_return false;
        parts_.serve(*std::move(listener));
    }
    co_return true;
}

awaitable<void> Service::stop() {
    if (std::exchange(stopping_, true)) co_return;
    auto stopping = parts_.stop();
    co_await std::move(stopping);
    io_.stop();
}

}  // namespace p9::tools
