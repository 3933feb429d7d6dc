// --capture of the programs. What stands in the file is for interop.Tshark and unit.Capture.
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <set>

namespace p9::test {
namespace {

using ::testing::HasSubstr;

struct CapturedSyn {
    std::string port;
    std::string comment;
};

/// The first packet of each connection in a capture, which must consist of whole blocks.
std::vector<CapturedSyn> connections_in(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::vector<CapturedSyn> all;
    for (std::size_t at = 0; at < bytes.size();) {
        std::uint32_t type = 0, length = 0, size = 0;
        EXPECT_GE(bytes.size() - at, 12u);
        std::memcpy(&type, &bytes[at], sizeof type);
        std::memcpy(&length, &bytes[at + 4], sizeof length);
        EXPECT_LE(at + length, bytes.size()) << "the file ends inside a block";
        if (at + length > bytes.size() || length < 12) break;
        if (type == 6) {
            std::memcpy(&size, &bytes[at + 20], sizeof size);
            const std::string packet = bytes.substr(at + 28, size);
            if (packet[33] == 2)
                all.push_back({packet.substr(20, 2), bytes.substr(at + 28 + size, length - size - 32)});
        }
        at += length;
    }
    return all;
}

class CaptureOf : public ToolTest {
protected:
    /// A server of ours on a Unix socket, with these options.
    std::unique_ptr<Program> serve(const std::vector<std::string>& options) const {
        std::vector<std::string> words{tool("p9serve"), "--dir", exported_, "--listen", address()};
        words.insert(words.end(), options.begin(), options.end());
        auto program = std::make_unique<Program>(words);
        EXPECT_TRUE(program->wait_for_output(address() + "\n"));
        return program;
    }
    std::string address() const { return "unix!" + (folder_ / "socket").string(); }
};

TEST_F(CaptureOf, EachClientIsAConnectionAndAKilledServerLeavesAWholeFile) {
    write("a", "one\n");
    const std::string file = folder_ / "served";
    const auto server = serve({"--capture", file});
    for (int i = 0; i < 2; ++i) EXPECT_EQ(run_program({tool("p9cat"), "-a", address(), "a"}).out, "one\n");
    server->signal(SIGKILL);
    server->finish();
    const auto connections = connections_in(file);
    ASSERT_EQ(connections.size(), 2u);
    EXPECT_NE(connections[0].port, connections[1].port);
    EXPECT_THAT(connections[0].comment, HasSubstr("unix!"));
}

TEST_F(CaptureOf, TheProxyToo) {
    write("a", "one\n");
    const auto server = serve({});
    const std::string file = folder_ / "passed", place = "unix!" + (folder_ / "proxy").string();
    Program proxy({tool("p9proxy"), "--listen", place, "--dial", address(), "--share", "--capture", file});
    ASSERT_TRUE(proxy.wait_for_output(place + "\n"));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(run_program({tool("p9cat"), "-a", place, "a"}).out, "one\n");
    proxy.signal(SIGTERM);
    EXPECT_EQ(proxy.finish().status, 0);
    EXPECT_EQ(connections_in(file).size(), 3u);
}

TEST_F(CaptureOf, StandardOutputWhereItIsFree) {
    write("a", "one\n");
    const auto server = serve({});
    const std::string copy = folder_ / "copy";
    const Ran free = run_program({tool("p9cat"), "-a", address(), "-o", copy, "--capture", "-", "a"});
    EXPECT_EQ(free.status, 0) << free.err;
    const std::string file = folder_ / "captured";
    std::ofstream(file, std::ios::binary) << free.out;
    EXPECT_EQ(connections_in(file).size(), 1u);
    for (const std::string name : {"p9cat", "p9ls"}) {
        const Ran taken = run_program({tool(name), "-a", address(), "--capture", "-", "a"});
        EXPECT_EQ(taken.status, 2);
        EXPECT_EQ(taken.out, "");
        EXPECT_EQ(taken.err,
                  name + ": --capture -: standard output is for what " + name + " prints; give a file's name\n");
    }
    const Ran stdio = run_program({tool("p9serve"), "--memory", "--stdio", "--capture", "-"});
    EXPECT_EQ(stdio.status, 2);
    EXPECT_EQ(stdio.err, "p9serve: --capture -: standard output speaks 9P; give a file's name\n");
    const Ran background = run_program({tool("p9fuse"), address(), exported_, "-o", "capture=-"});
    EXPECT_EQ(background.status, 2);
    EXPECT_THAT(background.err, HasSubstr("needs capture=FILE"));
}

TEST_F(CaptureOf, AFileThatCannotBeMadeOrFilled) {
    write("a", "one\n");
    const auto server = serve({});
    const Ran nowhere = run_program({tool("p9cat"), "-a", address(), "--capture", "/nonexistent/file", "a"});
    EXPECT_EQ(nowhere.status, 2);
    EXPECT_EQ(nowhere.err, "p9cat: --capture: /nonexistent/file: No such file or directory\n");
    // A full disk ends the capture and not the work.
    const Ran full = run_program({tool("p9cat"), "-a", address(), "--capture", "/dev/full", "a"});
    EXPECT_EQ(full.status, 0);
    EXPECT_EQ(full.out, "one\n");
    EXPECT_EQ(full.err, "p9cat: the capture ended: /dev/full: No space left on device\n");
}

}  // namespace
}  // namespace p9::test
