// Accepting connections: from an address to a Listener, and from that to Transports.
//
// A Listener belongs to the executor it was made with and is used from that executor's thread only. It removes
// what it made: the file of a Unix socket goes away with it, if it is still the same file.
#pragma once

#include "p9/transport.hpp"
#include "p9/transports/address.hpp"
#include "p9/transports/dial.hpp"

#include <functional>
#include <string>
#include <vector>

namespace p9 {

/// A place where clients connect.
class Listener {
public:
    virtual ~Listener() = default;

    /// The next client. At most one call at a time. Fails with errc::connection_lost once the listener is closed, or
    /// has no more, and with errc::connection_failed if it broke: a port that was unplugged.
    virtual awaitable<Result<std::unique_ptr<Transport>>> accept() = 0;

    /// The address clients dial, with the port that the system chose if port 0 was asked for.
    virtual Address address() const = 0;

    /// Takes no more clients; an accept under way fails. Connections stay. May be called twice.
    virtual void close() = 0;
};

/// How to listen.
struct ListenOptions {
    /// Keepalive and timeouts of the connections that are accepted.
    DialOptions connection{};
    /// For wss: PEM files with the certificate, the chain up to its CA after it, and with its private key.
    std::string certificate;
    std::string key;
    /// The values of Origin (https://example.org) that a WebSocket client may send; "*" is any. Empty: it is not looked
    /// at. A client that sends none is no browser and is let in.
    std::vector<std::string> allow_origins;
    /// How long a WebSocket client may take for TLS and the request to upgrade.
    std::chrono::milliseconds handshake_timeout{10'000};
    /// Hears of each client that did not get so far, in one line that begins with its address.
    std::function<void(const std::string&)> refused;
};

/// Listens on any address. `tcp!*!PORT` is every interface, port 0 any free one. A Unix socket's
/// file that nobody listens on any more is replaced. `fd!N` is a descriptor that listens already, or one connection
/// that is accepted once. `exec!COMMAND` is one client too: the command is run, and speaks 9P on its standard input and
/// output. `ws://HOST:PORT/PATH` takes clients that ask for PATH, whatever their query; without a path, for any.
/// `virtio!NAME-OR-PATH` is a guest's port, a terminal, the socket of a QEMU that listens, or, where there is nothing,
/// a socket for a QEMU that connects: clients are served one after another, for ever. `vsock!*!PORT` is every CID.
/// Fails with errc::connection_failed.
awaitable<Result<std::unique_ptr<Listener>>> listen(Address address, ListenOptions options);
inline awaitable<Result<std::unique_ptr<Listener>>> listen(Address address) {
    return listen(std::move(address), ListenOptions());
}

}  // namespace p9
