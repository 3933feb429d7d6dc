#include "fuse/locks.hpp"

namespace p9::fuse {
namespace {

constexpr u64 TO_THE_END = ~u64{0};

u64 end_of(const LockRange& range) {
    return range.length == 0 || range.length > TO_THE_END - range.start ? TO_THE_END : range.start + range.length;
}

LockRange between(LockType type, u64 start, u64 end) { return {type, start, end == TO_THE_END ? 0 : end - start}; }

}  // namespace

void note_lock(std::vector<LockRange>& held, const LockRange& range) {
    const u64 end = end_of(range);
    std::vector<LockRange> left;
    for (const LockRange& each : held) {
        const u64 each_end = end_of(each);
        if (each_end <= range.start || each.start >= end) {
            left.push_back(each);
            continue;
        }
        if (each.start < range.start) left.push_back(between(each.type, each.start, range.start));
        if (each_end > end) left.push_back(between(each.type, end, each_end));
    }
    if (range.type != LockType::unlock) left.push_back(range);
    held = std::move(left);
}

}  // namespace p9::fuse
