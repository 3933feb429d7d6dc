// The command line of p9proxy: what is wrong with it is said in one line, and nobody is served.
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

namespace p9::test {
namespace {

using ::testing::HasSubstr;

struct RefusedProxy {
    const char* name;
    std::vector<std::string> arguments;
    int status;
    std::string words;

    /// For the names that ctest shows.
    friend void PrintTo(const RefusedProxy& refused, std::ostream* out) { *out << refused.name; }
};

class ProxyOptionsRefused : public ::testing::TestWithParam<RefusedProxy> {};

TEST_P(ProxyOptionsRefused, WithOneLine) {
    std::vector<std::string> words{tool("p9proxy")};
    words.insert(words.end(), GetParam().arguments.begin(), GetParam().arguments.end());
    const Ran ran = run_program(words);
    EXPECT_EQ(ran.status, GetParam().status);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "p9proxy: " + GetParam().words + "\n");
}

const std::string nowhere = "unix!/nonexistent/socket";

INSTANTIATE_TEST_SUITE_P(
    P9proxy, ProxyOptionsRefused,
    ::testing::Values(
        RefusedProxy{"Nowhere",
                     {"--dial", nowhere},
                     2,
                     "nowhere to listen: say --listen unix:/tmp/9p.socket or --listen ws://127.0.0.1:8080/"},
        RefusedProxy{"NoServer", {"--listen", nowhere}, 2, "no server: say --dial ADDR"},
        RefusedProxy{"BadAddress",
                     {"--listen", nowhere, "--dial", "tcp!h!99999"},
                     2,
                     "--dial: tcp!h!99999: port must be 1 to 65535"},
        RefusedProxy{"KeepInWords",
                     {"--listen", nowhere, "--dial", nowhere, "--keep", "long"},
                     2,
                     "--keep: expected a number of seconds, not \"long\""},
        RefusedProxy{"DelayInWords",
                     {"--listen", nowhere, "--dial", nowhere, "--delay", "1s"},
                     2,
                     "--delay: expected a number, not \"1s\""},
        RefusedProxy{"DropAfterNothing",
                     {"--listen", nowhere, "--dial", nowhere, "--drop-after", "0"},
                     2,
                     "--drop-after: must be from 1 to 9223372036854775807"},
        RefusedProxy{"TinyMsize",
                     {"--listen", nowhere, "--dial", nowhere, "--msize", "100"},
                     2,
                     "--msize: must be from 512 to 67108864"},
        RefusedProxy{"DialectWithoutShare",
                     {"--listen", nowhere, "--dial", nowhere, "--dialect", "9P2000"},
                     2,
                     "--dialect belongs to --share"},
        RefusedProxy{"OriginWithoutWebSocket",
                     {"--listen", nowhere, "--dial", nowhere, "--allow-origin", "http://localhost"},
                     2,
                     "--allow-origin belongs to --listen ws://... or wss://..."},
        RefusedProxy{"NoFolderForTheSocket",
                     {"--listen", nowhere, "--dial", nowhere},
                     3,
                     nowhere + ": cannot listen: No such file or directory"}),
    [](const auto& named) { return named.param.name; });

TEST(ProxyOptions, TheHelpShowsBothUses) {
    const Ran ran = run_program({tool("p9proxy"), "--help"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.out, HasSubstr("p9proxy --listen ws://127.0.0.1:8080/ --dial unix:/tmp/9p.socket --keep 30"));
    EXPECT_THAT(ran.out, HasSubstr("--dial virtio:/tmp/port.socket --share"));
    std::string_view rest = ran.out;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        EXPECT_LE(line.size(), 80u) << line;
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
}

}  // namespace
}  // namespace p9::test
