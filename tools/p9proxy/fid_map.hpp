// The fids of one client of a shared connection, and the server's numbers for them. No sockets, no clock.
#pragma once

#include "p9/types.hpp"

#include <unordered_map>
#include <vector>

namespace p9::proxy {

class FidMap {
public:
    struct Entry {
        Fid upstream = NOFID;
        bool pending = false;  ///< the request that makes it has no answer yet
    };

    const Entry* find(Fid fid) const {
        const auto found = entries_.find(fid);
        return found == entries_.end() ? nullptr : &found->second;
    }
    /// `fid` is being made as `upstream`. The caller knows that it is not in use.
    void begin(Fid fid, Fid upstream) { entries_[fid] = {upstream, true}; }
    /// The request that makes it was answered. False if `fid` is something else by now, or nothing.
    bool finish(Fid fid, Fid upstream, bool made) {
        const auto found = entries_.find(fid);
        if (found == entries_.end() || found->second.upstream != upstream) return false;
        if (made)
            found->second.pending = false;
        else
            entries_.erase(found);
        return true;
    }
    void erase(Fid fid) { entries_.erase(fid); }
    std::size_t size() const { return entries_.size(); }

    /// Forgets all; the server's numbers of those that are there for certain.
    std::vector<Fid> drain() {
        std::vector<Fid> made;
        for (const auto& [fid, entry] : entries_)
            if (!entry.pending) made.push_back(entry.upstream);
        entries_.clear();
        return made;
    }

private:
    std::unordered_map<Fid, Entry> entries_;
};

}  // namespace p9::proxy
