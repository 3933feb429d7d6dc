// What a mount counts for p9fuse --status.
//
// Plain numbers; whoever answers from a cache, or has to ask the server, counts it where it happens. One thread.
#pragma once

#include "p9/types.hpp"

namespace p9::fuse {

/// How often something was at hand, and how often it was not.
struct HitRate {
    u64 hits = 0;
    u64 misses = 0;
};

struct Counters {
    HitRate nodes;     ///< a fid for an inode: at hand, or walked to
    HitRate opens;     ///< opens that let the kernel keep what it had cached, and those that did not
    HitRate reads;     ///< reads that one message answered (quick_read.hpp), and those that took the general way
    HitRate listings;  ///< attributes of a listing's names: told with the listing, or asked for one by one
};

}  // namespace p9::fuse
