// What a proxy is to do, and what all of its clients share.
//
// Plain values and references. One thread.
#pragma once

#include "p9/task.hpp"
#include "p9/transport.hpp"
#include "p9/types.hpp"
#include "tools/p9proxy/tracing.hpp"

#include <optional>
#include <vector>

namespace p9::proxy {

class Share;

/// The largest message in bytes before an msize is agreed on.
inline constexpr u32 HANDSHAKE_MAX = 64 << 10;
/// The largest msize that is carried.
inline constexpr u32 LARGEST_MSIZE = 64 << 20;

/// What one client may hold, so that it leaves something to others.
struct Limits {
    std::size_t connections = 1000;        ///< at a time
    std::size_t kept = 16;                 ///< conversations without a client
    std::size_t queue = 4 << 20;           ///< bytes that wait in one direction before no more is read
    std::size_t shared_queue = 256 << 10;  ///< the same for the requests of all clients on a shared connection
    std::size_t hopeless = 64 << 20;       ///< bytes of replies that a client leaves unread before it is given up
    std::size_t fids = 200'000;            ///< of one client of a shared connection
    std::size_t requests = 32 << 10;       ///< in flight, of one client of a shared connection
    Duration delivery = std::chrono::seconds(10);  ///< for what is left to be sent when the other end is gone
};

struct ProxyOptions {
    /// Makes the connections to the server.
    Dialler dialler;
    /// The server's name in messages.
    std::string server;
    /// The server takes one connection at a time.
    bool one_connection = false;
    /// All clients share one connection.
    bool share = false;
    /// What to offer the server where the connection is shared.
    std::vector<Dialect> dialects{Dialect::linux_, Dialect::unix_, Dialect::base};
    /// The largest message; nothing: what clients ask for, or 1 MiB where the connection is shared.
    std::optional<u32> msize;
    /// How long connecting to the server may take. Zero: for ever.
    Duration connect_timeout = std::chrono::seconds(10);
    /// How long a conversation is kept for a client that lost its connection. Zero: not at all.
    Duration keep{};
    /// How much later each message is passed on.
    Duration delay{};
    /// After how many of its messages a client is cut off. Zero: never.
    std::size_t drop_after = 0;
    Limits limits{};
    Tracing tracing{};
};

/// What all clients share.
struct Context {
    const ProxyOptions options;
    Share* share = nullptr;       ///< the shared connection, if there is one
    u32 largest = HANDSHAKE_MAX;  ///< the largest msize that was agreed on so far
};

}  // namespace p9::proxy
