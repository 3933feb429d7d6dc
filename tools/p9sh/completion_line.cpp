// What the end of a line is part of, and text that fits into it.
#include "tools/p9sh/completion.hpp"

#include "p9/trace.hpp"

#include <algorithm>
#include <cstdio>

namespace p9::tools {
namespace {

constexpr std::string_view operators = ";|>&<";

/// The words of the last statement of a line.
struct LastStatement {
    std::vector<Word> words;  // the last one is being typed; it may be empty
    bool local = false;       // for /bin/sh
};

LastStatement last_statement(std::string_view line) {
    LastStatement last;
    std::size_t at = 0;
    bool rest_is_local = false;  // behind ! even a ; is for /bin/sh
    for (;;) {
        auto word = scan_word(line, at, operators);
        if (word && last.words.empty() && !last.local && line[word->begin] == '!') {
            last.local = rest_is_local = true;
            at = word->begin + 1;
            continue;
        }
        if (word) {
            const bool touches_end = at == line.size();
            last.words.push_back(std::move(*word));
            if (touches_end) return last;
            continue;
        }
        if (at < line.size() && line[at] != '#') {
            // Behind | and > everything up to a ; is for /bin/sh, whose own operators begin new words all the same.
            last.local = line[at] == ';' ? rest_is_local : last.local || line[at] == '|' || line[at] == '>';
            last.words.clear();
            ++at;
            continue;
        }
        Word empty;
        empty.begin = line.size();
        last.words.push_back(std::move(empty));
        return last;
    }
}

bool is_flag(const Word& word) { return word.text.size() > 1 && word.text[0] == '-'; }

/// What operand number `index` of a command is; operands before it are counted without flags.
Operand operand_at(const Command& command, std::size_t index) {
    switch (command.operand) {
        case Operand::remote_then_local:
            return index == 0 ? Operand::remote : Operand::local;
        case Operand::local_then_remote:
            return index == 0 ? Operand::local : Operand::remote;
        case Operand::path_then_text:
            return index == 0 ? Operand::remote : Operand::none;
        case Operand::on_off:
            return index == 0 ? Operand::on_off : Operand::local;
        case Operand::command:
            return index == 0 ? Operand::command : Operand::none;
        default:
            return command.operand;
    }
}

std::string common_start(const std::vector<Candidate>& candidates) {
    std::string_view common = candidates[0].text;
    for (const auto& each : candidates) {
        const auto [end, other] = std::ranges::mismatch(common, each.text);
        common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
    }
    // Half a character of UTF-8 is none: what goes on in the middle of one is taken back.
    std::size_t n = common.size();
    const auto continues = [](char c) { return (static_cast<u8>(c) & 0xc0) == 0x80; };
    if (n < candidates[0].text.size() && continues(candidates[0].text[n])) {
        while (n > 0 && continues(common[n - 1])) --n;
        if (n > 0) --n;
    }
    return std::string(common.substr(0, n));
}

/// True if `text` can be typed: no control characters and nothing that is no UTF-8.
bool is_plain(std::string_view text) {
    std::string without_backslash(text);
    std::erase(without_backslash, '\\');
    return escaped(without_backslash) == without_backslash;
}

}  // namespace

Place place_in_line(std::string_view line) {
    LastStatement last = last_statement(line);
    Place place;
    place.word = last.words.back();
    if (last.local) {
        place.operand = Operand::local;
        return place;
    }
    last.words.pop_back();
    auto words = std::span<const Word>(last.words);
    const Command* command = nullptr;
    std::size_t index = 0;
    for (;;) {
        if (words.empty()) {
            place.operand = Operand::command;
            return place;
        }
        command = find_command(words[0].text);
        if (command == nullptr) return place;
        // A flag's value is no operand; which flags have one the command's table tells.
        std::size_t i = 1;
        std::vector<std::size_t> operands;
        for (; i < words.size(); ++i) {
            if (!is_flag(words[i])) {
                operands.push_back(i);
                continue;
            }
            const char letter = words[i].text.back();
            const auto known = command->flags.find(letter);
            const bool takes_value = known != std::string_view::npos && known + 1 < command->flags.size() &&
                                     std::string_view(":#%").find(command->flags[known + 1]) != std::string_view::npos;
            if (takes_value && i + 1 == words.size()) return place;
            if (takes_value) ++i;
        }
        index = operands.size();
        if (command->run != run_watch || operands.empty()) {
            if (command->operand == Operand::message && index > 0) place.message = words[operands[0]].text;
            break;
        }
        words = words.subspan(operands[0]);
    }
    if (is_flag(place.word) && command->operand != Operand::message) return place;
    place.operand = operand_at(*command, index);
    return place;
}

std::string quoted(std::string_view text, char open, bool closed) {
    std::string out;
    if (open == '$' || !is_plain(text)) {
        out = "$'";
        for (const char c : text) {
            if (c == '\'' || c == '\\') out += '\\';
            if (static_cast<u8>(c) >= 0x20 && static_cast<u8>(c) < 0x7f) {
                out += c;
                continue;
            }
            char hex[8];
            std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<u8>(c));
            out += hex;
        }
        // What follows would be typed outside of the quotes: a directory goes on there.
        return out + "'";
    }
    if (open == '\'') {
        out = "'";
        for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
        return out + (closed ? "'" : "");
    }
    if (open == '"') {
        out = "\"";
        for (const char c : text) {
            if (std::string_view("\"\\$`").find(c) != std::string_view::npos) out += '\\';
            out += c;
        }
        return out + (closed ? "\"" : "");
    }
    static constexpr std::string_view special = " \t\"'\\$;|>&<*?[]#!";
    for (const char c : text) {
        // # and ! have a meaning at the beginning of a word only.
        const bool plain = (c == '#' || c == '!') && !out.empty();
        if (!plain && special.find(c) != special.npos) out += '\\';
        out += c;
    }
    return out;
}

Completion completed(const Word& word, std::vector<Candidate> candidates) {
    Completion completion;
    completion.begin = word.begin;
    if (candidates.empty()) return completion;
    std::ranges::sort(candidates, {}, &Candidate::text);
    const bool single = candidates.size() == 1;
    const bool closed = single && !candidates[0].goes_on;
    const char open = word.open == '\\' ? '\0' : word.open;
    completion.replacement = quoted(single ? candidates[0].text : common_start(candidates), open, closed);
    if (closed) completion.replacement += ' ';
    for (auto& each : candidates) completion.shown.push_back(std::move(each.shown));
    return completion;
}

}  // namespace p9::tools
