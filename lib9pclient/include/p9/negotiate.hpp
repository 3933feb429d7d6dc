// The version exchange by itself, for programs that speak 9P over a transport without a Session: a proxy.
//
// Free functions without state. The transport belongs to the executor of the coroutine that asks.
#pragma once

#include "p9/session.hpp"

#include <memory>

namespace p9 {

/// A connection on which a version was agreed on.
struct Agreement {
    std::unique_ptr<Transport> transport;
    Dialect dialect = Dialect::base;
    u32 msize = 0;  ///< in bytes
    Duration round_trip{};
};

/// Dials and agrees on a dialect as Session::open does, and fails as that does. Of the options, those of the beginning
/// count.
awaitable<Result<Agreement>> agree(Dialler dialler, const SessionOptions& options);

}  // namespace p9
