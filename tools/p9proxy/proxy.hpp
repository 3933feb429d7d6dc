// The proxy: accepts clients and gives each a conversation with the server.
//
// Works on Transports only; listening and dialling are its caller's. Belongs to one io_context and one thread. `stop`
// must be awaited before it is destroyed.
#pragma once

#include "p9/transports/listen.hpp"
#include "tools/p9proxy/client_connection.hpp"
#include "tools/p9proxy/share.hpp"

#include <set>

namespace p9::proxy {

class Proxy {
public:
    Proxy(boost::asio::any_io_executor executor, ProxyOptions options);
    ~Proxy();
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    /// Serves every client of `listener` until that is closed or has no more.
    void listen(std::unique_ptr<Listener> listener);
    /// Serves one client.
    void serve(std::unique_ptr<Transport> client);
    /// Completes when no listener, no client and nothing that is kept is left.
    awaitable<void> wait_until_idle();
    /// Closes everything.
    awaitable<void> stop();

    std::size_t clients() const { return clients_.size(); }
    /// The shared connection.
    const Share& share() const { return share_; }
    std::size_t kept() const { return keeper_.size(); }

private:
    awaitable<void> accept_from(std::shared_ptr<Listener> listener);
    awaitable<void> run(std::shared_ptr<ClientConnection> client);
    awaitable<void> next_event();

    boost::asio::any_io_executor executor_;
    Context context_;
    Share share_;
    Keeper keeper_;
    bool stopping_ = false;
    unsigned long last_number_ = 0;
    std::set<std::shared_ptr<Listener>> listeners_;
    std::set<std::shared_ptr<ClientConnection>> clients_;
    boost::asio::steady_timer event_;  // never expires; cancelled when a listener or client ends
};

}  // namespace p9::proxy
