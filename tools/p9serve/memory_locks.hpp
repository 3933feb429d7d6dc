// POSIX record locks of one file (fcntl(2)), whose owners are processes of clients.
#pragma once

#include "p9/attributes.hpp"

#include <vector>

namespace p9::serve {

/// Owners are told apart by client_id and proc_id together. Plain data, for one thread.
class RecordLocks {
public:
    /// The first lock in the way of `lock`, or nothing.
    std::optional<Lock> conflict(const Lock& lock) const;
    /// Sets or releases what `lock` says for its owner, in place of what he had there; nothing may be in the way.
    /// `through` is whatever releases it at the end. False if there are too many.
    bool set(const Lock& lock, const void* through);
    /// Releases all that was set through `through`.
    void release(const void* through);

private:
    struct Held {
        Lock lock;
        u64 last = 0;  // the last byte; the largest number where the lock reaches to the end
        const void* through = nullptr;
    };
    std::vector<Held> held_;
};

}  // namespace p9::serve
