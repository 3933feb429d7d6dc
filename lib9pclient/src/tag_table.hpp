// Tags, the requests that hold them, and the races between replies and flushes (flush(5)). No sockets, no clock.
//
// The table points to owners and never owns them. A tag lives longer than its owner where the server may still
// answer: until the reply, or, once a flush was sent, until Rflush.
#pragma once

#include "p9/types.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace p9 {

template <class Owner>
class TagTable {
public:
    static constexpr u8 TFLUSH = 108;
    static constexpr u8 RLERROR = 7;
    static constexpr u8 RERROR = 107;
    static constexpr bool is_error(u8 type) { return type == RLERROR || type == RERROR; }

    /// What a reply means.
    enum class Meaning : u8 {
        reply,          ///< the answer to `owner`'s request; without an owner, to one that was given up
        flushed,        ///< `owner`'s request will not be answered any more
        flush_refused,  ///< the server does not flush: `owner` is let go, its tag stays taken until the reply
        unknown_tag,    ///< no request has this tag
        repeated,       ///< the request was answered already
        mismatched,     ///< not the type of reply that the request `type` has
    };
    struct Answer {
        Meaning meaning;
        Owner* owner = nullptr;
        u8 type = 0;      ///< the request's type
        Fid fid = NOFID;  ///< the fid noted with the request
    };

    /// Takes a tag for a request of `type`. `owner` may be null. `fid` is a note for whoever handles the reply to a
    /// request without owner. Nothing if all tags are taken.
    std::optional<Tag> open(Owner* owner, u8 type, Fid fid = NOFID) {
        if (free_.empty()) {
            if (slots_.size() == number(NOTAG)) return std::nullopt;
            free_.push_back(Tag{static_cast<u16>(slots_.size())});
            slots_.emplace_back();
        }
        const Tag tag = free_.back();
        free_.pop_back();
        slots_[number(tag)] = Slot{owner, fid, NOTAG, NOTAG, type, true, false};
        if (owner != nullptr) ++owned_;
        return tag;
    }

    /// Takes a tag for the Tflush of `old`. Nothing if `old` is not outstanding, is itself a flush, or is being
    /// flushed already.
    std::optional<Tag> flush(Tag old) {
        if (!outstanding(old)) return std::nullopt;
        if (slot(old).type == TFLUSH || slot(old).flusher != NOTAG) return std::nullopt;
        const auto tag = open(nullptr, TFLUSH);
        if (tag) {
            slot(*tag).victim = old;
            slot(old).flusher = *tag;
        }
        return tag;
    }

    /// The owner of `tag` is gone: a late reply has nobody to go to.
    void disown(Tag tag) { let_go(slot(tag)); }

    /// The request of `tag` was never sent.
    void forget(Tag tag) { release(tag); }

    /// The owner to let go because the flush of its request is not answered; null if that is settled. Its
    /// tag stays taken. Called with the tag that `flush` gave.
    Owner* give_up_flush(Tag flusher) {
        if (!outstanding(flusher) || slot(flusher).victim == NOTAG) return nullptr;
        return let_go(slot(slot(flusher).victim));
    }

    /// True while `flusher` is the unanswered Tflush of `old`.
    bool flushing(Tag flusher, Tag old) const {
        return outstanding(flusher) && slots_[number(flusher)].victim == old && in_use(old) &&
               slots_[number(old)].flusher == flusher;
    }

    /// Takes note of a reply. After an answer that breaks the protocol the table is not to be used further.
    Answer on_reply(Tag tag, u8 type) {
        if (!in_use(tag)) return {Meaning::unknown_tag};
        Slot& s = slot(tag);
        if (!is_error(type) && type != s.type + 1) return {Meaning::mismatched, s.owner, s.type};
        if (s.victim != NOTAG) return on_flush_reply(tag, type);
        if (s.answered) return {Meaning::repeated, nullptr, s.type};
        const Answer answer{Meaning::reply, let_go(s), s.type, s.fid};
        if (s.flusher == NOTAG)
            release(tag);
        else
            s.answered = true;
        return answer;
    }

    /// Every owner that still waits; the table is empty afterwards.
    std::vector<Owner*> drain() {
        std::vector<Owner*> owners;
        for (Slot& s : slots_)
            if (s.in_use && s.owner != nullptr) owners.push_back(s.owner);
        slots_.clear();
        free_.clear();
        owned_ = 0;
        return owners;
    }

    /// True until the request of `tag` is answered, or its flush.
    bool outstanding(Tag tag) const { return in_use(tag) && !slots_[number(tag)].answered; }
    u8 type_of(Tag tag) const { return slots_[number(tag)].type; }
    /// Tags that are taken, those kept for an Rflush included.
    std::size_t taken() const { return slots_.size() - free_.size(); }
    /// Those of them whose answer nobody waits for: clunks, flushes, requests that were given up.
    std::size_t unattended() const { return taken() - owned_; }

private:
    struct Slot {
        Owner* owner = nullptr;
        Fid fid = NOFID;
        Tag victim = NOTAG;   // in a Tflush's slot: the tag that it flushes
        Tag flusher = NOTAG;  // in a request's slot: the Tflush under way for it; until its Rflush the tag is not free
        u8 type = 0;
        bool in_use = false;
        bool answered = false;  // replied to while a flush is under way
    };

    bool in_use(Tag tag) const { return number(tag) < slots_.size() && slots_[number(tag)].in_use; }
    Slot& slot(Tag tag) { return slots_[number(tag)]; }
    Owner* let_go(Slot& s) {
        if (s.owner != nullptr) --owned_;
        return std::exchange(s.owner, nullptr);
    }
    void release(Tag tag) {
        let_go(slot(tag));
        slot(tag) = Slot{};
        free_.push_back(tag);
    }

    Answer on_flush_reply(Tag flusher, u8 type) {
        const Tag old = slot(flusher).victim;
        release(flusher);
        Slot& s = slot(old);
        s.flusher = NOTAG;
        Owner* const owner = let_go(s);
        const Answer answer{is_error(type) ? Meaning::flush_refused : Meaning::flushed, owner, s.type, s.fid};
        // A refused flush leaves the request outstanding; everything else settles it.
        if (!is_error(type) || s.answered) release(old);
        return answer;
    }

    std::vector<Slot> slots_;
    std::size_t owned_ = 0;  // slots with an owner
    std::vector<Tag> free_;  // last in, first out keeps the table small
};

}  // namespace p9
