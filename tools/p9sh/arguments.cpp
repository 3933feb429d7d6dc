#include "tools/p9sh/arguments.hpp"

#include "p9/trace.hpp"
#include "tools/options.hpp"

#include <cerrno>

namespace p9::tools {
namespace {

Error usage_error(std::string words) { return Error::from_errno(EINVAL, std::move(words)); }

bool takes_value(char kind) { return kind == ':' || kind == '#' || kind == '%'; }

std::optional<Error> check_value(char flag, char kind, const std::string& value) {
    if (kind == '#' && !parse_number(value, true))
        return usage_error(std::string("-") + flag + ": expected a number, not \"" + escaped(value) + '"');
    if (kind == '%' && !parse_seconds(value))
        return usage_error(std::string("-") + flag + ": expected a number of seconds, not \"" + escaped(value) + '"');
    return std::nullopt;
}

}  // namespace

const std::string* Arguments::value(char flag) const {
    const auto found = values_.find(flag);
    return found == values_.end() ? nullptr : &found->second;
}

std::optional<u64> Arguments::number(char flag) const {
    const std::string* text = value(flag);
    return text == nullptr ? std::nullopt : parse_number(*text, true);
}

std::optional<Duration> Arguments::seconds(char flag) const {
    const std::string* text = value(flag);
    return text == nullptr ? std::nullopt : parse_seconds(*text);
}

std::string Arguments::flags() const {
    std::string letters;
    for (const auto& [letter, text] : values_) letters += letter;
    return letters;
}

std::string Arguments::joined(std::size_t first) const {
    std::string text;
    for (std::size_t i = first; i < operands.size(); ++i) {
        if (i != first) text += ' ';
        text += operands[i].text;
    }
    return text;
}

Result<Arguments> parse_arguments(std::span<const Word> words, std::string_view flags, Count count) {
    Arguments arguments;
    bool flags_over = flags == "*";
    const bool first_operand_ends = flags.starts_with('+');
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i].text;
        if (flags_over || word.size() < 2 || word[0] != '-') {
            arguments.operands.push_back(words[i]);
            flags_over = flags_over || first_operand_ends;
            continue;
        }
        if (word == "--") {
            flags_over = true;
            continue;
        }
        for (std::size_t at = 1; at < word.size(); ++at) {
            const auto known = flags.find(word[at]);
            const std::string_view option = std::string_view(word).substr(at, 1);
            if (at == 1 && option == "-") return usage_error("unknown option " + escaped(word));
            if (known == flags.npos || takes_value(word[at]) || word[at] == '+')
                return usage_error("unknown option -" + escaped(option));
            const char kind = known + 1 < flags.size() ? flags[known + 1] : ' ';
            if (!takes_value(kind)) {
                arguments.values_[word[at]];
                continue;
            }
            std::string value = word.substr(at + 1);
            if (value.empty()) {
                if (++i == words.size()) return usage_error("-" + std::string(option) + " needs a value after it");
                value = words[i].text;
            }
            if (const auto bad = check_value(option[0], kind, value)) return *bad;
            arguments.values_[option[0]] = std::move(value);
            break;
        }
    }
    if (arguments.operands.size() < count.least)
        return usage_error(count.least == 1 ? "an operand is missing"
                                            : "expected " + std::to_string(count.least) + " operands, not " +
                                                  std::to_string(arguments.operands.size()));
    if (arguments.operands.size() > count.most)
        return usage_error("too many operands: \"" + escaped(arguments.operands[count.most].text) + "\" has no place");
    return arguments;
}

}  // namespace p9::tools
