// WebSocket (RFC 6455), dialled and listened on, with TLS or without.
//
// Each binary frame that is sent holds exactly one 9P message. What is received is taken as a stream: a message may
// come in pieces, and many may come in one frame.
#pragma once

#include "p9/transports/listen.hpp"
#include "transports/acceptor.hpp"

namespace p9::transports {

awaitable<Result<std::unique_ptr<Transport>>> dial_websocket(WebSocketAddress address, DialOptions options);

/// Serves WebSocket on what `listener` accepts, for clients that ask for the path of `address`. Handshakes run beside
/// each other. Fails with errc::connection_failed if the certificate or its key are of no use.
Result<std::unique_ptr<Listener>> listen_websocket(boost::asio::any_io_executor executor,
                                                   std::unique_ptr<SocketListener> listener, WebSocketAddress address,
                                                   ListenOptions options);

}  // namespace p9::transports
