// Messages made by hand, from words such as `Twalk fid=1 newfid=9 names=usr,bin`.
//
// Which messages and fields there are follows from their declarations (messages.hpp). Beside the fields, any message
// takes tag=, size= and type= for its header, bytes=HEX in place of its fields, more=HEX behind them, and dialect=NAME.
// Nothing is checked that a server should check. Free functions without state.
#pragma once

#include "p9/error.hpp"
#include "p9/wire.hpp"
#include "tools/words.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

/// What fields have that are not named.
struct RawDefaults {
    Dialect dialect = Dialect::linux_;
    Tag tag{};
    u32 msize = 0;
    std::string uname;
    std::string aname;
    u32 n_uname = NONUNAME;
};

/// The frame that `words` describe. EINVAL with words if they describe none.
Result<ByteVector> build_message(std::span<const Word> words, const RawDefaults& defaults);
/// True if `words` describe a Tversion.
bool is_version(std::span<const Word> words);

/// The names of all messages, T-messages first.
std::vector<std::string> message_names();
/// What can stand before '=' in a message of this name: its fields in any dialect, then what every message takes.
std::vector<std::string> keys_of_message(std::string_view message);

/// Bytes as lines of hexadecimal digits and characters.
std::string hex_lines(Bytes bytes);

}  // namespace p9::tools
