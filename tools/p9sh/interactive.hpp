// A person at a terminal.
#pragma once

#include "tools/p9sh/runner.hpp"
#include "tools/p9sh/shell.hpp"

namespace p9::tools {

/// Prompts, runs what is typed until the end, and returns the status to exit with. The shell is connected.
int interact(Shell& shell, Runner& runner);

}  // namespace p9::tools
