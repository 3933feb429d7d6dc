// The frame that every tool runs in: signals, the time limit, the connection, and the exit status.
//
// SIGINT or SIGTERM cancels the tool's coroutine, which flushes what is in flight, and the tool exits with 130; a
// second signal exits at once. A reader of standard output that goes away ends the tool quietly.
#pragma once

#include "p9/client.hpp"
#include "tools/messages.hpp"
#include "tools/options.hpp"
#include "tools/output.hpp"

#include <functional>

namespace p9::tools {

/// What a tool works with.
struct Context {
    const CommonOptions& options;
    Messages& messages;
    Output& out;
    Client& client;
    std::string directory;  ///< where relative paths begin; "" is the attached root
};

/// A tool's own part. Reports its errors through the context's Messages; the last of `out` is flushed for it.
using Work = std::function<awaitable<void>(Context&)>;

/// Connects, runs `work`, closes, and returns the exit status.
int run(const CommonOptions& options, const Work& work);

/// A part that makes connections of its own. Flushes the output itself.
using Job = std::function<awaitable<void>(Messages&, Output&)>;

/// Runs `job` without connecting, and returns the exit status.
int run_unconnected(const CommonOptions& options, const Job& job);

}  // namespace p9::tools
