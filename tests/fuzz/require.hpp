// What a fuzz target claims of its input.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace p9::fuzz {

/// Ends the program, which libFuzzer reports together with the input, unless `claim` holds.
inline void require(bool claim, const char* words) {
    if (claim) return;
    std::fprintf(stderr, "This does not hold: %s\n", words);
    std::abort();
}

}  // namespace p9::fuzz
