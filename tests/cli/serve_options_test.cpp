// The command line of p9serve: what is wrong with it is said in one line, and nothing is served.
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

namespace p9::test {
namespace {

struct RefusedServe {
    const char* name;
    std::vector<std::string> arguments;
    int status;
    std::string words;

    /// For the names that ctest shows.
    friend void PrintTo(const RefusedServe& refused, std::ostream* out) { *out << refused.name; }
};

class ServeOptions : public ::testing::TestWithParam<RefusedServe> {};

TEST_P(ServeOptions, AreRefused) {
    std::vector<std::string> words{tool("p9serve")};
    words.insert(words.end(), GetParam().arguments.begin(), GetParam().arguments.end());
    const Ran ran = run_program(words);
    EXPECT_EQ(ran.status, GetParam().status);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "p9serve: " + GetParam().words + "\n");
}

const std::string socket_of_none = "unix!/nonexistent/socket";

INSTANTIATE_TEST_SUITE_P(
    P9serve, ServeOptions,
    ::testing::Values(
        RefusedServe{"NoTree", {}, 2, "say what to serve: one of --dir PATH, --memory and --sip"},
        RefusedServe{"TwoTrees", {"--memory", "--sip"}, 2, "say what to serve: one of --dir PATH, --memory and --sip"},
        RefusedServe{"Nowhere",
                     {"--memory"},
                     2,
                     "nowhere to listen: say --listen unix:/tmp/9p.socket, --listen tcp://localhost:5640 or --stdio"},
        RefusedServe{"BadPort",
                     {"--memory", "--listen", "tcp!localhost!99999"},
                     2,
                     "--listen: tcp!localhost!99999: port must be 0 to 65535"},
        RefusedServe{"OfAnotherTree",
                     {"--memory", "--read-only", "--listen", socket_of_none},
                     2,
                     "--read-only belongs to --dir"},
        RefusedServe{"SizeInWords",
                     {"--memory", "--size", "big", "--listen", socket_of_none},
                     2,
                     "--size: expected a number such as 4096, 64K or 1M, not \"big\""},
        RefusedServe{"TypeTwice",
                     {"--sip", "--type", "a=x", "--type", "a=y", "--listen", socket_of_none},
                     2,
                     "--type: \"a\" is given twice"},
        RefusedServe{"NoDirectory",
                     {"--dir", "/nonexistent/folder", "--listen", socket_of_none},
                     1,
                     "/nonexistent/folder: No such file or directory"},
        RefusedServe{"NoFolderForTheSocket",
                     {"--memory", "--listen", socket_of_none},
                     3,
                     socket_of_none + ": cannot listen: No such file or directory"}),
    [](const auto& named) { return named.param.name; });

}  // namespace
}  // namespace p9::test
