// From a tool's options to an attached tree.
#pragma once

#include "p9/client.hpp"
#include "tools/messages.hpp"
#include "tools/options.hpp"

namespace p9::tools {

/// Dials, agrees on a dialect and attaches as `options` says, all within the connect timeout; with --verbose prints
/// what was agreed on.
awaitable<Result<Client>> connect(const CommonOptions& options, const Messages& messages);

/// Ends the session once the server has answered what it was asked, at most a second later: diod in the foreground is
/// ended by SIGPIPE if a client goes away before the answers to its clunks were written.
awaitable<void> disconnect(Session& session);

}  // namespace p9::tools
