// Making connections: from an address to a Transport.
//
// A transport belongs to the executor of the coroutine that dialled it and is used from that executor's thread only.
// Programs that dial should ignore SIGPIPE: writing to a pipe (fd!R!W) whose reader is gone raises it.
#pragma once

#include "p9/transport.hpp"
#include "p9/transports/address.hpp"

#include <chrono>

namespace p9 {

/// Whom to believe behind a wss address.
struct TlsOptions {
    /// A PEM file with the certificates that are trusted instead of the system's; each may also be the server's own.
    std::string ca_file;
    /// Any certificate will do: what is sent can be read and changed by whoever is in between.
    bool insecure = false;
};

/// How to dial.
struct DialOptions {
    /// The head start that each address of a host has before the next is tried beside it (RFC 8305: 250 ms).
    std::chrono::milliseconds attempt_delay{250};
    /// How long sent bytes may stay unacknowledged before a TCP peer counts as dead (tcp(7), TCP_USER_TIMEOUT).
    std::chrono::milliseconds user_timeout{20'000};
    /// How long a TCP connection is idle before the peer is probed, then every third of that, three times. A WebSocket
    /// peer is pinged whenever it was silent for so long, and counts as dead when it was so for six times as long.
    std::chrono::seconds keepalive_idle{15};
    /// For wss.
    TlsOptions tls{};
};

/// A new connection to `address`. Fails with errc::connection_failed (and the reason in words), or with
/// errc::bad_address if this build cannot dial such an address. It has no deadline of its own: cancel it instead.
awaitable<Result<std::unique_ptr<Transport>>> dial(Address address, DialOptions options);
/// The same as one usually dials. No default argument: that would be a temporary in the caller's co_await expression,
/// which g++ 12 destroys twice.
inline awaitable<Result<std::unique_ptr<Transport>>> dial(Address address) {
    return dial(std::move(address), DialOptions());
}

/// A function that dials `address` anew each time; each result belongs to the executor of its caller. Inherited
/// descriptors are given away once: a second call for fd!R!W fails.
Dialler dialler(Address address, DialOptions options);
inline Dialler dialler(Address address) { return dialler(std::move(address), DialOptions()); }

}  // namespace p9
