// Words and numbers as p9ctl and p9sh take them: from a line, and as operands of their commands.
//
// Plain functions and values; errors are EINVAL with words that say what was expected.
#pragma once

#include "p9/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

/// A word of a line.
struct Word {
    std::string text;       ///< without its quotes
    std::string pattern;    ///< the same as a pattern (glob.hpp): what was quoted has no meaning in it
    bool globs = false;     ///< a pattern character stands in it unquoted
    std::size_t begin = 0;  ///< where in the line, its quote included
    /// The quote that the line ends in: ' or ", $ for $'...', or a backslash with nothing behind it; else 0.
    char open = 0;

    Word() = default;
    /// A word that stands for itself.
    explicit Word(std::string plain) : text(std::move(plain)) {}
};

/// The next word of `line` from `at` on, which moves behind it: quoted as sh(1) has it, with '...', "..." and
/// backslash, and as bash has it with $'...', where \n, \t, \\, \' and \xHH stand for such bytes. A # at the beginning
/// of a word begins a comment. Nothing, and `at` behind the blanks, at the end, a comment, or one of `stops` that is
/// not quoted; those end a word, too.
std::optional<Word> scan_word(std::string_view line, std::size_t& at, std::string_view stops);
/// What is wrong with a word that is `open`.
Error unfinished(const Word& word);

/// The words of `line` as `scan_word` finds them. Nothing is expanded.
Result<std::vector<std::string>> split_words(std::string_view line);

/// Refuses what could not be one word of a ctl command: nothing at all, blanks, control characters. `what` names it.
Result<void> check_word(std::string_view what, std::string_view text);
/// Refuses what could not be a server's name or number in a path as well: "/", "." and "..".
Result<void> check_server(std::string_view text);

/// The number that `text` spells, decimal or hexadecimal after 0x, at most `most`. `what` names it.
Result<u64> parse_c_number(std::string_view what, std::string_view text, u64 most);

/// `value` as 0x and at least `digits` hexadecimal digits.
std::string hex(u64 value, int digits = 1);

/// "1 byte", "12 bytes".
std::string counted_bytes(u64 count);

/// The words from `first` on with a blank between them.
std::string joined(const std::vector<std::string>& words, std::size_t first);

/// The one of `candidates` that `word` is probably meant to be; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace p9::tools
