// The pauses between attempts at something that others have to make possible: short at first, then longer and longer.
#pragma once

#include "p9/task.hpp"

#include <algorithm>

namespace p9::fuse {

class Backoff {
public:
    Backoff(Duration first, Duration longest) : next_(first), longest_(longest) {}
    /// The pause before the next attempt: twice the last one, up to the longest.
    Duration next() {
        const Duration now = next_;
        next_ = std::min(next_ * 2, longest_);
        return now;
    }

private:
    Duration next_;
    Duration longest_;
};

}  // namespace p9::fuse
