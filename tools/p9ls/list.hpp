// What p9ls does.
#pragma once

#include "tools/p9ls/ls.hpp"
#include "tools/run.hpp"

namespace p9::tools {

/// Lists what `options` name.
awaitable<void> list(Context& context, const LsOptions& options);
/// Lists `paths`, which are no patterns, as `options` say.
awaitable<void> list_paths(Context& context, const LsOptions& options, std::vector<std::string> paths);
/// Notes that standard output is a terminal, and whether to print colours on it by `colour`, "auto" if nothing.
void look_at_terminal(LsOptions& options, const std::optional<std::string>& colour);

}  // namespace p9::tools
