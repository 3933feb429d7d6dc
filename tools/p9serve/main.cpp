// p9serve: a directory, a tree in memory, or the SIP tree, over 9P.
#include "p9/transports/dial.hpp"
#include "tools/awake.hpp"
#include "tools/messages.hpp"
#include "tools/output.hpp"
#include "tools/p9serve/options.hpp"
#include "tools/trace_output.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <unistd.h>
#include <csignal>

namespace p9::serve {
namespace {

namespace asio = boost::asio;

void say(const std::string& line) { tools::complain("p9serve", line); }

/// The program once its command line is understood.
class Program {
public:
    explicit Program(Options options) : options_(std::move(options)), signals_(io_, SIGINT, SIGTERM) {}

    int run() {
        if (!prepare()) return status_;
        spawn(io_.get_executor(), work());
        signals_.async_wait([this](const boost::system::error_code& failed, int number) {
            if (failed) return;
            if (number == SIGINT) status_ = tools::EXIT_INTERRUPTED;
            stopping_ = true;
            spawn(io_.get_executor(), stop());
            // A second signal does not wait for processes that take their time; the kernel ends them.
            signals_.async_wait([](const boost::system::error_code& again, int) {
                if (!again) _exit(tools::EXIT_INTERRUPTED);
            });
        });
        tools::run_awake(io_);
        return status_;
    }

private:
    bool prepare() {
        if (options_.trace) {
            auto tracer = tools::open_trace(*options_.trace);
            if (!tracer) return fail(tools::EXIT_USAGE, "--trace: " + tracer.error().message());
            options_.server.tracer = *std::move(tracer);
        }
        options_.server.log = say;
        options_.server.log_everybody = options_.verbose;
        if (options_.verbose) options_.listening.refused = say;
        auto made = std::visit([this](auto& tree) { return make(tree); }, options_.tree);
        if (!made) return fail(tools::EXIT_REFUSED, made.error().message());
        server_.emplace(io_.get_executor(), *filesystem_, options_.server);
        return true;
    }
    bool fail(int status, const std::string& words) {
        status_ = status;
        say(words);
        return false;
    }

    Result<void> make(const DirectoryOptions& options) {
        auto tree = DirectoryTree::open(io_.get_executor(), options);
        if (!tree) return tree.error();
        filesystem_ = *std::move(tree);
        return boost::system::in_place_value;
    }
    Result<void> make(const MemoryOptions& options) {
        filesystem_ = std::make_unique<MemoryTree>(options);
        return boost::system::in_place_value;
    }
    Result<void> make(sip::SipOptions& options) {
        options.serve = [this](int fd, std::string only_user) {
            spawn(io_.get_executor(), serve_process(fd, std::move(only_user)));
        };
        auto tree = std::make_unique<sip::Sip>(io_.get_executor(), options);
        sip_ = tree.get();
        filesystem_ = std::move(tree);
        return boost::system::in_place_value;
    }

    /// The connection back of a SIP server's process.
    awaitable<void> serve_process(int fd, std::string only_user) {
        auto dialling = dial(Address(FdAddress{fd, fd}));
        auto transport = co_await std::move(dialling);
        if (transport)
            server_->serve(*std::move(transport), std::move(only_user));
        else
            say(only_user + ": no connection for its process: " + transport.error().message());
    }

    awaitable<void> work() {
        // Where standard output carries 9P, addresses are told on standard error.
        bool printable = true;
        for (const Address& address : options_.listen) {
            const auto* fd = std::get_if<FdAddress>(&address);
            if (fd != nullptr && (fd->read == STDOUT_FILENO || fd->write == STDOUT_FILENO)) printable = false;
        }
        tools::Output out(io_.get_executor(), STDOUT_FILENO, "standard output");
        for (const Address& address : options_.listen) {
            auto listening = p9::listen(address, options_.listening);
            auto listener = co_await std::move(listening);
            if (!listener) {
                fail(tools::EXIT_NO_CONNECTION, listener.error().message());
                spawn(io_.get_executor(), stop());
                co_return;
            }
            const std::string where = to_string((*listener)->address());
            if (printable) {
                out.put(where + "\n");
                auto flushing = out.flush();
                const bool told = co_await std::move(flushing);
                if (!told && out.failure() && !out.reader_gone()) {
                    // A script would wait for ever for the address.
                    fail(tools::EXIT_REFUSED, out.failure()->message());
                    spawn(io_.get_executor(), stop());
                    co_return;
                }
            } else if (options_.verbose) {
                say("listening on " + where);
            }
            server_->listen(*std::move(listener));
        }
        auto waiting = server_->wait_until_idle();
        co_await std::move(waiting);
        if (!stopping_) spawn(io_.get_executor(), stop());
    }

    awaitable<void> stop() {
        auto stopping = server_->stop();
        co_await std::move(stopping);
        if (sip_ != nullptr) {
            auto ending = sip_->stop();
            co_await std::move(ending);
        }
        io_.stop();
    }

    Options options_;
    int status_ = tools::EXIT_DONE;
    bool stopping_ = false;
    asio::io_context io_{1};
    std::unique_ptr<Filesystem> filesystem_;
    sip::Sip* sip_ = nullptr;
    std::optional<Server> server_;
    asio::signal_set signals_;
};

}  // namespace
}  // namespace p9::serve

int main(int argc, char** argv) {
    using namespace p9;
    int status = tools::EXIT_DONE;
    auto options = serve::parse_options(argc, argv, status);
    if (!options) return status;
    std::signal(SIGPIPE, SIG_IGN);
    tools::occupy_standard_descriptors();
    serve::prepare_process();
    serve::Program program(*std::move(options));
    return program.run();
}
