#include "transports/framer.hpp"

#include <algorithm>
#include <cstring>

namespace p9 {
namespace {

// So many small messages without a large one, and reads take all the staging memory again.
constexpr std::size_t CALM = 4;

// A telnet server begins with IAC WILL or IAC DO (RFC 854) and an option, and then the next IAC.
constexpr bool is_telnet(u32 first) {
    const u32 command = first >> 8 & 0xff;
    return (first & 0xff0000ff) == 0xff0000ff && command >= 0xfb && command <= 0xfe;
}

}  // namespace

Framer::Space Framer::space() {
    if (staging_.empty()) staging_ = Buffer(STAGING);
    if (begin_ > 0) {
        // Only the beginning of one message is ever left here: all whole ones are handed out before more is read.
        std::memmove(staging_.data(), staging_.data() + begin_, staged());
        end_ -= begin_;
        begin_ = 0;
    }
    if (!large_.empty()) {
        return {std::span(large_.data() + filled_, large_.size() - filled_),
                std::span(staging_.data() + end_, OVERSHOOT - end_)};
    }
    const std::size_t missing = wanted_ > end_ ? wanted_ - end_ : 0;
    const std::size_t most = small_in_row_ < CALM ? std::max(OVERSHOOT, missing) : STAGING;
    return {std::span(staging_.data() + end_, std::min(most, STAGING - end_)), {}};
}

void Framer::advance(std::size_t count) {
    const std::size_t to_large = std::min(count, large_.size() - filled_);  // both are 0 if there is none
    filled_ += to_large;
    end_ += count - to_large;
}

// size[4] of the message that stands first in the staging memory, where at least four bytes are.
u32 Framer::staged_size() const {
    const u8* const b = staging_.data() + begin_;
    return b[0] | b[1] << 8 | b[2] << 16 | static_cast<u32>(b[3]) << 24;
}

bool Framer::ready() const {
    if (!large_.empty()) return filled_ == large_.size();
    if (staged() < 4) return false;
    const u32 size = staged_size();
    const bool begun = begin_only_ != 0 && staged() >= HEADER_SIZE && size > staged() + begin_only_;
    return size < HEADER_SIZE || size > max_ || size <= staged() || begun;
}

Result<std::optional<Frame>> Framer::next() {
    if (!large_.empty()) {
        if (filled_ < large_.size()) return std::optional<Frame>{};
        filled_ = 0;
        return std::optional<Frame>(std::in_place, std::move(large_));
    }
    wanted_ = 0;
    if (staged() < 4) return std::optional<Frame>{};
    const u8* const bytes = staging_.data() + begin_;
    const u32 size = staged_size();
    if (size < HEADER_SIZE) {
        return Error(errc::protocol_violation,
                     "a message of " + std::to_string(size) + " bytes is shorter than its header");
    }
    if (size > max_) {
        if (is_telnet(size)) {
            return Error(errc::connection_failed,
                         "the other end speaks telnet: start QEMU's chardev without telnet=on");
        }
        return Error(errc::protocol_violation, "a message of " + std::to_string(size) + " bytes; at most " +
                                                   std::to_string(max_) + " were agreed on");
    }
    if (size > LARGE) small_in_row_ = 0;
    if (staged() >= size) {
        begin_ += size;
        if (size <= LARGE && small_in_row_ < CALM) ++small_in_row_;
        return std::optional<Frame>(std::in_place, Bytes(bytes, size));
    }
    if (begin_only_ != 0 && size - staged() > begin_only_) {
        if (staged() < HEADER_SIZE) return std::optional<Frame>{};
        rest_ = size - staged();
        begin_ = end_;
        return std::optional<Frame>(std::in_place, Bytes(bytes, size - rest_));
    }
    if (size > LARGE) {
        large_ = Buffer(size);
        filled_ = staged();
        std::memcpy(large_.data(), bytes, filled_);
        begin_ = end_ = 0;
    } else {
        wanted_ = size;
    }
    return std::optional<Frame>{};
}

}  // namespace p9
