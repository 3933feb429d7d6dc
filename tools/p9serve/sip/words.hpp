// Commands as text: words, numbers, and what an error message shows of them.
//
// Pure functions; views are into the text that was given.
#pragma once

#include "p9/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p9::serve::sip {

/// The largest command that is looked at.
inline constexpr std::size_t MAX_COMMAND = 4096;

/// The words of a command, split at blanks and tabs; newlines at its end are ignored. An empty command has no words.
/// EINVAL for a second line or bytes that no command has, EMSGSIZE for a text beyond MAX_COMMAND.
Result<std::vector<std::string_view>> command_words(std::string_view text);

/// An unsigned number, decimal, or hexadecimal after 0x.
std::optional<u64> number_of_word(std::string_view word);

/// `word` between quotation marks, fit for a message: escaped where it is not printable, and not too long.
std::string quoted(std::string_view word);

/// "a, b or c".
std::string alternatives(const std::vector<std::string_view>& words);

/// 0x and at least `digits` digits.
std::string hexadecimal(u64 value, int digits);

/// True for what may be a name of a server or a type: [A-Za-z0-9._-]+, at most 255 bytes, and neither a number nor "."
/// or "..", which lead elsewhere.
bool is_name(std::string_view word);

/// EINVAL with these words.
Error invalid(std::string words);

}  // namespace p9::serve::sip
