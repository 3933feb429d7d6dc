// Who holds locks in the mount, and through which open file on the server.
//
// Servers tell owners apart in different ways: by client_id and proc_id, or by the fid that a lock was set through. So
// each owner has a fid and a number of its own, and all his locks on a file go through that one. An owner is a process
// (fcntl) or an open file (flock). One thread.
#pragma once

#include "fuse/convert.hpp"
#include "fuse/handles.hpp"

#include <map>
#include <tuple>

namespace p9::fuse {

/// Whose locks, on which file.
struct LockKey {
    u64 inode = 0;
    u64 owner = 0;       ///< the kernel's number for the process or the open file
    bool flock = false;  ///< flock(2) and fcntl(2) do not see each other
    auto operator<=>(const LockKey&) const = default;
};

/// The open file that an owner's locks are set through.
struct LockHolder {
    std::shared_ptr<OpenFile> file;
    u32 proc_id = 0;
    std::vector<LockRange> held;  ///< no two of them overlap; to set again after a new connection
};

/// What is held after `range` was set, or released if its type says so.
void note_lock(std::vector<LockRange>& held, const LockRange& range);

class LockTable {
public:
    /// Null if the owner has no locks there.
    const LockHolder* find(const LockKey& key) const {
        const auto found = holders_.find(key);
        return found == holders_.end() ? nullptr : &found->second;
    }
    /// The owner has set or released `range`.
    void note(const LockKey& key, const LockRange& range) {
        const auto found = holders_.find(key);
        if (found != holders_.end()) note_lock(found->second.held, range);
    }
    /// A copy, since locks come and go while somebody works on them.
    std::vector<std::pair<LockKey, LockHolder>> all() const { return {holders_.begin(), holders_.end()}; }
    void add(const LockKey& key, LockHolder holder) { holders_.emplace(key, std::move(holder)); }
    std::optional<LockHolder> remove(const LockKey& key) {
        auto node = holders_.extract(key);
        return node.empty() ? std::nullopt : std::optional<LockHolder>(std::move(node.mapped()));
    }
    /// True if somebody's locks go through `file`.
    bool carries_locks(const OpenFile* file) const {
        return std::ranges::any_of(holders_, [&](const auto& each) { return each.second.file.get() == file; });
    }
    bool empty() const { return holders_.empty(); }
    /// How many owners hold locks: as many have, at most, an open file of their own for that.
    std::size_t size() const { return holders_.size(); }

private:
    std::map<LockKey, LockHolder> holders_;
};

}  // namespace p9::fuse
