// Any text as a script of p9sh: what parses is well formed, what completion quotes is read back as it was, and a raw
// message is a frame whatever its words say.
#include "tools/p9sh/completion.hpp"
#include "tools/p9sh/raw_message.hpp"

#include "fuzz/require.hpp"

#include <cerrno>

using namespace p9;
using namespace p9::tools;

namespace {

/// A file name ends at the first NUL byte, and /bin/sh's words know none.
bool can_be_named(std::string_view text) { return !text.empty() && text.find('\0') == text.npos; }

void check_refusal(const Error& error) {
    fuzz::require(error.is_errno(EINVAL), "a refusal is EINVAL");
    fuzz::require(!error.message().empty(), "a refusal says what is wrong");
}

void check_quoting(const std::string& text) {
    if (!can_be_named(text)) return;
    for (const char open : {'\0', '\'', '"', '$'}) {
        const auto again = parse_line("cat " + quoted(text, open, true));
        fuzz::require(again && again->size() == 1 && (*again)[0].words.size() == 2 && (*again)[0].local.empty(),
                      "what was quoted is one word");
        const Word& word = (*again)[0].words[1];
        fuzz::require(word.text == text, "what was quoted is read back");
        fuzz::require(!word.globs, "what was quoted is no pattern");
    }
}

void check_raw_message(std::span<const Word> words) {
    for (const Dialect dialect : {Dialect::base, Dialect::unix_, Dialect::linux_}) {
        RawDefaults defaults;
        defaults.dialect = dialect;
        const auto frame = build_message(words, defaults);
        if (!frame) {
            check_refusal(frame.error());
            continue;
        }
        fuzz::require(frame->size() >= HEADER_SIZE, "a message has a header");
        fuzz::require(!describe(*frame, dialect).empty(), "a message can be shown");
    }
}

void check_statement(const Statement& statement, std::string_view line) {
    fuzz::require(!statement.words.empty() || !statement.local.empty(), "a statement does something");
    fuzz::require(statement.local.find('\0') == std::string::npos, "/bin/sh gets text");
    std::size_t before = 0;
    for (const Word& word : statement.words) {
        fuzz::require(word.begin >= before && word.begin < line.size(), "words stand in their order");
        fuzz::require(word.open == 0, "words have an end");
        before = word.begin + 1;
        check_quoting(word.text);
    }
    if (statement.words.empty()) return;
    const auto words = std::span<const Word>(statement.words).subspan(1);
    for (const std::string_view flags : {"", "fn#o%l:", "+abc", "*"}) {
        const auto arguments = parse_arguments(words, flags, {1, 3});
        if (!arguments) check_refusal(arguments.error());
        if (arguments && arguments->has('n')) (void)arguments->number('n').value();
        if (arguments && arguments->has('o')) (void)arguments->seconds('o').value();
    }
    check_raw_message(words);
}

/// TAB at the end of the line.
void check_completion(std::string_view line) {
    const Place place = place_in_line(line);
    fuzz::require(place.word.begin <= line.size(), "what is replaced stands in the line");
    if (!can_be_named(place.word.text) || place.operand != Operand::remote) return;
    Candidate candidate;
    candidate.text = place.word.text + "tail";
    const Completion completion = completed(place.word, {candidate});
    // A line that is wrong before the word stays wrong, whatever the word becomes.
    if (!parse_line(line.substr(0, completion.begin))) return;
    const std::string whole = std::string(line.substr(0, completion.begin)) + completion.replacement;
    const auto parsed = parse_line(whole);
    fuzz::require(parsed && !parsed->empty(), "a completed line parses");
    fuzz::require(!parsed->back().words.empty() && parsed->back().words.back().text == candidate.text,
                  "a completed word is the candidate");
}

}  // namespace

// The commands themselves need a server: two that stand for all of them.
std::span<const Command> p9::tools::commands() {
    static constexpr Command all[] = {
        {"cat", "", "fn#o#l#", {1, ANY_NUMBER}, Operand::remote, true, "", "", nullptr},
        {"raw", "", "xnct%", {0, ANY_NUMBER}, Operand::message, false, "", "", nullptr},
    };
    return all;
}
awaitable<void> p9::tools::run_watch(Call&) { return {}; }

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto line : lines_of_script(text)) {
        const auto statements = parse_line(line);
        if (!statements) check_refusal(statements.error());
        if (statements)
            for (const auto& statement : *statements) check_statement(statement, line);
        if (line.find('\0') == line.npos) check_completion(line);
    }
    return 0;
}
