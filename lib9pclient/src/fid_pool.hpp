// The numbers of fids: which are free, which are in use. No sockets, no clock.
#pragma once

#include "p9/types.hpp"

#include <vector>

namespace p9 {

class FidPool {
public:
    /// A number that is in use nowhere; NOFID if there is none left.
    Fid take() {
        if (!free_.empty()) {
            const Fid fid = free_.back();
            free_.pop_back();
            ++in_use_;
            return fid;
        }
        if (Fid{next_} == NOFID) return NOFID;
        ++in_use_;
        return Fid{next_++};
    }

    /// The server does not know `fid` (any more): it may be used again.
    void give_back(Fid fid) {
        free_.push_back(fid);
        --in_use_;
    }

    /// Nobody can tell whether the server knows a fid that was taken: its number is never used again.
    void retire() { --in_use_; }

    std::size_t in_use() const { return in_use_; }

private:
    u32 next_ = 0;
    std::size_t in_use_ = 0;
    std::vector<Fid> free_;  // last in, first out: servers index fids by number, and low numbers stay dense
};

}  // namespace p9
