// Modes as chmod(1) takes them.
#pragma once

#include "p9/error.hpp"

#include <string_view>

namespace p9::tools {

/// The permission bits that `text`, octal ("0755") or symbolic ("u+x,go-w"), makes of `mode`. `directory` decides what
/// X does. EINVAL if it is no mode.
Result<u32> changed_mode(std::string_view text, u32 mode, bool directory);

/// What is left of `mode` for a new file after this process's umask, which servers do not know.
u32 after_umask(u32 mode);

}  // namespace p9::tools
