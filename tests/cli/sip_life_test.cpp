// tests/cli/sip-life: what a script writer does, in each dialect, over TCP and a Unix socket.
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>

namespace p9::test {
namespace {

struct Way {
    const char* dialect;
    bool tcp;
};

class SipLife : public ToolTest, public ::testing::WithParamInterface<Way> {
protected:
    void SetUp() override {
        const std::string listen = GetParam().tcp ? "tcp!127.0.0.1!0" : "unix!" + (folder_ / "socket").string();
        server_ = std::make_unique<Program>(std::vector<std::string>{tool("p9serve"), "--listen", listen, "--sip"});
        ASSERT_TRUE(server_->wait_for_output("\n"));
    }
    // Ends the server; what it printed first is its address.
    Ran stop_server() {
        server_->signal(SIGTERM);
        return server_->finish();
    }
    std::unique_ptr<Program> server_;
};

TEST_P(SipLife, WithP9ctlAndWithCatAndEchoThroughTheMount) {
    const std::string mountpoint = folder_ / "mnt";
    std::filesystem::create_directory(mountpoint);
    const int fuse = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fuse >= 0) ::close(fuse);
    const std::string path = std::filesystem::path(tool("p9ctl")).parent_path().string() + ":" + std::getenv("PATH");
    std::vector<std::string> words{P9_SOURCE_DIR "/tests/cli/sip-life"};
    if (fuse >= 0) words.push_back(mountpoint);
    const Ran life = run_program(words, {"P9_ADDRESS=" + server_->output().substr(0, server_->output().find('\n')),
                                         std::string("P9_DIALECT=") + GetParam().dialect, "PATH=" + path});
    EXPECT_EQ(life.status, 0) << life.err;
    EXPECT_EQ(life.err, "");
    const std::string first = "disk\nstatus: healthy\nirq 11\n";
    const std::string second = "healthy\nirq 12: tape pending=0 delivered=0 dropped=0\nirq 12\n";
    EXPECT_EQ(life.out, fuse >= 0 ? first + second : first);
    const Ran server = stop_server();
    EXPECT_EQ(server.status, 0);
    EXPECT_EQ(server.err, "");
    if (fuse < 0) GTEST_SKIP() << "no /dev/fuse: the half with cat and echo did not run";
}

INSTANTIATE_TEST_SUITE_P(Ways, SipLife,
                         ::testing::Values(Way{"9P2000", false}, Way{"9P2000", true}, Way{"9P2000.u", false},
                                           Way{"9P2000.u", true}, Way{"9P2000.L", false}, Way{"9P2000.L", true}),
                         [](const auto& way) {
                             const std::string dialect = way.param.dialect;
                             return std::string(dialect.ends_with(".L")   ? "Linux"
                                                : dialect.ends_with(".u") ? "Unix"
                                                                          : "Base") +
                                    (way.param.tcp ? "Tcp" : "UnixSocket");
                         });

}  // namespace
}  // namespace p9::test
