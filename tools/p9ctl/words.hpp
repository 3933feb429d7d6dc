// Words and numbers as p9ctl takes them: from a line of a batch, and as operands of its commands.
//
// Plain functions; errors are EINVAL with words that say what was expected.
#pragma once

#include "p9/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

/// The words of `line`, quoted as sh(1) has it: '...', "..." and backslash; a # at the beginning of a word begins a
/// comment. Nothing is expanded.
Result<std::vector<std::string>> split_words(std::string_view line);

/// Refuses what could not be one word of a ctl command: nothing at all, blanks, control characters. `what` names it.
Result<void> check_word(std::string_view what, std::string_view text);
/// Refuses what could not be a server's name or number in a path as well: "/", "." and "..".
Result<void> check_server(std::string_view text);

/// The number that `text` spells, decimal or hexadecimal after 0x, at most `most`. `what` names it.
Result<u64> parse_c_number(std::string_view what, std::string_view text, u64 most);

/// `value` as 0x and at least `digits` hexadecimal digits.
std::string hex(u64 value, int digits = 1);

/// The words from `first` on with a blank between them.
std::string joined(const std::vector<std::string>& words, std::size_t first);

/// The one of `candidates` that `word` is probably meant to be; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace p9::tools
