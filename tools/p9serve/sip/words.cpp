#include "tools/p9serve/sip/words.hpp"

#include "p9/trace.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

namespace p9::serve::sip {
namespace {

constexpr std::size_t LONGEST_NAME = 255;
constexpr std::size_t LONGEST_QUOTE = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

}  // namespace

Error invalid(std::string words) { return Error::from_errno(EINVAL, std::move(words)); }

Result<std::vector<std::string_view>> command_words(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    if (text.size() > MAX_COMMAND)
        return Error::from_errno(EMSGSIZE, "a command is at most " + std::to_string(MAX_COMMAND) + " bytes");
    if (text.find('\n') != text.npos) return invalid("one command a write: there is a second line");
    std::vector<std::string_view> words;
    while (true) {
        const auto start = text.find_first_not_of(" \t");
        if (start == text.npos) break;
        text.remove_prefix(start);
        const auto end = std::min(text.find_first_of(" \t"), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
        if (std::any_of(words.back().begin(), words.back().end(), is_control))
            return invalid("control characters in " + quoted(words.back()) + ": a command is plain text");
    }
    return words;
}

std::optional<u64> number_of_word(std::string_view word) {
    int base = 10;
    if (word.starts_with("0x") || word.starts_with("0X")) {
        word.remove_prefix(2);
        base = 16;
    }
    u64 value = 0;
    const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    if (failure != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return value;
}

std::string quoted(std::string_view word) {
    // The words may come to a terminal, whatever a client wrote.
    std::string text = '"' + escaped(word.substr(0, LONGEST_QUOTE));
    if (word.size() > LONGEST_QUOTE) text += "...";
    return text += '"';
}

std::string alternatives(const std::vector<std::string_view>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i != 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

std::string hexadecimal(u64 value, int digits) {
    char text[32];
    const int size = std::snprintf(text, sizeof text, "0x%0*llx", digits, static_cast<unsigned long long>(value));
    return {text, static_cast<std::size_t>(size)};
}

bool is_name(std::string_view word) {
    if (word.empty() || word.size() > LONGEST_NAME || word == "." || word == "..") return false;
    if (std::all_of(word.begin(), word.end(), is_digit)) return false;
    return std::all_of(word.begin(), word.end(),
                       [](char c) { return is_digit(c) || is_letter(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace p9::serve::sip
