// A conversation of real programs, as tshark reads the capture and as their own trace tells it.
#include "tests/interop/tshark.hpp"
#include "unit/messages_filled.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace p9::test {
namespace {

namespace fs = std::filesystem;

/// Each side's messages in their order. A trace has a request when it is made, and a capture when it leaves.
std::vector<std::string> by_side(const std::vector<std::string>& messages) {
    std::vector<std::string> sorted;
    for (const char side : {'T', 'R'})
        std::ranges::copy_if(messages, std::back_inserter(sorted),
                             [side](const std::string& message) { return message.starts_with(side); });
    EXPECT_EQ(sorted.size(), messages.size());
    return sorted;
}

/// `Twalk 3` and so on, from the lines of a trace.
std::vector<std::string> of_trace(const fs::path& file) {
    std::vector<std::string> all;
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string seconds, arrow, name, tag;
        words >> seconds >> arrow >> name >> tag;
        all.push_back(name + ' ' + (tag == "tag=NOTAG" ? "65535" : tag.substr(4)));
    }
    return by_side(all);
}

/// The same from tshark.
std::vector<std::string> of_capture(const std::string& fields) {
    std::vector<std::string> all;
    std::istringstream lines(fields);
    for (unsigned type, tag; lines >> type >> tag;) {
        std::string name = "an unknown message";
        with_message(Messages{}, static_cast<u8>(type), [&]<class M>() { name = M::message; });
        all.push_back(name + ' ' + std::to_string(tag));
    }
    return by_side(all);
}

class TsharkOf : public Tshark, public ::testing::WithParamInterface<const char*> {};

TEST_P(TsharkOf, AConversationIsWhatTheTraceSays) {
    fs::create_directory(folder_ / "tree");
    std::string large;
    while (large.size() < 1'500'000) large += std::to_string(large.size()) + ' ';
    std::ofstream(folder_ / "tree/large", std::ios::binary) << large;
    for (int i = 0; i < 20; ++i) std::ofstream(folder_ / ("tree/file" + std::to_string(i))) << i;
    const std::string programs = P9_BINARY_DIR, here = folder_.string();
    const std::string options =
        " -a 'exec!" + programs + "/p9serve --stdio --capture served --dir tree' --dialect " + GetParam();
    const std::string commands = "cd '" + here + "' && " + programs + "/p9cat" + options +
                                 " --trace=cat.trace --capture cat large | cmp - tree/large && " + programs + "/p9ls" +
                                 options + " --trace=ls.trace --capture ls -l / | wc -l";
    EXPECT_EQ(output_of("(" + commands + ") 2>&1"), "22\n");
    for (const std::string name : {"cat", "ls"}) {
        const auto traced = of_trace(folder_ / (name + ".trace"));
        EXPECT_GT(traced.size(), 10u);
        EXPECT_EQ(of_capture(tshark(name, "-Y 9p -T fields -e 9p.msgtype -e 9p.tag")), traced) << name;
        EXPECT_EQ(tshark(name,
                         "-o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -Y "
                         "'tcp.checksum.status == 0 || ip.checksum.status == 0 || tcp.analysis.flags || "
                         "_ws.malformed'"),
                  "")
            << name;
        // One stream, from its first packet to its last.
        EXPECT_EQ(
            tshark(name, "-Y 'tcp.flags.syn == 1 || tcp.flags.fin == 1' -T fields -e tcp.stream -e tcp.flags.fin"),
            "0\t0\n0\t0\n0\t1\n0\t1\n")
            << name;
    }
    // The server's side of the last conversation.
    EXPECT_EQ(of_capture(tshark("served", "-Y 9p -T fields -e 9p.msgtype -e 9p.tag")).size(),
              of_trace(folder_ / "ls.trace").size());
}

INSTANTIATE_TEST_SUITE_P(Dialects, TsharkOf, ::testing::Values("9P2000", "9P2000.u", "9P2000.L"), [](const auto& test) {
    std::string name = test.param;
    std::erase(name, '.');
    return name;
});

}  // namespace
}  // namespace p9::test
