// POSIX record locks of one file (fcntl(2)), whose owners are processes of clients.
#pragma once

#include "p9/attributes.hpp"
#include "tools/byte_range.hpp"

#include <vector>

namespace p9::serve {

/// Owners are told apart by client_id and proc_id together. Plain data, for one thread.
class RecordLocks {
public:
    /// The first lock in the way of `lock`, or nothing.
    std::optional<Lock> conflict(const Lock& lock) const;
    /// Sets or releases what `lock` says for its owner, in place of what he had there; nothing may be in the way.
    /// `through` is whatever releases it at the end. False, and nothing is changed, if there are too many, or if they
    /// would cost more than `room` beside what they cost now.
    bool set(const Lock& lock, const void* through, u64 room = ~u64{0});
    /// Releases all that was set through `through`.
    void release(const void* through);
    /// The bytes of memory that all of them take, about.
    u64 cost() const { return cost_; }

private:
    struct Held {
        Lock lock;
        tools::ByteRange bytes;
        const void* through = nullptr;
    };
    static u64 cost_of(const std::vector<Held>& held);

    std::vector<Held> held_;
    u64 cost_ = 0;
};

}  // namespace p9::serve
