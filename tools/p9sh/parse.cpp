#include "tools/p9sh/parse.hpp"

#include <algorithm>
#include <cerrno>

namespace p9::tools {
namespace {

/// What ends a word unless it is quoted. & and < have no meaning here, and are refused instead of sent as names.
constexpr std::string_view operators = ";|>&<";

Error wrong(std::string words) { return Error::from_errno(EINVAL, std::move(words)); }

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// True if the '>' at `at` belongs to a number before it: "2>".
bool redirects_number(std::string_view line, std::size_t at, const Statement& statement) {
    if (statement.words.empty()) return false;
    const Word& last = statement.words.back();
    return last.begin + last.text.size() == at && line.substr(last.begin, last.text.size()) == last.text &&
           std::ranges::all_of(last.text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Where the part for /bin/sh that begins at `at` ends: at a ';' that is not quoted, or with the line. What follows is
/// ours again: `ls > out; rm x` is not to remove a local file.
std::size_t end_of_local(std::string_view line, std::size_t at) {
    while (scan_word(line, at, ";")) {
    }
    return at < line.size() && line[at] == ';' ? at : line.size();
}

/// The command for /bin/sh that the operator at `at` of `line` begins, to its end.
Result<std::string> local_part(std::string_view line, std::size_t at, const Statement& statement) {
    const char kind = line[at];
    if (statement.words.empty()) return wrong(std::string("no command before ") + kind);
    if (kind == '>' && redirects_number(line, at, statement))
        return wrong("only standard output can be sent elsewhere: a number before > is not understood");
    const std::string_view rest = trimmed(line.substr(at + 1));
    if (rest.empty() || (kind == '>' && rest == ">"))
        return wrong(std::string("nothing after ") + kind +
                     (kind == '|' ? "; a command is expected" : "; a file is expected"));
    if (kind == '|' && rest.starts_with('|')) return wrong("|| is not understood; a script ends at its first error");
    if (kind == '|') return std::string(rest);
    // cat(1) opens the file as the user's shell understands its name, and what follows that is the shell's as well.
    return "cat " + std::string(line.substr(at));
}

}  // namespace

Result<std::vector<Statement>> parse_line(std::string_view line) {
    if (line.find('\0') != line.npos) return wrong("a NUL byte: this is no text");
    if (line.size() > LONGEST_LINE) return wrong("longer than 1 MiB: this is no line of commands");
    std::vector<Statement> all;
    std::size_t at = 0;
    for (;;) {
        Statement statement;
        while (auto word = scan_word(line, at, operators)) {
            if (statement.words.empty() && line[word->begin] == '!') {
                statement.local = trimmed(line.substr(word->begin + 1));
                if (statement.local.empty()) return wrong("nothing after !; a command of this machine is expected");
                all.push_back(std::move(statement));
                return all;
            }
            if (word->open != 0) return unfinished(*word);
            statement.words.push_back(std::move(*word));
        }
        const bool over = at == line.size() || line[at] == '#';
        if (over || line[at] == ';') {
            if (!statement.words.empty()) all.push_back(std::move(statement));
            if (over) return all;
            ++at;
            continue;
        }
        if (line[at] == '&') return wrong("& is not understood: write '&' if it is part of a name");
        if (line[at] == '<') return wrong("< is not understood: put copies a local file to the server");
        const std::size_t end = end_of_local(line, at);
        auto local = local_part(line.substr(0, end), at, statement);
        if (!local) return local.error();
        statement.local = std::move(*local);
        all.push_back(std::move(statement));
        if (end == line.size()) return all;
        at = end + 1;
    }
}

std::vector<std::string_view> lines_of_script(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text = end == text.npos ? std::string_view() : text.substr(end + 1);
    }
    return lines;
}

}  // namespace p9::tools
