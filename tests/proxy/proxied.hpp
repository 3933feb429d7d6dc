// A proxy with both of its ends in the test's hands, or with p9serve's engine behind it.
//
// `Between` owns the loop and the proxy; `client` connects one, and `server` is the server's end of the next connection
// that the proxy dials. `Proxied` puts a BellTree behind it.
#pragma once

#include "tests/serve/served.hpp"
#include "tools/p9proxy/proxy.hpp"

#include <gmock/gmock.h>

namespace p9::test {

/// Both ends of a connection.
inline std::pair<int, int> socket_ends() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw ScriptFailure("socketpair");
    return {ends[0], ends[1]};
}

inline std::unique_ptr<Transport> transport_of(Loop& loop, int end) {
    auto transport = must(loop.run(dial(Address(FdAddress{end, end}))));
    transport->max_message(64 << 20);
    return transport;
}

/// What a Between looks after.
class Proxying {
public:
    virtual ~Proxying() = default;
    virtual Loop& loop() = 0;

    Peer client() {
        const auto [ours, theirs] = socket_ends();
        proxy->serve(must(loop().run(dial(Address(FdAddress{theirs, theirs})))));
        return {loop(), transport_of(loop(), ours)};
    }
    Peer client(Dialect dialect) {
        Peer peer = client();
        peer.begin(dialect);
        return peer;
    }
    /// Whether the log has a line with these words, or gets one.
    bool logs(const std::string& words) {
        return loop().run_until([&] { return count(log, words) != 0; });
    }
    static std::size_t count(const std::vector<std::string>& lines, const std::string& words) {
        return static_cast<std::size_t>(
            std::ranges::count_if(lines, [&](const auto& line) { return line.find(words) != line.npos; }));
    }

    std::vector<std::string> log;
    std::vector<std::string> trace;
    std::optional<proxy::Proxy> proxy;

protected:
    void end() {
        loop().run(proxy->stop());
        loop().settle();
        proxy.reset();
        loop().settle();
    }
    /// The proxy does other things with messages at which somebody looks: `traced`.
    void begin(proxy::ProxyOptions options, Dialler dialler, bool traced = true) {
        std::signal(SIGPIPE, SIG_IGN);  // the descriptors are written to with write(2)
        options.server = "the server";
        options.dialler = std::move(dialler);
        options.tracing.log = [this](const std::string& line) { log.push_back(line); };
        if (traced) options.tracing.line = [this](const std::string& line) { trace.push_back(line); };
        proxy.emplace(loop().executor(), std::move(options));
    }
};

class Between final : public Proxying {
public:
    using Wrap = std::function<std::unique_ptr<Transport>(std::unique_ptr<Transport>)>;
    /// `wrap` may put something around what the proxy dials.
    explicit Between(proxy::ProxyOptions options = {}, Wrap wrap = {}, bool traced = true) : wrap_(std::move(wrap)) {
        const Dialler dialler = [this]() -> awaitable<Result<std::unique_ptr<Transport>>> {
            if (refusing) co_return Error(errc::connection_failed, "the server: not today");
            const auto [ours, theirs] = socket_ends();
            dialled.push_back(ours);
            auto dialling = dial(Address(FdAddress{theirs, theirs}));
            auto transport = co_await std::move(dialling);
            if (transport && wrap_) *transport = wrap_(*std::move(transport));
            co_return transport;
        };
        begin(std::move(options), dialler, traced);
    }
    ~Between() override {
        end();
        for (const int end : dialled) ::close(end);
    }
    Loop& loop() override { return loop_; }

    /// The server's end of the next connection.
    Peer server() {
        if (!loop_.run_until([&] { return !dialled.empty(); })) throw ScriptFailure("the proxy does not dial");
        const int end = dialled.front();
        dialled.pop_front();
        return {loop_, transport_of(loop_, end)};
    }
    /// The same for a proxy that shares, with the version exchange; `client` begins its own meanwhile.
    Peer shared_server(Peer& client, Dialect dialect, u32 msize = 8192) {
        client.dialect = dialect;
        client.send(number(NOTAG), Tversion{msize, std::string(version_string(dialect))});
        Peer server = this->server();
        server.dialect = dialect;
        const std::string offer = server.next();
        if (!offer.starts_with("Tversion")) throw ScriptFailure(offer);
        server.send(number(NOTAG), Rversion{8192, std::string(version_string(dialect))});
        const std::string agreed = client.next();
        if (!agreed.starts_with("Rversion")) throw ScriptFailure(agreed);
        return server;
    }

    std::deque<int> dialled;  // our ends
    bool refusing = false;

private:
    Wrap wrap_;
    Loop loop_;
};

class Proxied final : public Proxying {
public:
    explicit Proxied(proxy::ProxyOptions options = {}, serve::ServerOptions server = {}) : served(std::move(server)) {
        begin(std::move(options), [this]() -> awaitable<Result<std::unique_ptr<Transport>>> {
            ++dialled;
            const auto [ours, theirs] = socket_ends();
            auto server_end = dial(Address(FdAddress{ours, ours}));
            auto accepted = co_await std::move(server_end);
            if (!accepted) co_return accepted.error();
            served.server.serve(*std::move(accepted));
            auto dialling = dial(Address(FdAddress{theirs, theirs}));
            co_return co_await std::move(dialling);
        });
    }
    ~Proxied() override { end(); }
    Loop& loop() override { return served.loop; }
    BellTree& tree() { return served.tree; }
    /// Waits until so many reads of the bell wait.
    bool readers(std::size_t count) {
        return loop().run_until([&] { return tree().waiters && tree().waiters->size() == count; });
    }

    Served<BellTree> served;
    int dialled = 0;
};

/// Walks to `name` and opens it, in 9P2000.L.
inline void open_file(Peer& peer, u32 fid, const char* name) {
    Names names;
    names.emplace_back(name);
    const std::string walked = peer.rpc(1, Twalk{Fid{0}, Fid{fid}, names});
    if (!walked.starts_with("Rwalk")) throw ScriptFailure(walked);
    const std::string opened = peer.rpc(1, Tlopen{Fid{fid}, P9_O_RDONLY});
    if (!opened.starts_with("Rlopen")) throw ScriptFailure(opened);
}

/// For the names of parameterized tests.
inline std::string dialect_name(const ::testing::TestParamInfo<Dialect>& tested) {
    constexpr const char* names[] = {"Base", "Unix", "Linux"};
    return names[static_cast<std::size_t>(tested.param)];
}

inline proxy::ProxyOptions sharing() {
    proxy::ProxyOptions options;
    options.share = true;
    return options;
}

}  // namespace p9::test
