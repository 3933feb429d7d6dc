// Counts what operator new is called for, in this program only.
#pragma once

#include <cstddef>

namespace p9::bench {

/// Calls of operator new by this thread so far.
std::size_t allocations();

}  // namespace p9::bench
