// What the tools say about virtio-serial ports that do not work. The chardev is played by a socket of the test's own.
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A chardev with server=on.
class Chardev : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "p9-chardev-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        path_ = folder_ / "port";
        listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::strcpy(name.sun_path, path_.c_str());
        ASSERT_EQ(::bind(listening_, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
        ASSERT_EQ(::listen(listening_, 1), 0);
    }
    void TearDown() override {
        ::close(listening_);
        std::filesystem::remove_all(folder_);
    }

    std::vector<std::string> p9ls(const std::string& timeout) const {
        return {tool("p9ls"), "-a", "virtio!" + path_.string(), "--connect-timeout", timeout};
    }
    /// Takes a client, and says `bytes` to it.
    int accept(std::string_view bytes) const {
        const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
        EXPECT_EQ(::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
        return client;
    }
    static void expect_line(const Ran& ran, int status) {
        EXPECT_EQ(ran.status, status) << ran.err;
        EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
        EXPECT_EQ(ran.out, "");
    }

    std::filesystem::path folder_, path_;
    int listening_ = -1;
};

TEST_F(Chardev, ThatIsBusy) {
    // As QEMU does: it takes no second client, and the kernel lets him connect.
    const Ran ran = run_program(p9ls("1"));
    expect_line(ran, 4);
    EXPECT_THAT(ran.err, StartsWith("p9ls: virtio!" + path_.string() + ": no answer to Tversion 9P2000.L: port busy?"));
}

TEST_F(Chardev, ThatIsSoBusyThatNobodyCanConnectAnyMore) {
    std::vector<int> queue;
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strcpy(name.sun_path, path_.c_str());
    do queue.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    while (::connect(queue.back(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
    const Ran ran = run_program(p9ls("0.2"));
    for (const int client : queue) ::close(client);
    expect_line(ran, 4);
    EXPECT_THAT(ran.err, HasSubstr("within 0.2 s (--connect-timeout): port busy?"));
}

TEST_F(Chardev, WithTelnet) {
    Program program(p9ls("10"));
    const int client = accept("\xff\xfb\x01\xff\xfb\x03");
    const Ran ran = program.finish();
    ::close(client);
    expect_line(ran, 3);
    EXPECT_THAT(ran.err, HasSubstr("the other end speaks telnet: start QEMU's chardev without telnet=on"));
}

TEST_F(Chardev, ThatSaysGarbageToTheEnd) {
    Program program(p9ls("1"));
    // It may be left over from an earlier client, so it is tried again.
    const int first = accept("debian login: ");
    const int second = accept("debian login: ");
    const Ran ran = program.finish();
    ::close(first);
    ::close(second);
    expect_line(ran, 5);
    EXPECT_THAT(ran.err,
                HasSubstr("a message of 1768056164 bytes; at most 1048600 were agreed on; is it a 9P server?"));
}

TEST_F(Chardev, WithAGuestThatStopsAnswering) {
    Program program(p9ls("1"));
    // Rversion, and then nothing.
    const std::string version(
        "\x15\0\0\0\x65\xff\xff\0\x20\0\0\x08\0"
        "9P2000.L",
        21);
    const int client = accept(version);
    const Ran ran = program.finish();
    ::close(client);
    expect_line(ran, 4);
    EXPECT_THAT(ran.err, HasSubstr("within 1 s (--connect-timeout): port busy?"));
}

TEST_F(Chardev, ThatIsGone) {
    ::close(listening_);
    listening_ = -1;
    const Ran ran = run_program(p9ls("10"));
    expect_line(ran, 3);
    EXPECT_THAT(ran.err, HasSubstr(": Connection refused: no QEMU listens at this socket any more"));
}

TEST_F(Chardev, ThatNeverComes) {
    std::filesystem::remove(path_);
    const Ran ran = run_program(p9ls("0.2"));
    expect_line(ran, 4);
    EXPECT_THAT(ran.err, HasSubstr(": there is no such socket, and no QEMU came to it (chardev with reconnect=)"));
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST(Port, OfNoSuchName) {
    for (const std::string name : {"p9ls", "p9serve"}) {
        const std::string address = "virtio!no-such-port";
        const Ran ran = name == "p9ls" ? run_program({tool(name), "-a", address})
                                       : run_program({tool(name), "--listen", address, "--memory"});
        EXPECT_EQ(ran.status, 3) << ran.err;
        EXPECT_THAT(ran.err, StartsWith(name + ": virtio!no-such-port: there is no port of that name"));
        EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
    }
}

}  // namespace
}  // namespace p9::test
