// The command line: what is refused, with which words and which status.
#include "tests/cli/help.hpp"
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

namespace p9::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Refused {
    std::string name;
    std::vector<std::string> arguments;
    std::string words;
    /// For the names that ctest shows.
    friend void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name; }
};

class OptionsRefused : public ::testing::TestWithParam<Refused> {};

TEST_P(OptionsRefused, OneLineAndStatus2) {
    std::vector<std::string> words{tool("p9cat")};
    words.insert(words.end(), GetParam().arguments.begin(), GetParam().arguments.end());
    const Ran ran = run_program(words);
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, StartsWith("p9cat: "));
    EXPECT_THAT(ran.err, HasSubstr(GetParam().words));
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
}

INSTANTIATE_TEST_SUITE_P(
    Cat, OptionsRefused,
    ::testing::Values(Refused{"NoServer", {"/x"}, "no server"},
                      Refused{"BadPort", {"-a", "tcp!h!99999", "/x"}, "tcp!h!99999: port must be 1 to 65535"},
                      Refused{"NoPath", {"-a", "unix!/s"}, "PATH"},
                      Refused{"UnknownOption", {"-a", "unix!/s", "--nonsense", "/x"}, "--nonsense"},
                      Refused{"NoValue", {"/x", "-a"}, "-a, --address: expected ADDR after it"},
                      Refused{"MsizeInWords", {"-a", "unix!/s", "--msize", "lots", "/x"}, "--msize"},
                      Refused{"MsizeTooSmall", {"-a", "unix!/s", "--msize", "12", "/x"}, "--msize"},
                      Refused{"UnknownDialect", {"-a", "unix!/s", "--dialect", "9P3000", "/x"}, "--dialect"},
                      Refused{"TimeoutInWords", {"-a", "unix!/s", "--timeout", "soon", "/x"}, "--timeout"},
                      Refused{"UidInWords", {"-a", "unix!/s", "--uid", "me", "/x"}, "--uid"},
                      Refused{"NegativeCount", {"-a", "unix!/s", "-n", "-1", "/x"}, "-n"},
                      Refused{"BracketedNumber", {"-a", "unix!/s", "-n", "[1]", "/x"}, "not \"[1]\""},
                      Refused{"FollowsTwo", {"-a", "unix!/s", "-f", "/x", "/y"}, "-f follows one file"},
                      Refused{"FollowAndCount", {"-a", "unix!/s", "-f", "-n", "2", "/x"}, "do not go together"}));

TEST(Options, AnUnknownOptionIsWhatTheMessageIsAbout) {
    for (const std::string& name : installed_tools()) {
        for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--nope"}, {"/x", "--nope"}}) {
            std::vector<std::string> words{tool(name)};
            words.insert(words.end(), arguments.begin(), arguments.end());
            const Ran ran = run_program(words);
            EXPECT_EQ(ran.status, 2) << name;
            EXPECT_THAT(ran.err, StartsWith(name + ": unknown ")) << arguments[0];
            EXPECT_THAT(ran.err, HasSubstr(name == "p9ctl" && arguments.size() == 2 ? "command \"/x\"" : "--nope"));
            EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
        }
    }
}

TEST(Options, ProgramsThatListenSpeakAsTheToolsDo) {
    const auto complaint = [](std::vector<std::string> words) {
        words[0] = tool(words[0]);
        const Ran ran = run_program(words);
        EXPECT_EQ(ran.status, 2);
        return ran.err;
    };
    EXPECT_EQ(complaint({"p9serve", "--memory", "--listen"}),
              "p9serve: --listen: expected ADDR... after it (p9serve --help lists the options)\n");
    EXPECT_EQ(complaint({"p9serve", "--memory", "word"}),
              "p9serve: unexpected argument word (p9serve --help lists the options)\n");
    EXPECT_EQ(complaint({"p9serve", "--memory=3"}),
              "p9serve: --memory: takes no value after = (p9serve --help lists the options)\n");
    EXPECT_EQ(complaint({"p9proxy", "--share", "--dial"}),
              "p9proxy: --dial: expected ADDR after it (p9proxy --help lists the options)\n");
    EXPECT_EQ(complaint({"p9cat", "--json=3", "/x"}).substr(0, 29), "p9cat: unknown option --json=");
    EXPECT_EQ(complaint({"p9ls", "--json=3"}),
              "p9ls: --json: takes no value after = (p9ls --help lists the options)\n");
    EXPECT_EQ(complaint({"p9ls", "--verbose=maybe"}),
              "p9ls: --verbose: takes no value after = (p9ls --help lists the options)\n");
}

TEST(Options, HelpAndVersion) {
    for (const std::string name : {"p9cat", "p9ls"}) {
        const Ran help = run_program({tool(name), "--help"});
        EXPECT_EQ(help.status, 0);
        EXPECT_THAT(help.out, HasSubstr("--connect-timeout"));
        EXPECT_THAT(help.out, HasSubstr("P9_ADDRESS"));
        EXPECT_THAT(help.out, HasSubstr("--trace[=FILE]  "));
        EXPECT_THAT(help.out, HasSubstr("\nExamples:\n  " + name + " -a "));
        std::istringstream lines(help.out);
        for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
        const Ran version = run_program({tool(name), "--version"});
        EXPECT_EQ(version.status, 0);
        EXPECT_THAT(version.out, StartsWith(name + " "));
    }
}

TEST(Options, NobodyListens) {
    const Ran ran = run_program({tool("p9cat"), "-a", "unix!/nonexistent/socket", "/x"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.err, StartsWith("p9cat: unix!/nonexistent/socket: "));
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
}

TEST(Options, WhatIsNo9PServerIsNamed) {
    for (const std::string address : {"exec!cat", "exec!echo hello; cat >/dev/null"}) {
        const Ran ran = run_program({tool("p9cat"), "-a", address, "/x"});
        EXPECT_EQ(ran.status, 5);
        EXPECT_THAT(ran.err, StartsWith("p9cat: " + address + ": "));
        EXPECT_THAT(ran.err, EndsWith("; is it a 9P server?\n"));
    }
}

TEST(Options, ADescriptorThatIsClosedIsSaidToBe) {
    const Ran ran = run_program({"/bin/sh", "-c", tool("p9cat") + " -a fd!0!1 /x </dev/null 2>&1 >/dev/null | cat"});
    EXPECT_THAT(ran.out, HasSubstr("fd!0!1"));
    EXPECT_THAT(ran.out, ::testing::Not(HasSubstr("dialled again")));
}

TEST(Options, ASocketInThisFolderIsPointedOut) {
    const Ran ran = run_program({"/bin/sh", "-c", "cd / && " + tool("p9cat") + " -a tmp:1 /x"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.err, EndsWith("; for the socket in this folder say ./tmp\n"));
}

TEST(Options, AnAddressInTheEnvironment) {
    const Ran ran = run_program({tool("p9cat"), "/x"}, {"P9_ADDRESS=unix!/nonexistent/socket"});
    EXPECT_EQ(ran.status, 3);
}

TEST(Options, AWrongVariableIsNamed) {
    const Ran ran = run_program({tool("p9cat"), "-a", "unix!/s", "/x"}, {"P9_MSIZE=many"});
    EXPECT_EQ(ran.status, 2);
    EXPECT_THAT(ran.err, HasSubstr("P9_MSIZE"));
}

TEST(Options, AServerThatDoesNotAnswer) {
    // `sleep` reads nothing and answers nothing.
    const Ran ran = run_program({tool("p9cat"), "-a", "exec!sleep 1000", "--connect-timeout", "0.1", "/x"});
    EXPECT_EQ(ran.status, 4);
    EXPECT_THAT(ran.err, EndsWith("(--connect-timeout)\n"));
}

using ServedOptions = ServedTest;

TEST_F(ServedOptions, VerboseTellsWhatWasAgreedOn) {
    write("f", "text\n");
    const Ran ran = run("p9cat", {"-v", "--msize", "64K", "/f"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.out, "text\n");
    EXPECT_THAT(ran.err, StartsWith("p9cat: " + server_->address() + ": 9P2000.L, msize 65536, round trip "));
}

TEST_F(ServedOptions, TraceToStandardErrorAndToAFile) {
    write("f", "text\n");
    const Ran ran = run("p9cat", {"--trace", "/f"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("-> Tversion"));
    EXPECT_THAT(ran.err, HasSubstr("<- Rread"));
    const auto file = (folder_ / "trace").string();
    const Ran into_file = run("p9cat", {"--trace=" + file, "/f"});
    EXPECT_EQ(into_file.status, 0) << into_file.err;
    EXPECT_EQ(into_file.err, "");
    EXPECT_THAT(run_program({"/bin/cat", file}).out, HasSubstr("-> Tversion"));
    EXPECT_EQ(run("p9cat", {"--trace=/nonexistent/t", "/f"}).err,
              "p9cat: --trace: /nonexistent/t: No such file or directory\n");
}

TEST_F(ServedOptions, ARefusedTreeComesWithAHint) {
    const Ran ran = run_program({tool("p9ls"), "-a", server_->address()});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, HasSubstr("-A PATH"));
}

}  // namespace
}  // namespace p9::test
