// p9serve: a directory, a tree in memory, or the SIP tree, over 9P.
#include "p9/transports/dial.hpp"
#include "tools/messages.hpp"
#include "tools/output.hpp"
#include "tools/p9serve/options.hpp"
#include "tools/service.hpp"
#include "tools/trace_output.hpp"

namespace p9::serve {
namespace {

namespace asio = boost::asio;

void say(const std::string& line) { tools::complain("p9serve", line); }

/// The program once its command line is understood.
class Program {
public:
    explicit Program(Options options)
        : options_(std::move(options)), service_("p9serve", options_.listen, listening(options_), options_.verbose) {}

    int run() {
        int status = tools::EXIT_DONE;
        if (!prepare(status)) return status;
        if (options_.capture && options_.capture->to_output()) service_.leave_output();
        return service_.run({[this](std::unique_ptr<Listener> listener) { listen(std::move(listener)); },
                             [this] { return server_->wait_until_idle(); }, [this] { return stop(); }});
    }

private:
    static ListenOptions listening(const Options& options) {
        ListenOptions how = options.listening;
        if (options.verbose) how.refused = say;
        return how;
    }
    bool prepare(int& status) {
        if (options_.trace) {
            auto tracer = tools::open_trace(*options_.trace);
            if (!tracer) return fail(status, tools::EXIT_USAGE, "--trace: " + tracer.error().message());
            options_.server.tracer = *std::move(tracer);
        }
        options_.server.log = say;
        options_.server.log_everybody = options_.verbose;
        auto made = std::visit([this](auto& tree) { return make(tree); }, options_.tree);
        if (!made) return fail(status, tools::EXIT_REFUSED, made.error().message());
        server_.emplace(executor(), *filesystem_, options_.server);
        return true;
    }
    static bool fail(int& status, int why, const std::string& words) {
        status = why;
        say(words);
        return false;
    }

    Result<void> make(const DirectoryOptions& options) {
        auto tree = DirectoryTree::open(executor(), options);
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
            spawn(executor(), serve_process(fd, std::move(only_user)));
        };
        auto tree = std::make_unique<sip::Sip>(executor(), options);
        sip_ = tree.get();
        filesystem_ = std::move(tree);
        return boost::system::in_place_value;
    }

    void listen(std::unique_ptr<Listener> listener) {
        if (options_.capture) listener = options_.capture->watch(std::move(listener));
        server_->listen(std::move(listener));
    }

    std::unique_ptr<Transport> watched(std::unique_ptr<Transport> transport) {
        if (!options_.capture) return transport;
        return options_.capture->watch(std::move(transport), tools::Capture::End::server);
    }

    /// The connection back of a SIP server's process.
    awaitable<void> serve_process(int fd, std::string only_user) {
        auto dialling = dial(Address(FdAddress{fd, fd}));
        auto transport = co_await std::move(dialling);
        if (transport)
            server_->serve(watched(*std::move(transport)), std::move(only_user));
        else
            say(only_user + ": no connection for its process: " + transport.error().message());
    }

    awaitable<void> stop() {
        auto stopping = server_->stop();
        co_await std::move(stopping);
        if (sip_ != nullptr) {
            auto ending = sip_->stop();
            co_await std::move(ending);
        }
    }
    asio::any_io_executor executor() { return service_.context().get_executor(); }

    Options options_;
    tools::Service service_;
    std::unique_ptr<Filesystem> filesystem_;
    sip::Sip* sip_ = nullptr;
    std::optional<Server> server_;
};

}  // namespace
}  // namespace p9::serve

int main(int argc, char** argv) {
    using namespace p9;
    int status = tools::EXIT_DONE;
    auto options = serve::parse_options(argc, argv, status);
    if (!options) return status;
    tools::occupy_standard_descriptors();
    tools::prepare_process();
    serve::Program program(*std::move(options));
    return program.run();
}
