// p9cp's command line and what its words stand for.
#pragma once

#include "tools/p9cp/copier.hpp"
#include "tools/run.hpp"

#include <string>
#include <vector>

namespace p9::tools {

struct CpOptions {
    std::vector<std::string> operands;  ///< sources, then the destination; ':' begins a path on the server
    CopyOptions copy;
    bool progress = false;  ///< even where no terminal is
};

/// What is wrong with the operands, as far as that shows without looking at any file.
std::optional<std::string> wrong_operands(const CpOptions& options);

/// Does what the command line says.
awaitable<void> cp(Context& context, const CpOptions& options);

}  // namespace p9::tools
