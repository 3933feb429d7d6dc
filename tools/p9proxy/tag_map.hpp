// The requests in flight on a shared connection: its tags, and whose they are. No sockets, no clock.
//
// A tag is free again when its request is settled and every Tflush of it is answered (flush(5)). The map refers to
// members and owns none of them.
#pragma once

#include "p9/types.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace p9::proxy {

struct Member;

/// One request in flight.
struct Request {
    Member* member = nullptr;  ///< who waits for the answer; null if nobody does
    Tag tag = NOTAG;           ///< the member's
    u8 type = 0;
    u16 names = 0;         ///< of a Twalk: so many qids make newfid
    Fid made = NOFID;      ///< the server's number of the fid that is to be made
    Fid newfid = NOFID;    ///< the member's number of it
    Fid ended = NOFID;     ///< the server's number of the fid that this ends
    bool reusable = true;  ///< and whether that number may be used again afterwards
    Tag victim = NOTAG;    ///< of a Tflush: the server's tag of the request that it flushes
    bool own =
        false;  ///< the proxy's own: a Tclunk, a Tflush, or a Tflush of nothing, which shows that the server lives
    bool unwanted = false;  ///< its Tflush waits for a free tag
    bool settled = false;   ///< answered, or flushed
    u16 flushers = 0;       ///< Tflushes of this request without an answer
};

class TagMap {
public:
    /// Takes a tag, the lowest that is free; nothing if `most` are taken.
    std::optional<Tag> take(const Request& request, std::size_t most = number(NOTAG)) {
        if (taken_ >= most) return std::nullopt;
        if (free_.empty()) {
            free_.push_back(Tag{static_cast<u16>(slots_.size())});
            slots_.emplace_back();
        }
        const Tag tag = free_.back();
        free_.pop_back();
        slots_[number(tag)] = {request, true};
        ++taken_;
        if (request.victim != NOTAG) ++slots_[number(request.victim)].request.flushers;
        return tag;
    }

    /// The request of `tag`, if it has no answer yet.
    Request* find(Tag tag) {
        if (number(tag) >= slots_.size()) return nullptr;
        Slot& slot = slots_[number(tag)];
        return slot.taken && !slot.request.settled ? &slot.request : nullptr;
    }

    /// The request of `tag` will not be answered (any more).
    void settle(Tag tag) {
        Slot& slot = slots_[number(tag)];
        slot.request.settled = true;
        slot.request.member = nullptr;
        release_if_done(tag);
    }

    /// A Tflush of `victim` was answered.
    void flush_answered(Tag victim) {
        --slots_[number(victim)].request.flushers;
        release_if_done(victim);
    }

    std::size_t taken() const { return taken_; }

private:
    struct Slot {
        Request request;
        bool taken = false;
    };
    void release_if_done(Tag tag) {
        Slot& slot = slots_[number(tag)];
        if (!slot.taken || !slot.request.settled || slot.request.flushers != 0) return;
        slot = {};
        free_.push_back(tag);
        --taken_;
    }

    std::vector<Slot> slots_;
    std::vector<Tag> free_;  // last in, first out keeps the map small
    std::size_t taken_ = 0;
};

}  // namespace p9::proxy
