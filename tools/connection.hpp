// From a tool's options to an attached tree.
#pragma once

#include "p9/client.hpp"
#include "p9/transports/dial.hpp"
#include "tools/messages.hpp"
#include "tools/options.hpp"

namespace p9::tools {

/// Dials, agrees on a dialect and attaches as `options` says, all within the connect timeout; with --verbose prints
/// what was agreed on.
awaitable<Result<Client>> connect(const CommonOptions& options, const Messages& messages);

/// A dialler of `address` that sets `reached` once it got through.
Dialler noting_dialler(Address address, DialOptions options, std::shared_ptr<bool> reached);

/// Why there is no connection to `address`, with its name and what may help. `reached`: something was dialled.
Error no_connection(const Error& error, const Address& address, bool reached);

}  // namespace p9::tools
