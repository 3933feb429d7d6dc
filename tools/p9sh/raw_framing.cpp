#include "tools/p9sh/raw_framing.hpp"

#include "p9/wire.hpp"
#include "tools/words.hpp"

#include <algorithm>

namespace p9::tools {

void RawFraming::sent(Bytes bytes) {
    while (!bytes.empty() && !lost_) {
        if (missing_ > 0) {
            const auto taken = static_cast<std::size_t>(std::min<u64>(missing_, bytes.size()));
            missing_ -= taken;
            bytes = bytes.subspan(taken);
            continue;
        }
        if (begun_ == 0) size_ = 0;
        size_ |= static_cast<u32>(bytes[0]) << (8 * begun_);
        bytes = bytes.subspan(1);
        if (++begun_ < 4) continue;
        begun_ = 0;
        lost_ = size_ < HEADER_SIZE;
        if (!lost_) missing_ = size_ - 4;
    }
}

std::string RawFraming::words() const {
    if (lost_) return "was sent a size of " + std::to_string(size_) + ", which is less than a header";
    if (missing_ > 0)
        return "still waits for " + counted_bytes(missing_) + " of a message that said size=" + std::to_string(size_);
    if (begun_ > 0) return "takes " + counted_bytes(begun_) + " of an earlier message for the beginning of the next";
    return {};
}

std::string wrong_size(Bytes frame) {
    const u64 size = header_of(frame).size;
    if (size == frame.size()) return {};
    const std::string claim = "size=" + std::to_string(size) + " is not the " + counted_bytes(frame.size()) + " sent: ";
    if (size < HEADER_SIZE) return claim + "less than a header; most servers hang up";
    if (size > frame.size())
        return claim + "the server waits for " + std::to_string(size - frame.size()) +
               " more, and takes them from the next message";
    return claim + "the server takes the last " + counted_bytes(frame.size() - size) +
           " for the beginning of another message";
}

}  // namespace p9::tools
