// Messages as people read them: one line for each, and names that are safe to show on a terminal.
//
// Free functions without state; usable from any thread.
#pragma once

#include "p9/types.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace p9 {

/// Which way a message goes.
enum class Direction : u8 { sent, received };

/// Sees every message of a session, whole, as it is sent or received.
using Tracer = std::function<void(Direction direction, Bytes frame, Dialect dialect)>;

/// One line, without newline: `Twalk tag=3 fid=1 newfid=2 wname=["usr" "bin"]`. A frame that does not
/// decode is described as far as its header goes, with the reason.
std::string describe(Bytes frame, Dialect dialect);

/// A qid as traces and tools show it: `(type version path)`, in decimal, the path as ls -i shows it.
std::string qid_text(const Qid& qid);

/// `text` with control characters, backslashes and bytes that are not UTF-8 as \n, \t, \\ or \xHH, so that a
/// server's name cannot drive the terminal. Every other character stays as it is.
std::string escaped(std::string_view text);

}  // namespace p9
