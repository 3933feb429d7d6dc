// A 9P server: connections of any number of clients to one Filesystem.
//
// The engine speaks 9P2000, 9P2000.u and 9P2000.L over any Transport. Each request is a coroutine, so that one that
// waits holds up nobody; replies go out as they are ready. A Server belongs to one io_context and one thread, and
// outlives none of it; the filesystem outlives the server. `stop` must be awaited before the server is destroyed.
#pragma once

#include "tools/p9serve/accounts.hpp"
#include "tools/p9serve/filesystem.hpp"

#include "p9/task.hpp"
#include "p9/trace.hpp"
#include "p9/transports/listen.hpp"

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <set>
#include <vector>

namespace p9::serve {

class Connection;

/// What a server grants, and whom it tells.
struct ServerOptions {
    /// The dialects that are spoken.
    std::vector<Dialect> dialects{Dialect::linux_, Dialect::unix_, Dialect::base};
    /// The largest msize that is granted, in bytes; at least 4096.
    u32 msize = DEFAULT_MSIZE;
    /// Connections at a time; one more is closed at once.
    std::size_t max_connections = 1000;
    /// Fids of one connection.
    std::size_t max_fids = 200'000;
    /// How long a client may take until its Tversion has come. Zero: for ever.
    Duration handshake_timeout = std::chrono::seconds(30);
    /// Sees every message.
    Tracer tracer;
    /// Hears of connections that were refused or ended badly: a line without newline.
    std::function<void(const std::string&)> log;
    /// Whether `log` hears of the others too.
    bool log_everybody = false;
};

/// What all connections share.
struct ServerContext {
    Filesystem& filesystem;
    const ServerOptions options;
    Accounts accounts;
};

class Server {
public:
    Server(boost::asio::any_io_executor executor, Filesystem& filesystem, ServerOptions options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Serves every client of `listener` until that is closed or has no more.
    void listen(std::unique_ptr<Listener> listener);
    /// Serves one connection. If `only_user` is not empty, every attach there is as that user.
    void serve(std::unique_ptr<Transport> transport, std::string only_user = {});
    /// Completes when no listener and no connection is left.
    awaitable<void> wait_until_idle();
    /// Closes all listeners and connections and waits until their requests have ended.
    awaitable<void> stop();

    std::size_t connections() const { return connections_.size(); }

private:
    awaitable<void> accept_from(std::shared_ptr<Listener> listener);
    awaitable<void> run(std::shared_ptr<Connection> connection, std::string peer);
    void log(const std::string& line) const;

    boost::asio::any_io_executor executor_;
    ServerContext context_;
    bool stopping_ = false;
    std::set<std::shared_ptr<Listener>> listeners_;
    std::set<std::shared_ptr<Connection>> connections_;
    boost::asio::steady_timer event_;  // never expires; cancelled when a listener or connection ends
};

}  // namespace p9::serve
