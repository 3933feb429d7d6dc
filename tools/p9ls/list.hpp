// What p9ls does.
#pragma once

#include "tools/p9ls/ls.hpp"
#include "tools/run.hpp"

namespace p9::tools {

/// Lists what `options` name.
awaitable<void> list(Context& context, const LsOptions& options);

}  // namespace p9::tools
