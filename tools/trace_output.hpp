// Where --trace writes: one line for each message.
#pragma once

#include "p9/error.hpp"
#include "p9/trace.hpp"

#include <string>

namespace p9::tools {

/// A tracer that writes `SECONDS -> Twalk ...` lines (-> sent, <- received; seconds since the start) to the file
/// `where`, made anew, or to standard error if it is "-". Fails if the file cannot be made.
Result<Tracer> open_trace(const std::string& where);

}  // namespace p9::tools
