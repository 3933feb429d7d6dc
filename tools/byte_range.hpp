// Ranges of bytes as record locks have them: what is left of one beside another.
//
// Plain values. The end is inclusive, so that a range can reach the last byte that a 64-bit offset has.
#pragma once

#include "p9/types.hpp"

#include <limits>

namespace p9::tools {

struct ByteRange {
    static constexpr u64 TO_THE_END = std::numeric_limits<u64>::max();

    u64 first = 0;
    u64 last = 0;

    /// A length of 0, or one that goes beyond the last offset, reaches to the end (fcntl(2)).
    static ByteRange of(u64 start, u64 length) {
        return {start, length == 0 || length - 1 > TO_THE_END - start ? TO_THE_END : start + (length - 1)};
    }
    u64 length() const { return last == TO_THE_END ? 0 : last - first + 1; }
    bool overlaps(const ByteRange& other) const { return first <= other.last && other.first <= last; }
};

/// Calls `part` for what is left of `whole` beside `hole`, which overlaps it: nothing, one range or two.
template <class F>
void beside(const ByteRange& whole, const ByteRange& hole, F part) {
    if (whole.first < hole.first) part(ByteRange{whole.first, hole.first - 1});
    if (whole.last > hole.last) part(ByteRange{hole.last + 1, whole.last});
}

}  // namespace p9::tools
