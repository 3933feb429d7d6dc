// Bytes to frames: cuts a stream into 9P messages by their size[4], and decides where bytes are read to.
//
// Sans-IO: it opens nothing and waits for nothing. One owner, one thread. Its promise is that nothing is
// allocated on the word of a server beyond max_message, that a large message is read straight into the memory in
// which it is handed out, and that small ones are handed out where they landed.
#pragma once

#include "p9/error.hpp"
#include "p9/frame.hpp"

#include <array>
#include <optional>
#include <span>

namespace p9 {

class Framer {
public:
    /// What an end accepts before an msize is agreed on.
    static constexpr u32 DEFAULT_MAX = 8192;
    /// Memory for messages that are handed out where they landed.
    static constexpr std::size_t STAGING = 64 * 1024;
    /// Messages above this size get memory of their own if they are not staged whole.
    static constexpr std::size_t LARGE = 8 * 1024;
    /// How much is read beyond the end of a large message: what lands there of the next one is copied once.
    static constexpr std::size_t OVERSHOOT = 4 * 1024;

    /// Where the next bytes go, in this order; the second piece may be empty, the first is not.
    using Space = std::array<std::span<u8>, 2>;

    /// The largest message that is accepted from now on, in bytes.
    void max_message(u32 bytes) { max_ = bytes; }

    /// If `above` is not 0, next() hands out a message of which more than `above` bytes are missing without them.
    void begin_only(std::size_t above) { begin_only_ = above; }
    /// Bytes of the message that was handed out last which do not come by space(): `took` says that they were read
    /// elsewhere, and until they all were nothing else may be called.
    std::size_t rest() const { return rest_; }
    void took(std::size_t bytes) { rest_ -= bytes; }

    /// Memory to read into. Ends the life of frames that borrow.
    Space space();
    /// Says that the first `count` bytes of the last space() have come.
    void advance(std::size_t count);
    /// The next whole message, or nothing if more bytes are needed. Small ones are borrowed until the next space().
    /// Fails with errc::protocol_violation for an impossible size; then every further call fails too. What begins as
    /// telnet does is errc::connection_failed: no other try will find a 9P server there.
    Result<std::optional<Frame>> next();
    /// True if next() has a message or an error to give.
    bool ready() const;
    /// True if a message has begun and is not whole.
    bool mid_message() const { return !large_.empty() || end_ > begin_; }
    /// What has come of messages that are not handed out. Valid until the next call of any kind.
    Bytes unfinished() const {
        return large_.empty() ? Bytes(staging_.data() + begin_, staged()) : Bytes(large_.data(), filled_);
    }

private:
    std::size_t staged() const { return end_ - begin_; }
    u32 staged_size() const;

    Buffer staging_;         // allocated at the first use
    std::size_t begin_ = 0;  // staged bytes not handed out yet: [begin_, end_)
    std::size_t end_ = 0;
    Buffer large_;  // the large message under way, of its final size
    std::size_t filled_ = 0;
    u32 max_ = DEFAULT_MAX;
    std::size_t begin_only_ = 0;
    std::size_t rest_ = 0;
    std::size_t wanted_ = 0;        // size of the staged message that is not whole; 0 if not known
    std::size_t small_in_row_ = 4;  // small messages since the last large one
};

}  // namespace p9
