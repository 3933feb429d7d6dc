#include "tools/words.hpp"

#include "p9/trace.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

namespace p9::tools {
namespace {

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool breaks_word(char c) { return static_cast<u8>(c) <= ' ' || c == 0x7f; }

Error expected(std::string words) { return Error::from_errno(EINVAL, std::move(words)); }

/// What a pattern gives a meaning to (pattern.cpp), within its sets too.
constexpr std::string_view pattern_characters = "*?[]\\-!^";

/// Reads one word.
class WordScanner {
public:
    WordScanner(std::string_view line, std::size_t& at) : line_(line), at_(at) { word_.begin = at; }

    Word scan(std::string_view stops) {
        while (at_ < line_.size() && word_.open == 0) {
            const char c = line_[at_];
            if (blank(c) || stops.find(c) != stops.npos) break;
            ++at_;
            if (c == '\'') {
                take_single();
            } else if (c == '"') {
                take_double();
            } else if (c == '$' && at_ < line_.size() && line_[at_] == '\'') {
                ++at_;
                take_escapes();
            } else if (c == '\\') {
                take_backslash();
            } else {
                word_.text += c;
                word_.pattern += c;
                word_.globs = word_.globs || c == '*' || c == '?' || c == '[';
            }
        }
        return std::move(word_);
    }

private:
    void add_quoted(char c) {
        word_.text += c;
        if (pattern_characters.find(c) != pattern_characters.npos) word_.pattern += '\\';
        word_.pattern += c;
    }
    bool ended() const { return at_ == line_.size(); }

    void take_backslash() {
        if (ended())
            word_.open = '\\';
        else
            add_quoted(line_[at_++]);
    }
    void take_single() {
        for (; !ended(); ++at_) {
            if (line_[at_] == '\'') return void(++at_);
            add_quoted(line_[at_]);
        }
        word_.open = '\'';
    }
    void take_double() {
        for (; !ended(); ++at_) {
            if (line_[at_] == '"') return void(++at_);
            // As in sh(1): within "..." a backslash stands for itself except before these.
            if (line_[at_] == '\\' && at_ + 1 < line_.size() &&
                std::string_view("\"\\$`").find(line_[at_ + 1]) != std::string_view::npos)
                ++at_;
            add_quoted(line_[at_]);
        }
        word_.open = '"';
    }
    void take_escapes() {
        while (!ended()) {
            const char c = line_[at_++];
            if (c == '\'') return;
            if (c != '\\' || ended())
                add_quoted(c);
            else
                take_escape(line_[at_++]);
        }
        word_.open = '$';
    }
    void take_escape(char c) {
        if (c == 'n') return add_quoted('\n');
        if (c == 't') return add_quoted('\t');
        if (c == 'r') return add_quoted('\r');
        if (c == 'e') return add_quoted('\x1b');
        if (c != 'x') return add_quoted(c);
        unsigned value = 0;
        const auto rest = line_.substr(at_, 2);
        const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), value, 16);
        if (failure != std::errc()) return add_quoted(c);
        at_ += static_cast<std::size_t>(end - rest.data());
        add_quoted(static_cast<char>(value));
    }

    std::string_view line_;
    std::size_t& at_;
    Word word_;
};

/// How many characters must be added, taken away, changed or swapped with their neighbour.
std::size_t edits(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            const std::size_t change = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[a.size()][b.size()];
}

}  // namespace

std::optional<Word> scan_word(std::string_view line, std::size_t& at, std::string_view stops) {
    while (at < line.size() && blank(line[at])) ++at;
    if (at == line.size() || line[at] == '#' || stops.find(line[at]) != stops.npos) return std::nullopt;
    return WordScanner(line, at).scan(stops);
}

Error unfinished(const Word& word) {
    if (word.open == '\\') return expected("a backslash at the end of the line; a command is one line");
    return expected(std::string("a quote ") + (word.open == '$' ? "$'" : std::string(1, word.open)) +
                    " without its end");
}

Result<std::vector<std::string>> split_words(std::string_view line) {
    if (line.find('\0') != line.npos) return expected("a line holds a NUL byte");
    std::vector<std::string> words;
    std::size_t at = 0;
    while (auto word = scan_word(line, at, "")) {
        if (word->open != 0) return unfinished(*word);
        words.push_back(std::move(word->text));
    }
    return words;
}

Result<void> check_word(std::string_view what, std::string_view text) {
    if (text.empty()) return expected(std::string(what) + " is empty");
    if (std::ranges::any_of(text, breaks_word))
        return expected(std::string(what) + " must be one word without blanks, not \"" + escaped(text) + '"');
    return {};
}

Result<void> check_server(std::string_view text) {
    if (auto word = check_word("SERVER", text); !word) return word;
    if (text == "." || text == ".." || text.find('/') != text.npos || text.size() > 255)
        return expected("SERVER must be a server's name or number, not \"" + escaped(text) + '"');
    return {};
}

Result<u64> parse_c_number(std::string_view what, std::string_view text, u64 most) {
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    const std::string_view digits = hexadecimal ? text.substr(2) : text;
    u64 value = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, hexadecimal ? 16 : 10);
    // What C takes for octal hardly anybody means: it is refused, so that it is not taken for something else.
    const bool octal = !hexadecimal && digits.size() > 1 && digits.front() == '0';
    const bool whole = !digits.empty() && end == digits.data() + digits.size();
    if (octal || !whole || failure == std::errc::invalid_argument)
        return expected(std::string(what) + ": expected a number such as 42 or 0x2a, not \"" + escaped(text) + '"');
    if (failure == std::errc::result_out_of_range || value > most)
        return expected(std::string(what) + ": expected at most " + hex(most) + ", not " + std::string(text));
    return value;
}

std::string hex(u64 value, int digits) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%0*llx", digits, static_cast<unsigned long long>(value));
    return text;
}

std::string counted_bytes(u64 count) { return std::to_string(count) + (count == 1 ? " byte" : " bytes"); }

std::string joined(const std::vector<std::string>& words, std::size_t first) {
    std::string text;
    for (std::size_t i = first; i < words.size(); ++i) {
        if (i != first) text += ' ';
        text += words[i];
    }
    return text;
}

std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    std::string_view best;
    std::size_t fewest = 3;
    if (word.size() > 40) return {};
    for (const auto candidate : candidates) {
        // Of three letters two may not differ: that would be another word.
        const std::size_t n = edits(word, candidate);
        if (n >= fewest || n * 2 > std::max(word.size(), candidate.size())) continue;
        best = candidate;
        fewest = n;
    }
    return std::string(best);
}

}  // namespace p9::tools
