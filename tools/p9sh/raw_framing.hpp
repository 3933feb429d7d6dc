// Where a server stands in the stream of messages made by hand, whose sizes may be wrong.
//
// A stream has no marks between messages: a server that was told a wrong size takes the next message for a part of this
// one, or the end of this one for the beginning of the next. It then seems to hang, or answers oddly. This class reads
// the stream as the server does. Values, one thread.
#pragma once

#include "p9/frame.hpp"

#include <string>

namespace p9::tools {

/// What the server waits for, from what was sent to it.
class RawFraming {
public:
    /// These bytes were sent.
    void sent(Bytes bytes);
    /// True if a message may begin with what is sent next.
    bool in_step() const { return !lost_ && missing_ == 0 && begun_ == 0; }
    /// Where the server stands, in words that go on from "the server ..."; empty if in_step().
    std::string words() const;

private:
    u64 missing_ = 0;     // bytes of the message under way that the server waits for
    u32 size_ = 0;        // the last size[4], or what has come of it
    unsigned begun_ = 0;  // how many bytes of size[4] have come: less than 4
    bool lost_ = false;   // a size below a header's was sent: what servers make of that nobody knows
};

/// What is wrong with the size that `frame` claims, and what comes of it; empty if it is right.
std::string wrong_size(Bytes frame);

}  // namespace p9::tools
