// p9sh and what people expect of a shell: umask, --help, whose words a complaint is, and a server that stands still.
#include "tests/cli/help.hpp"
#include "tests/cli/sh.hpp"
#include "tests/cli/terminal.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <csignal>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ShForPeople = ShellTest;

TEST_F(ShForPeople, NewFilesGetTheUmask) {
    const mode_t before = ::umask(027);
    const Ran ran = run("mkdir d; mkdir -p e/f; mkdir -m 777 g; touch new; write words some");
    ::umask(before);
    EXPECT_EQ(ran.status, 0) << ran.err;
    const auto mode = [this](const char* name) {
        struct stat file{};
        EXPECT_EQ(::stat((exported_ / name).c_str(), &file), 0) << name;
        return file.st_mode & 07777;
    };
    EXPECT_EQ(mode("d"), 0750u);
    EXPECT_EQ(mode("e"), 0750u);
    EXPECT_EQ(mode("e/f"), 0750u);
    EXPECT_EQ(mode("g"), 0777u) << "-m says what is wanted";
    EXPECT_EQ(mode("new"), 0640u);
    EXPECT_EQ(mode("words"), 0640u);
}

TEST_F(ShForPeople, EveryCommandHasHelp) {
    const Options commands = options_in(run("help").out, "(?:^|\n)  ([a-z]+)  +[^\n]");
    EXPECT_GT(commands.size(), 30u);
    for (const std::string& command : commands) {
        if (command == "echo") continue;  // prints its words, whatever they are
        const Ran ran = run(command + " --help");
        EXPECT_EQ(ran.status, 0) << command << ": " << ran.err;
        EXPECT_THAT(ran.out, StartsWith(command)) << command;
        EXPECT_EQ(ran.out, run("help " + command).out);
    }
    EXPECT_EQ(run("echo --help").out, "--help\n");
    const Ran unknown = run("ls --colour");
    EXPECT_EQ(unknown.status, 2);
    EXPECT_THAT(unknown.err, HasSubstr("ls: unknown option --colour; usage: ls ["));
}

TEST_F(ShForPeople, WhatHasNoPlaceIsNoOption) {
    const Ran ran = run_program(words({"pwd"}));
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.err, "p9sh: unexpected argument pwd (p9sh --help lists the options)\n");
}

TEST_F(ShForPeople, WatchLetsTheCommandComplain) {
    const Ran ran = run("watch -c 2 -n 0.01 cat nothing");
    EXPECT_EQ(ran.status, 1);
    const std::string once = "p9sh: line 1: cat: nothing: No such file or directory\n";
    EXPECT_EQ(ran.err, once + once);
    EXPECT_EQ(run("watch -c 2 -n 0.01 pwd").out, "/\n/\n");
}

TEST_F(ShForPeople, CtrlCSaysWhatItWaitsFor) {
    Terminal shell({tool("p9sh"), "-a", address_},
                   {"TERM=dumb", "INPUTRC=/dev/null", "XDG_STATE_HOME=" + (folder_ / "state").string()});
    ASSERT_TRUE(shell.wait_for("> "));
    server_->signal(SIGSTOP);
    shell.type("stat nothing\n");
    ASSERT_TRUE(shell.wait_for("stat nothing\r\n"));
    shell.type("\x03");
    ASSERT_TRUE(shell.wait_for("has not answered the flush yet; Ctrl-C again ends the connection"));
    shell.type("\x03");
    ASSERT_TRUE(shell.wait_for("(no connection)> "));
    server_->signal(SIGCONT);
    // A command that needs the server says so inside of others, too.
    shell.type("watch stat nothing\n");
    ASSERT_TRUE(shell.wait_for("reconnect dials again"));
    shell.type("reconnect\n");
    ASSERT_TRUE(shell.wait_for(address_ + ":/> "));
}

TEST_F(ShForPeople, MvNamesWhatIsAtFault) {
    write("file", "x");
    write("other", "x");
    EXPECT_EQ(run("mv file none/x").err, "p9sh: line 1: mv: none/x: No such file or directory\n");
    EXPECT_EQ(run("mv file other/x").err, "p9sh: line 1: mv: other/x: Not a directory\n");
    EXPECT_EQ(run("mv none file").err, "p9sh: line 1: mv: none: No such file or directory\n");
}

TEST_F(ShForPeople, AQidIsSpeltTheSameEverywhere) {
    write("file", "x");
    const Ran ls = run_program({tool("p9ls"), "-a", address_, "-q", "/file"});
    const std::string qid = ls.out.substr(0, ls.out.find(')') + 1);
    EXPECT_THAT(qid, ::testing::MatchesRegex("\\(0 [0-9]+ [0-9]+\\)"));
    EXPECT_THAT(ls.out, ::testing::EndsWith(" /file\n"));
    EXPECT_THAT(run_program({tool("p9ls"), "-a", address_, "-lq", "/file"}).out, HasSubstr(qid + " "));
    EXPECT_THAT(run_program({tool("p9ls"), "-a", address_, "--trace", "/file"}).err, HasSubstr(qid));
    EXPECT_THAT(run("stat /file").out, HasSubstr("Qid: " + qid + "\n"));
    EXPECT_THAT(run("stat /").out, ::testing::ContainsRegex("Qid: \\(128 [0-9]+ [0-9]+\\) directory\n"));
}

}  // namespace
}  // namespace p9::test
