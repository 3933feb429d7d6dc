#include "fuse/locks.hpp"

#include "tools/byte_range.hpp"

namespace p9::fuse {

void note_lock(std::vector<LockRange>& held, const LockRange& range) {
    using tools::ByteRange;
    const ByteRange changed = ByteRange::of(range.start, range.length);
    std::vector<LockRange> left;
    for (const LockRange& each : held) {
        const ByteRange bytes = ByteRange::of(each.start, each.length);
        if (!bytes.overlaps(changed)) {
            left.push_back(each);
            continue;
        }
        const auto keep = [&](const ByteRange& part) { left.push_back({each.type, part.first, part.length()}); };
        tools::beside(bytes, changed, keep);
    }
    if (range.type != LockType::unlock) left.push_back(range);
    held = std::move(left);
}

}  // namespace p9::fuse
