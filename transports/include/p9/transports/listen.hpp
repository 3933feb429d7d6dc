// Accepting connections: from an address to a Listener, and from that to Transports.
//
// A Listener belongs to the executor it was made with and is used from that executor's thread only. It removes
// what it made: the file of a Unix socket goes away with it, if it is still the same file.
#pragma once

#include "p9/transport.hpp"
#include "p9/transports/address.hpp"
#include "p9/transports/dial.hpp"

namespace p9 {

/// A place where clients connect.
class Listener {
public:
    virtual ~Listener() = default;

    /// The next client. At most one call at a time. Fails with errc::connection_lost once the listener is closed.
    virtual awaitable<Result<std::unique_ptr<Transport>>> accept() = 0;

    /// The address clients dial, with the port that the system chose if port 0 was asked for.
    virtual Address address() const = 0;

    /// Takes no more clients; an accept under way fails. Connections stay. May be called twice.
    virtual void close() = 0;
};

/// Listens on tcp, unix, fd or exec. `tcp!*!PORT` is every interface, port 0 any free one. A Unix socket's file that
/// nobody listens on any more is replaced. `fd!N` is a descriptor that listens already, or one connection that is
/// accepted once. `exec!COMMAND` is one client too: the command is run, and speaks 9P on its standard input and output.
/// Fails with errc::connection_failed, or with errc::bad_address for a transport without listeners.
awaitable<Result<std::unique_ptr<Listener>>> listen(Address address, DialOptions options = {});

}  // namespace p9
