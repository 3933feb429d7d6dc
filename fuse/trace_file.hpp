// The trace of a mount: one line a message.
#pragma once

#include "p9/error.hpp"
#include "p9/trace.hpp"

namespace p9::fuse {

/// A tracer that appends to the file, or to standard error if the path is "-".
Result<Tracer> open_trace(const std::string& path);

}  // namespace p9::fuse
