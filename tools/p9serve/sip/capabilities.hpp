// What a server of the SIP tree may touch.
//
// Values only. A set of capabilities is a number with a bit for each.
#pragma once

#include "p9/error.hpp"

#include <string>
#include <string_view>

namespace p9::serve::sip {

/// One capability, or a set of them.
enum Capabilities : u32 {
    CAP_NONE = 0,
    CAP_FILESYSTEM = 1U << 0,
    CAP_DEVICE = 1U << 1,
    CAP_IOPORT = 1U << 2,
    CAP_INTERRUPT = 1U << 3,
    CAP_DMA = 1U << 4,
    CAP_NETWORK = 1U << 5,
    CAP_EXCHANGE = 1U << 6,
    CAP_ALL = (1U << 7) - 1,
};

constexpr Capabilities operator|(Capabilities a, Capabilities b) {
    return static_cast<Capabilities>(static_cast<u32>(a) | static_cast<u32>(b));
}
constexpr bool includes(Capabilities set, Capabilities wanted) { return (set & wanted) == wanted; }

/// The capability that `word` names, `all` included; EINVAL with the words that there are.
Result<Capabilities> parse_capability(std::string_view word);
/// A set written with commas or blanks between the words: "device,ioport"; "none" and nothing at all are the empty set.
Result<Capabilities> parse_capabilities(std::string_view list);
/// The names of all that `set` includes, a blank between them.
std::string capability_words(Capabilities set);
/// "permission denied: CapDeviceAccess required" (EACCES).
Error capability_required(Capabilities capability);

}  // namespace p9::serve::sip
