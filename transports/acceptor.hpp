// Listening sockets: what the families have in common.
#pragma once

#include "p9/transports/listen.hpp"
#include "transports/socket.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>

namespace p9::transports {

/// Accepts on a socket that listens already.
class SocketListener : public Listener {
public:
    /// Owns `descriptor`. `cleanup` runs once, when the listener is closed.
    SocketListener(boost::asio::any_io_executor executor, int descriptor, Address address, DialOptions options,
                   std::function<void()> cleanup = {});
    ~SocketListener() override;

    awaitable<Result<std::unique_ptr<Transport>>> accept() override;
    /// What accept makes a Transport of.
    struct Accepted {
        Socket socket;
        std::string peer;  ///< its address
    };
    awaitable<Result<Accepted>> accept_socket();
    Address address() const override;
    void close() override;

private:
    struct State;
    static awaitable<Result<std::unique_ptr<Transport>>> accept_on(std::shared_ptr<State> state);
    static awaitable<Result<Accepted>> accept_socket_on(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

/// The address of the other end of a TCP or vsock socket, or `otherwise` for other families.
std::string peer_name(int socket, const std::string& otherwise);

}  // namespace p9::transports
