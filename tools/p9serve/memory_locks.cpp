#include "tools/p9serve/memory_locks.hpp"

#include <algorithm>

namespace p9::serve {
namespace {

using tools::ByteRange;

/// One client could have a lock for each byte.
constexpr std::size_t MOST_LOCKS = 4096;
bool same_owner(const Lock& a, const Lock& b) { return a.proc_id == b.proc_id && a.client_id == b.client_id; }

}  // namespace

std::optional<Lock> RecordLocks::conflict(const Lock& lock) const {
    if (lock.type == LockType::unlock) return std::nullopt;
    const ByteRange wanted = ByteRange::of(lock.start, lock.length);
    for (const Held& held : held_) {
        const bool overlaps = held.bytes.overlaps(wanted);
        const bool excludes = lock.type == LockType::write || held.lock.type == LockType::write;
        if (overlaps && excludes && !same_owner(held.lock, lock)) return held.lock;
    }
    return std::nullopt;
}

u64 RecordLocks::cost_of(const std::vector<Held>& held) {
    u64 cost = 0;
    for (const Held& each : held) cost += sizeof each + each.lock.client_id.size();
    return cost;
}

bool RecordLocks::set(const Lock& lock, const void* through, u64 room) {
    const ByteRange changed = ByteRange::of(lock.start, lock.length);
    std::vector<Held> result;
    result.reserve(held_.size() + 2);
    for (const Held& held : held_) {
        if (!same_owner(held.lock, lock) || !held.bytes.overlaps(changed)) {
            result.push_back(held);
            continue;
        }
        const auto keep = [&](const ByteRange& part) {
            Held& left = result.emplace_back(held);
            left.bytes = part;
            left.lock.start = part.first;
            left.lock.length = part.length();
        };
        tools::beside(held.bytes, changed, keep);
    }
    if (lock.type != LockType::unlock) {
        Held& set = result.emplace_back(Held{lock, changed, through});
        set.lock.length = changed.length();
    }
    if (result.size() > MOST_LOCKS && result.size() > held_.size()) return false;
    const u64 cost = cost_of(result);
    if (cost > cost_ && cost - cost_ > room) return false;
    held_ = std::move(result);
    cost_ = cost;
    return true;
}

void RecordLocks::release(const void* through) {
    std::erase_if(held_, [through](const Held& held) { return held.through == through; });
    cost_ = cost_of(held_);
}

}  // namespace p9::serve
