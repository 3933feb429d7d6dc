#include "tools/p9serve/memory_locks.hpp"

#include <algorithm>
#include <limits>

namespace p9::serve {
namespace {

/// One client could have a lock for each byte.
constexpr std::size_t MOST_LOCKS = 4096;
constexpr u64 TO_THE_END = std::numeric_limits<u64>::max();

u64 last_byte(const Lock& lock) {
    if (lock.length == 0 || lock.length - 1 > TO_THE_END - lock.start) return TO_THE_END;
    return lock.start + (lock.length - 1);
}

bool same_owner(const Lock& a, const Lock& b) { return a.proc_id == b.proc_id && a.client_id == b.client_id; }

}  // namespace

std::optional<Lock> RecordLocks::conflict(const Lock& lock) const {
    if (lock.type == LockType::unlock) return std::nullopt;
    const u64 last = last_byte(lock);
    for (const Held& held : held_) {
        const bool overlaps = held.lock.start <= last && lock.start <= held.last;
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
    const u64 last = last_byte(lock);
    std::vector<Held> result;
    result.reserve(held_.size() + 2);
    const auto add = [&result](Held part, u64 start, u64 end) {
        part.lock.start = start;
        part.lock.length = end == TO_THE_END ? 0 : end - start + 1;
        part.last = end;
        result.push_back(std::move(part));
    };
    for (const Held& held : held_) {
        if (!same_owner(held.lock, lock) || held.lock.start > last || lock.start > held.last) {
            result.push_back(held);
            continue;
        }
        if (held.lock.start < lock.start) add(held, held.lock.start, lock.start - 1);
        if (held.last > last) add(held, last + 1, held.last);
    }
    if (lock.type != LockType::unlock) add(Held{lock, last, through}, lock.start, last);
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
