// The command line: what is refused, with which words and which status.
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

namespace p9::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Refused {
    std::vector<std::string> arguments;
    std::string words;
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

INSTANTIATE_TEST_SUITE_P(Cat, OptionsRefused,
                         ::testing::Values(Refused{{"/x"}, "no server"},
                                           Refused{{"-a", "tcp!h!99999", "/x"}, "tcp!h!99999: port must be 1 to 65535"},
                                           Refused{{"-a", "unix!/s"}, "PATH"},
                                           Refused{{"-a", "unix!/s", "--nonsense", "/x"}, "--nonsense"},
                                           Refused{{"-a", "unix!/s", "--msize", "lots", "/x"}, "--msize"},
                                           Refused{{"-a", "unix!/s", "--msize", "12", "/x"}, "--msize"},
                                           Refused{{"-a", "unix!/s", "--dialect", "9P3000", "/x"}, "--dialect"},
                                           Refused{{"-a", "unix!/s", "--timeout", "soon", "/x"}, "--timeout"},
                                           Refused{{"-a", "unix!/s", "--uid", "me", "/x"}, "--uid"},
                                           Refused{{"-a", "unix!/s", "-n", "-1", "/x"}, "-n"},
                                           Refused{{"-a", "unix!/s", "-f", "/x", "/y"}, "-f follows one file"},
                                           Refused{{"-a", "unix!/s", "-f", "-n", "2", "/x"}, "do not go together"}));

TEST(Options, HelpAndVersion) {
    for (const std::string name : {"p9cat", "p9ls"}) {
        const Ran help = run_program({tool(name), "--help"});
        EXPECT_EQ(help.status, 0);
        EXPECT_THAT(help.out, HasSubstr("--connect-timeout"));
        EXPECT_THAT(help.out, HasSubstr("P9_ADDRESS"));
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
}

TEST_F(ServedOptions, ARefusedTreeComesWithAHint) {
    const Ran ran = run_program({tool("p9ls"), "-a", server_->address()});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, HasSubstr("-A PATH"));
}

}  // namespace
}  // namespace p9::test
