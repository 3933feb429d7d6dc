// The flags and operands of a command of p9sh.
//
// Flags are single letters, as in getopt(3): they may stand together, and a value stands in the same word or is the
// next. Plain values; errors are EINVAL with words.
#pragma once

#include "p9/error.hpp"
#include "p9/task.hpp"
#include "tools/words.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

/// How many operands a command takes.
struct Count {
    std::size_t least = 0;
    std::size_t most = 0;
};
inline constexpr std::size_t ANY_NUMBER = static_cast<std::size_t>(-1);

class Arguments {
public:
    std::vector<Word> operands;

    bool has(char flag) const { return values_.contains(flag); }
    /// The value of the last occurrence, or nullptr.
    const std::string* value(char flag) const;
    /// The same as a number or a time; they have been checked.
    std::optional<u64> number(char flag) const;
    std::optional<Duration> seconds(char flag) const;
    /// All letters that were given.
    std::string flags() const;
    /// The text of an operand.
    const std::string& text(std::size_t i) const { return operands[i].text; }
    /// The operands from `first` on with a blank between them.
    std::string joined(std::size_t first) const;

private:
    friend Result<Arguments> parse_arguments(std::span<const Word>, std::string_view, Count);
    std::map<char, std::string> values_;
};

/// Takes the words behind a command's name apart. `flags` lists its letters, each with ':' behind it if it takes
/// a text, '#' for a number (K, M, G behind it allowed), '%' for seconds. With "+" before them they end at the first
/// operand; "*" means that the command looks at all words itself.
Result<Arguments> parse_arguments(std::span<const Word> words, std::string_view flags, Count count);

}  // namespace p9::tools
