// The language of p9sh, without a server.
#include "tools/p9sh/command.hpp"
#include "tools/p9sh/script.hpp"

#include <gmock/gmock.h>

namespace p9::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The words of each command of a line; "|" and what is for /bin/sh as the last one.
std::vector<std::vector<std::string>> parsed(std::string_view line) {
    const auto statements = parse_line(line);
    EXPECT_TRUE(statements) << line << ": " << statements.error().message();
    std::vector<std::vector<std::string>> all;
    if (!statements) return all;
    for (const auto& statement : *statements) {
        std::vector<std::string> words;
        for (const auto& word : statement.words) words.push_back(word.text);
        if (!statement.local.empty()) words.push_back("| " + statement.local);
        all.push_back(std::move(words));
    }
    return all;
}

std::string complaint(std::string_view line) {
    const auto statements = parse_line(line);
    EXPECT_FALSE(statements) << line;
    return statements ? "" : statements.error().message();
}

TEST(ShellLine, Words) {
    EXPECT_TRUE(parsed("").empty());
    EXPECT_TRUE(parsed("   # nothing").empty());
    EXPECT_THAT(parsed("ls -l a  b\t# all"), ElementsAre(ElementsAre("ls", "-l", "a", "b")));
    EXPECT_THAT(parsed("cat 'a b' \"c'd\" e\\ f g'h'\"i\""),
                ElementsAre(ElementsAre("cat", "a b", "c'd", "e f", "ghi")));
    EXPECT_THAT(parsed(R"(cat $'a\x01\n\'' "$x" '')"), ElementsAre(ElementsAre("cat", "a\x01\n'", "$x", "")));
    EXPECT_THAT(parsed("ls;pwd ; ; cd /"), ElementsAre(ElementsAre("ls"), ElementsAre("pwd"), ElementsAre("cd", "/")));
    EXPECT_THAT(parsed("cat a#b"), ElementsAre(ElementsAre("cat", "a#b")));
}

TEST(ShellLine, WhatIsForTheLocalShell) {
    EXPECT_THAT(parsed("cat log | grep x > out"), ElementsAre(ElementsAre("cat", "log", "| grep x > out")));
    EXPECT_THAT(parsed("ls >> 'a file'"), ElementsAre(ElementsAre("ls", "| cat >> 'a file'")));
    EXPECT_THAT(parsed("cat 'a|b' a\\>b"), ElementsAre(ElementsAre("cat", "a|b", "a>b")));
    EXPECT_THAT(parsed("!ls | wc; date"), ElementsAre(ElementsAre("| ls | wc; date")));
}

TEST(ShellLine, ASemicolonEndsTheLocalPart) {
    // `ls > out; rm x` must not remove a local file.
    EXPECT_THAT(parsed("ls > out; rm x"), ElementsAre(ElementsAre("ls", "| cat > out"), ElementsAre("rm", "x")));
    EXPECT_THAT(parsed("ls | sed 's;a;b;' ; pwd"),
                ElementsAre(ElementsAre("ls", "| sed 's;a;b;'"), ElementsAre("pwd")));
    EXPECT_THAT(parsed("ls | wc # a; b"), ElementsAre(ElementsAre("ls", "| wc # a; b")));
}

TEST(ShellLine, QuotedPatternsAreNone) {
    const auto statements = parse_line(R"(ls *.c '*' a\* "[x]" [a'-'z])");
    ASSERT_TRUE(statements);
    const auto& words = (*statements)[0].words;
    EXPECT_TRUE(words[1].globs);
    EXPECT_EQ(words[1].pattern, "*.c");
    EXPECT_FALSE(words[2].globs);
    EXPECT_FALSE(words[3].globs);
    EXPECT_FALSE(words[4].globs);
    EXPECT_TRUE(words[5].globs);
    EXPECT_EQ(words[5].pattern, R"([a\-z])");
}

TEST(ShellLine, WhatMakesNoSense) {
    EXPECT_THAT(complaint("cat 'x"), HasSubstr("a quote ' without its end"));
    EXPECT_THAT(complaint("cat \"x"), HasSubstr("a quote \" without its end"));
    EXPECT_THAT(complaint("cat $'x"), HasSubstr("a quote $' without its end"));
    EXPECT_THAT(complaint("cat x\\"), HasSubstr("a backslash at the end"));
    EXPECT_THAT(complaint("ls |"), HasSubstr("nothing after |"));
    EXPECT_THAT(complaint("ls >; pwd"), HasSubstr("nothing after >"));
    EXPECT_THAT(complaint("| wc"), HasSubstr("no command before |"));
    EXPECT_THAT(complaint("ls || pwd"), HasSubstr("|| is not understood"));
    EXPECT_THAT(complaint("ls & pwd"), HasSubstr("& is not understood"));
    EXPECT_THAT(complaint("put < x"), HasSubstr("< is not understood"));
    EXPECT_THAT(complaint("ls 2>x"), HasSubstr("only standard output"));
    EXPECT_THAT(complaint("!"), HasSubstr("nothing after !"));
    EXPECT_THAT(complaint(std::string_view("ls \0", 4)), HasSubstr("NUL"));
    EXPECT_THAT(complaint(std::string(LONGEST_LINE + 1, 'x')), HasSubstr("longer than 1 MiB"));
}

std::string script_complaint(std::string_view text) {
    const auto script = check_script(text);
    EXPECT_FALSE(script) << text;
    return script ? "" : script.error().message();
}

TEST(Script, MistakesAreFoundBeforeAnythingIsDone) {
    EXPECT_THAT(script_complaint("pwd\n\nsl\n"), HasSubstr("line 3: unknown command \"sl\"; did you mean ls?"));
    EXPECT_THAT(script_complaint("cat"), HasSubstr("line 1: cat: an operand is missing; usage: cat "));
    EXPECT_THAT(script_complaint("ls\nls -Z"), HasSubstr("line 2: ls: unknown option -Z"));
    EXPECT_THAT(script_complaint("ping -c x"), HasSubstr("-c: expected a number, not \"x\""));
    EXPECT_THAT(script_complaint("ping -c"), HasSubstr("-c needs a value"));
    EXPECT_THAT(script_complaint("cd a b"), HasSubstr("too many operands: \"b\""));
    EXPECT_THAT(script_complaint("chmod 999 x"), HasSubstr("expected a mode"));
    EXPECT_THAT(script_complaint("truncate x"), HasSubstr("-s SIZE is missing"));
    EXPECT_THAT(script_complaint("find -nmae x"), HasSubstr("unknown test -nmae"));
    EXPECT_THAT(script_complaint("watch -n 1 lss"), HasSubstr("unknown command \"lss\""));
    EXPECT_THAT(script_complaint("raw Twlak"), HasSubstr("did you mean Twalk?"));
    EXPECT_THAT(script_complaint("\x7f\x45LF\x01"), HasSubstr("unknown command \"\\x7fELF\\x01\""));
}

TEST(Script, EveryCommandExplainsItself) {
    for (const auto& command : commands()) {
        EXPECT_FALSE(command.summary.empty()) << command.name;
        EXPECT_LE(command.summary.size(), 60u) << command.name;
        EXPECT_EQ(find_command(command.name), &command);
        EXPECT_THAT(help_text(&command), HasSubstr(std::string(command.summary)));
    }
    EXPECT_EQ(find_command("nothing"), nullptr);
}

TEST(Script, FlagsThatEndAtTheFirstOperand) {
    EXPECT_TRUE(check_script("watch -n 1 ls -l"));
    EXPECT_TRUE(check_script("ctl -l /ctl -x --y"));
    EXPECT_TRUE(check_script("rm -- -x"));
    EXPECT_TRUE(check_script("ls -l -- -x; ls / -l"));
}

}  // namespace
}  // namespace p9::tools
