#include "tools/glob.hpp"

namespace p9::tools {
namespace {

/// One character: a UTF-8 sequence, or a byte that begins none.
std::size_t character_length(std::string_view text) {
    const auto lead = static_cast<u8>(text[0]);
    const std::size_t n = lead >> 5 == 0x6 ? 2 : lead >> 4 == 0xe ? 3 : lead >> 3 == 0x1e ? 4 : 1;
    if (n > text.size()) return 1;
    for (std::size_t i = 1; i < n; ++i) {
        if (static_cast<u8>(text[i]) >> 6 != 0x2) return 1;
    }
    return n;
}

std::string_view take_character(std::string_view& text) {
    const auto character = text.substr(0, character_length(text));
    text.remove_prefix(character.size());
    return character;
}

/// A set as in "[a-z]", with `pattern` standing behind its '['. Nothing if it is not closed: then '[' is itself.
std::optional<bool> matches_set(std::string_view& pattern, std::string_view character) {
    std::string_view rest = pattern;
    bool negated = false;
    if (!rest.empty() && (rest[0] == '!' || rest[0] == '^')) {
        negated = true;
        rest.remove_prefix(1);
    }
    bool in_set = false;
    // A ']' at the very beginning is a member.
    for (bool first = true; !rest.empty(); first = false) {
        if (rest[0] == ']' && !first) {
            pattern = rest.substr(1);
            return in_set != negated;
        }
        if (rest[0] == '\\' && rest.size() > 1) rest.remove_prefix(1);
        const auto low = take_character(rest);
        auto high = low;
        if (rest.size() > 1 && rest[0] == '-' && rest[1] != ']') {
            rest.remove_prefix(1);
            if (rest[0] == '\\' && rest.size() > 1) rest.remove_prefix(1);
            high = take_character(rest);
        }
        // UTF-8 sorts by code point, so that the bytes of single characters can be compared.
        in_set = in_set || (character >= low && character <= high);
    }
    return std::nullopt;
}

/// Takes one element off `pattern` and one character off `name` if they match.
bool match_one(std::string_view& pattern, std::string_view& name) {
    std::string_view rest = pattern;
    const char kind = rest[0];
    std::string_view after = name;
    const auto character = take_character(after);
    if (kind == '[') {
        rest.remove_prefix(1);
        const auto in_set = matches_set(rest, character);
        if (in_set) {
            if (!*in_set) return false;
            pattern = rest;
            name = after;
            return true;
        }
        rest = pattern;
    }
    if (kind == '\\' && rest.size() > 1) rest.remove_prefix(1);
    const auto wanted = take_character(rest);
    if (kind != '?' && wanted != character) return false;
    pattern = rest;
    name = after;
    return true;
}

}  // namespace

bool has_pattern(std::string_view path) {
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] == '\\') {
            ++i;
        } else if (path[i] == '*' || path[i] == '?' || path[i] == '[') {
            return true;
        }
    }
    return false;
}

std::string unescaped(std::string_view pattern) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
        out += pattern[i];
    }
    return out;
}

bool matches(std::string_view pattern, std::string_view name) {
    if (name.starts_with('.') && !pattern.starts_with('.') && !pattern.starts_with("\\.")) return false;
    // After a '*': where to go on if what follows it does not match here.
    std::optional<std::string_view> retry_pattern;
    std::string_view retry_name;
    for (;;) {
        if (!pattern.empty() && pattern[0] == '*') {
            pattern.remove_prefix(1);
            retry_pattern = pattern;
            retry_name = name;
        } else if (pattern.empty() && name.empty()) {
            return true;
        } else if (!pattern.empty() && !name.empty() && match_one(pattern, name)) {
            continue;
        } else {
            if (!retry_pattern || retry_name.empty()) return false;
            take_character(retry_name);
            pattern = *retry_pattern;
            name = retry_name;
        }
    }
}

}  // namespace p9::tools
