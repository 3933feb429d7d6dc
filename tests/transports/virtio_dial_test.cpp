// Dialling ports: QEMU's chardev as a socket and as a pseudo-terminal, and a guest's device.
#include "tests/transports/virtio_support.hpp"

#include <gmock/gmock.h>

#include <pty.h>
#include <sys/un.h>

namespace {

using namespace p9;
using namespace p9::test;
using namespace p9::transports;
using ::testing::HasSubstr;
using ::testing::StartsWith;
namespace fs = std::filesystem;

class VirtioDial : public testing::Test {
protected:
    std::string path(const std::string& name) const { return folder_ / name; }
    /// A socket that listens there, as a chardev with server=on does.
    int chardev(const std::string& name) const {
        const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto address = kernel_name(UnixAddress{path(name)});
        if (::bind(socket, reinterpret_cast<const sockaddr*>(&address->address), address->size) != 0 ||
            ::listen(socket, 1) != 0)
            ADD_FAILURE() << "cannot listen";
        return socket;
    }
    /// A QEMU that connects, as one with reconnect= does.
    int connect_to(const std::string& name) const {
        const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto address = kernel_name(UnixAddress{path(name)});
        if (::connect(socket, reinterpret_cast<const sockaddr*>(&address->address), address->size) == 0) return socket;
        ::close(socket);
        return -1;
    }
    static void write(int fd, const std::vector<u8>& bytes) {
        ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }
    static std::vector<u8> read(int fd, std::size_t size) {
        std::vector<u8> bytes(size);
        std::size_t done = 0;
        while (done < size) {
            const ssize_t n = ::read(fd, bytes.data() + done, size - done);
            if (n <= 0) break;
            done += static_cast<std::size_t>(n);
        }
        bytes.resize(done);
        return bytes;
    }
    std::string error_of(const std::string& name) {
        const auto dialled = loop.run(dial(VirtioAddress{path(name)}));
        return dialled ? "connected" : dialled.error().message();
    }

    Loop loop;
    Folder folder_;
};

TEST_F(VirtioDial, AChardevsSocket) {
    const int listening = chardev("s");
    auto dialled = loop.run(dial(VirtioAddress{path("s")}));
    ASSERT_TRUE(dialled) << dialled.error().message();
    Transport& port = **dialled;
    EXPECT_TRUE(port.leftovers());
    EXPECT_EQ(port.peer(), "virtio!" + path("s"));
    const int qemu = ::accept(listening, nullptr, nullptr);
    ASSERT_TRUE(loop.run(port.send(message(300))));
    EXPECT_EQ(read(qemu, 300), message(300));
    write(qemu, message(19, 3));
    const auto frame = loop.run(port.receive());
    ASSERT_TRUE(frame) << frame.error().message();
    EXPECT_EQ(copy(frame->bytes()), message(19, 3));
    ::close(qemu);
    EXPECT_EQ(loop.run(next_error(port)), "virtio!" + path("s") + " closed the connection");
    ::close(listening);
    EXPECT_EQ(error_of("s"), "virtio!" + path("s") + ": Connection refused: no QEMU listens at this socket any more");
}

TEST_F(VirtioDial, TelnetIsRecognised) {
    const int listening = chardev("s");
    auto dialled = loop.run(dial(VirtioAddress{path("s")}));
    ASSERT_TRUE(dialled) << dialled.error().message();
    const int qemu = ::accept(listening, nullptr, nullptr);
    // What QEMU 7.2 begins with: IAC WILL ECHO, IAC WILL SUPPRESS-GO-AHEAD, IAC WILL BINARY, IAC DO BINARY.
    write(qemu, {0xff, 0xfb, 0x01, 0xff, 0xfb, 0x03, 0xff, 0xfb, 0x00, 0xff, 0xfd, 0x00});
    const auto frame = loop.run((*dialled)->receive());
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().message(),
              "virtio!" + path("s") + ": the other end speaks telnet: start QEMU's chardev without telnet=on");
    EXPECT_EQ(frame.error().code, make_error_code(errc::connection_failed));
    ::close(qemu);
    ::close(listening);
}

TEST_F(VirtioDial, WaitsWhereThereIsNothingForAQemuThatConnects) {
    auto dialling = loop.start(dial(VirtioAddress{path("s")}));
    ASSERT_TRUE(loop.run_until([&] { return fs::exists(path("s")); }));
    const int qemu = connect_to("s");
    ASSERT_GE(qemu, 0);
    auto dialled = dialling.get();
    ASSERT_TRUE(dialled) << dialled.error().message();
    EXPECT_TRUE((*dialled)->leftovers());
    EXPECT_FALSE(fs::exists(path("s"))) << "the next one who dials finds nothing again";
    write(qemu, message(19));
    EXPECT_EQ(loop.run(next_error(**dialled)), "a message");
    ::close(qemu);
}

TEST_F(VirtioDial, AQemuThatListensAfterAllIsFound) {
    auto dialling = loop.start(dial(VirtioAddress{path("s")}));
    ASSERT_TRUE(loop.run_until([&] { return fs::exists(path("s")); }));
    fs::remove(path("s"));  // as QEMU does before it listens
    const int listening = chardev("s");
    auto dialled = dialling.get();
    ASSERT_TRUE(dialled) << dialled.error().message();
    EXPECT_TRUE(fs::exists(path("s"))) << "the file is QEMU's";
    ::close(listening);
}

TEST_F(VirtioDial, WaitingIsCancelledAndLeavesNothing) {
    auto dialling = loop.start(dial(VirtioAddress{path("s")}));
    ASSERT_TRUE(loop.run_until([&] { return fs::exists(path("s")); }));
    dialling.cancel();
    const auto dialled = dialling.get();
    ASSERT_FALSE(dialled);
    EXPECT_EQ(dialled.error().code, make_error_code(errc::cancelled));
    EXPECT_FALSE(fs::exists(path("s")));
}

TEST_F(VirtioDial, NobodyCanComeWhereThereIsNoFolder) {
    EXPECT_EQ(error_of("no/s"), "virtio!" + path("no/s") +
                                    ": there is no such socket, and none can be made there for a QEMU that connects "
                                    "(No such file or directory)");
}

class VirtioTerminal : public VirtioDial {
protected:
    void SetUp() override {
        // As a login shell's: with echo, and lines.
        if (openpty(&controller_, &terminal_, nullptr, nullptr, nullptr) != 0)
            GTEST_SKIP() << "no pseudo-terminals here";
        name_ = ttyname(terminal_);
    }
    void TearDown() override {
        ::close(controller_);
        ::close(terminal_);
    }
    bool is_raw() const {
        termios modes{};
        return tcgetattr(terminal_, &modes) == 0 && (modes.c_lflag & (ICANON | ECHO)) == 0;
    }
    int controller_ = -1;
    int terminal_ = -1;
    std::string name_;
};

TEST_F(VirtioTerminal, CarriesMessagesAndGetsItsModesBack) {
    auto dialled = loop.run(dial(VirtioAddress{name_}));
    ASSERT_TRUE(dialled) << dialled.error().message();
    Transport& port = **dialled;
    EXPECT_TRUE(port.leftovers());
    EXPECT_TRUE(is_raw());
    // Every byte, those included that mean something to a terminal.
    ASSERT_TRUE(loop.run(port.send(message(300))));
    EXPECT_EQ(read(controller_, 300), message(300));
    write(controller_, message(300, 9));
    const auto frame = loop.run(port.receive());
    ASSERT_TRUE(frame) << frame.error().message();
    EXPECT_EQ(copy(frame->bytes()), message(300, 9));
    port.close();
    EXPECT_FALSE(is_raw());
}

TEST_F(VirtioTerminal, IsBusyForASecondClient) {
    const auto first = loop.run(dial(VirtioAddress{name_}));
    ASSERT_TRUE(first) << first.error().message();
    const auto second = loop.run(dial(VirtioAddress{name_}));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message(), "virtio!" + name_ + ": port busy: another program uses " + name_);
    EXPECT_EQ(second.error().code, make_error_code(errc::connection_failed));
}

TEST_F(VirtioTerminal, WhatCameBeforeItWasDialledIsDropped) {
    termios raw{};
    tcgetattr(terminal_, &raw);
    cfmakeraw(&raw);
    tcsetattr(terminal_, TCSANOW, &raw);
    write(controller_, message(30, 1));
    const auto dialled = loop.run(dial(VirtioAddress{name_}));
    ASSERT_TRUE(dialled) << dialled.error().message();
    write(controller_, message(20, 2));
    const auto frame = loop.run((*dialled)->receive());
    ASSERT_TRUE(frame) << frame.error().message();
    EXPECT_EQ(copy(frame->bytes()), message(20, 2));
}

TEST_F(VirtioTerminal, ItsEndIsTheEndOfTheConnection) {
    const auto dialled = loop.run(dial(VirtioAddress{name_}));
    ASSERT_TRUE(dialled) << dialled.error().message();
    auto ending = loop.start(next_error(**dialled));
    loop.settle();
    ::close(controller_);
    controller_ = -1;
    EXPECT_EQ(ending.get(), "virtio!" + name_ + " closed the connection");
}

/// A guest's device, played by a pair of sockets: 300000 bytes take many writes and reads.
TEST(VirtioPort, CarriesMessagesInManyPieces) {
    Loop loop;
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    const auto port = [&](int i) {
        return port_transport(OpenPort{PortDescriptor(loop.executor(), ends[i]), std::nullopt}, "virtio!port");
    };
    auto here = port(0), there = port(1);
    EXPECT_TRUE(here->leftovers());
    for (const u32 size : {7u, 9000u, 300'000u, 1'000'000u}) {
        EXPECT_EQ(loop.run(carries(*here, *there, message(size))), "");
        EXPECT_EQ(loop.run(carries(*there, *here, message(size, 1))), "");
    }
    there->close();
    EXPECT_EQ(loop.run(next_error(*here)), "virtio!port closed the connection");
}

TEST(VirtioPort, WaitsForTheHostWithoutBeingBusy) {
    Loop loop;
    FakePort fake(loop);
    const auto line = fake.line();
    PortDescriptor watch(loop.executor());
    auto waiting = loop.start(wait_for_host(line->in.descriptor, watch, "virtio!port"));
    loop.settle();
    for (int i = 0; i < 100; ++i) ASSERT_EQ(loop.context().poll(), 0u);
    ASSERT_FALSE(waiting.done());
    fake.host_comes();
    fake.write(message(20));  // a port becomes writable as well, a fifo does not
    EXPECT_TRUE(waiting.get());
    EXPECT_FALSE(watch.is_open());
    EXPECT_TRUE(loop.run(wait_for_host(line->in.descriptor, watch, "virtio!port"))) << "who is there already";

    fake.host_leaves();
    auto cancelled = loop.start(wait_for_host(line->in.descriptor, watch, "virtio!port"));
    loop.settle();
    cancelled.cancel();
    const auto result = cancelled.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, make_error_code(errc::cancelled));
}

}  // namespace
