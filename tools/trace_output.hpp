// Where --trace writes: one line for each message.
#pragma once

#include "p9/error.hpp"
#include "p9/trace.hpp"

#include <functional>
#include <string>

namespace p9::tools {

/// Writes lines that begin with the seconds since the start to the file `where`, made anew, or to standard error if it
/// is
/// "-". Fails if the file cannot be made.
Result<std::function<void(const std::string&)>> open_trace_lines(const std::string& where);

/// A message as a line of a trace: its direction, `describe`, and what the number in an Rlerror means.
std::string trace_line(Direction direction, Bytes frame, Dialect dialect);

/// A tracer that writes `SECONDS -> Twalk ...` lines (-> sent, <- received; seconds since the start) to the file
/// `where`, made anew, or to standard error if it is "-". Fails if the file cannot be made.
Result<Tracer> open_trace(const std::string& where);

}  // namespace p9::tools
