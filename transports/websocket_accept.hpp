// The server's side of a WebSocket handshake.
#pragma once

#include "p9/transports/listen.hpp"
#include "transports/websocket_wire.hpp"

namespace p9::transports {

/// Whom a listener lets in, for its handshakes under way.
struct WebSocketTerms {
    std::string path = "/";  ///< "/": any
    std::vector<std::string> origins;
    DialOptions connection;
};

/// A client's connection once its handshake is done; else the client was told why not, and the error says it to the
/// listener. The wire is closed then.
awaitable<Result<std::unique_ptr<Transport>>> accept_websocket(std::shared_ptr<WebSocketWire> wire, std::string peer,
                                                               std::shared_ptr<const WebSocketTerms> terms);

}  // namespace p9::transports
