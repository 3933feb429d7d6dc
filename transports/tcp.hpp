// TCP connections: name resolution, Happy Eyeballs (RFC 8305), socket options.
#pragma once

#include "p9/transports/dial.hpp"
#include "transports/socket.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <optional>
#include <vector>

namespace p9::transports {

using Endpoint = boost::asio::ip::tcp::endpoint;
using Endpoints = std::vector<Endpoint>;

/// The endpoint of a numeric host, without asking anybody.
std::optional<Endpoint> numeric(const TcpAddress& address);
/// The addresses of a host in the resolver's order. Asks in a thread of its own, because a resolver cannot be
/// interrupted: cancelling the coroutine leaves it behind.
awaitable<Result<Endpoints>> resolve(TcpAddress address);
/// RFC 8305, section 4: families take turns, beginning with that of the first address.
Endpoints interleaved(const Endpoints& resolved);
/// Delay, keepalive and timeout of a connected socket.
void tune(int socket, const DialOptions& options);

/// A socket that is connected to the first of `endpoints` that takes one; RFC 8305, section 5. `name` begins the words
/// of an error.
awaitable<Result<Socket>> connect_socket(Endpoints endpoints, std::string name, DialOptions options);
/// The same as a Transport; `name` is the peer's address.
awaitable<Result<std::unique_ptr<Transport>>> connect_first(Endpoints endpoints, std::string name, DialOptions options);

awaitable<Result<std::unique_ptr<Transport>>> dial_tcp(TcpAddress address, DialOptions options);

}  // namespace p9::transports
