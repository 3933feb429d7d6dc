// What TAB makes of a line, without a terminal and without a server.
#include "tools/p9sh/completion.hpp"
#include "tools/p9sh/modes.hpp"

#include <gtest/gtest.h>

namespace p9::tools {
namespace {

struct Expected {
    std::string_view line;
    Operand operand;
    std::string_view word;
};

TEST(CompletionPlace, WhatTheEndOfALineIs) {
    const Expected all[] = {
        {"", Operand::command, ""},
        {"l", Operand::command, "l"},
        {"ls", Operand::command, "ls"},
        {"ls ", Operand::remote, ""},
        {"ls -l us", Operand::remote, "us"},
        {"ls -l", Operand::none, "-l"},
        {"pwd; cat a'b c", Operand::remote, "ab c"},
        {"cd x", Operand::remote_directory, "x"},
        {"get re", Operand::remote, "re"},
        {"get remote lo", Operand::local, "lo"},
        {"put lo", Operand::local, "lo"},
        {"put local re", Operand::remote, "re"},
        {"lcd d", Operand::local_directory, "d"},
        {"ctl /ct", Operand::remote, "/ct"},
        {"ctl /ctl st", Operand::none, "st"},
        {"cat x | gr", Operand::local, "gr"},
        {"cat x > a b", Operand::local, "b"},
        {"!ls d", Operand::local, "d"},
        {"cat x | gr y; cat re", Operand::remote, "re"},
        {"cat x > a; mk", Operand::command, "mk"},
        {"!ls; d", Operand::local, "d"},
        {"help l", Operand::command, "l"},
        {"watch -n 1 l", Operand::command, "l"},
        {"watch -n 1 ls -l u", Operand::remote, "u"},
        {"ping -c 1", Operand::none, "1"},
        {"raw Tw", Operand::message, "Tw"},
        {"raw -x Twalk n", Operand::message, "n"},
        {"trace o", Operand::on_off, "o"},
        {"nothing x", Operand::none, "x"},
        {"ls # x", Operand::remote, ""},
    };
    for (const auto& each : all) {
        const Place place = place_in_line(each.line);
        EXPECT_EQ(place.operand, each.operand) << each.line;
        EXPECT_EQ(place.word.text, each.word) << each.line;
    }
    EXPECT_EQ(place_in_line("raw -x Twalk n").message, "Twalk");
    EXPECT_EQ(place_in_line("raw Tw").message, "");
}

Candidate file(const std::string& text, bool directory = false) {
    return {text + (directory ? "/" : ""), text, directory};
}

Completion completion_of(std::string_view line, std::vector<Candidate> candidates) {
    return completed(place_in_line(line).word, std::move(candidates));
}

TEST(CompletionText, WhatIsInserted) {
    EXPECT_EQ(completion_of("cat he", {file("hello")}).replacement, "hello ");
    EXPECT_EQ(completion_of("cat no", {file("notes", true)}).replacement, "notes/");
    EXPECT_EQ(completion_of("cat n", {file("note1"), file("note2")}).replacement, "note");
    EXPECT_EQ(completion_of("cat n", {file("note1"), file("note2")}).shown.size(), 2u);
    EXPECT_EQ(completion_of("cat 'a", {file("a b")}).replacement, "'a b' ");
    EXPECT_EQ(completion_of("cat \"a", {file("a $b")}).replacement, "\"a \\$b\" ");
    EXPECT_EQ(completion_of("cat a", {file("a b*")}).replacement, "a\\ b\\* ");
    EXPECT_EQ(completion_of("cat a\\", {file("a b")}).replacement, "a\\ b ");
    EXPECT_EQ(completion_of("cat x", {}).replacement, "");
    EXPECT_EQ(completion_of("ls /a/b", {file("/a/bc")}).begin, 3u);
}

TEST(CompletionText, NamesThatNobodyCanType) {
    EXPECT_EQ(completion_of("cat a", {file("a\x01\n")}).replacement, "$'a\\x01\\x0a' ");
    EXPECT_EQ(completion_of("cat a", {file("a\xff")}).replacement, "$'a\\xff' ");
    // Never half a character.
    EXPECT_EQ(completion_of("cat a", {file("a\u00e4"), file("a\u00f6")}).replacement, "a");
}

TEST(CompletionText, ReadsBackAsWhatItMeans) {
    for (const std::string name :
         {"a b", "it's", "\"x\"", "$x", "a\\b", "#x", "!x", "a;b|c>d&e<f", "*?[x]", "\x01\x7f\xff", "\u00e4\u20ac"}) {
        for (const char open : {'\0', '\'', '"', '$'}) {
            const std::string line = quoted(name, open, true);
            std::size_t at = 0;
            const auto word = scan_word(line, at, ";|>&<");
            ASSERT_TRUE(word) << line;
            EXPECT_EQ(word->text, name) << line;
            EXPECT_EQ(word->open, 0) << line;
            EXPECT_FALSE(word->globs) << line;
            EXPECT_EQ(at, line.size()) << line;
        }
    }
}

TEST(Modes, AsChmodHasThem) {
    EXPECT_EQ(*changed_mode("0755", 0, false), 0755u);
    EXPECT_EQ(*changed_mode("u+x,go-w", 0666, false), 0744u);
    EXPECT_EQ(*changed_mode("a=r", 0777, false), 0444u);
    EXPECT_EQ(*changed_mode("+x", 0644, false), 0755u);
    EXPECT_EQ(*changed_mode("go=", 0777, false), 0700u);
    EXPECT_EQ(*changed_mode("a+X", 0644, false), 0644u);
    EXPECT_EQ(*changed_mode("a+X", 0644, true), 0755u);
    EXPECT_EQ(*changed_mode("u+s,+t", 0755, false), 05755u);
    for (const char* wrong : {"", "8", "u", "u+z", "99999", "+x,", "x"})
        EXPECT_FALSE(changed_mode(wrong, 0, false)) << wrong;
}

}  // namespace
}  // namespace p9::tools
