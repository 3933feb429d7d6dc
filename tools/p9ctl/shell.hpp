// A command of the user's, run by /bin/sh.
#pragma once

#include "p9/task.hpp"

#include <string>
#include <utility>
#include <vector>

namespace p9::tools {

using Environment = std::vector<std::pair<std::string, std::string>>;

/// Runs `command` with `extra` added to the environment, /dev/null as its input and `output` as its output, in a
/// process group of its own, and waits for its end: the exit status, or 128 and the number of the signal that ended it.
/// When the caller is cancelled the group gets SIGTERM, after two seconds SIGKILL, and the result is errc::cancelled.
awaitable<Result<int>> run_shell(std::string command, Environment extra, int output);

}  // namespace p9::tools
