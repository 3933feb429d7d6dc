// Listening on the host: for a QEMU that connects, and over the socket of one that listens.
#include "tests/transports/virtio_support.hpp"

#include <gmock/gmock.h>

namespace {

using namespace p9;
using namespace p9::test;
namespace fs = std::filesystem;

class VirtioListen : public testing::Test {
protected:
    Address address() const { return VirtioAddress{folder_ / "s"}; }
    int connected() const {
        const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto name = transports::kernel_name(UnixAddress{folder_ / "s"});
        if (::connect(socket, reinterpret_cast<const sockaddr*>(&name->address), name->size) != 0)
            ADD_FAILURE() << "cannot connect";
        return socket;
    }
    void serve_one(Listener& listener, int qemu, u32 msize) {
        const auto version = tversion(msize);
        ASSERT_EQ(::write(qemu, version.data(), version.size()), static_cast<ssize_t>(version.size()));
        auto accepted = loop.run(listener.accept());
        ASSERT_TRUE(accepted) << accepted.error().message();
        EXPECT_EQ((*accepted)->peer(), to_string(address()));
        const auto frame = loop.run((*accepted)->receive());
        ASSERT_TRUE(frame) << frame.error().message();
        EXPECT_EQ(copy(frame->bytes()), version);
        ASSERT_TRUE(loop.run((*accepted)->send(message(50))));
        std::vector<u8> reply(50);
        EXPECT_EQ(::read(qemu, reply.data(), reply.size()), 50);
        EXPECT_EQ(reply, message(50));
    }

    Loop loop;
    Folder folder_;
};

TEST_F(VirtioListen, AQemuThatConnectsAndComesAgain) {
    auto listening = loop.run(listen(address()));
    ASSERT_TRUE(listening) << listening.error().message();
    for (u32 i = 0; i < 2; ++i) {
        const int qemu = connected();
        // Clients in the guest come and go without a sign of it here.
        serve_one(**listening, qemu, 5000 + i);
        serve_one(**listening, qemu, 6000 + i);
        ::close(qemu);
    }
    auto accepting = loop.start((*listening)->accept());
    loop.settle();
    (*listening)->close();
    EXPECT_FALSE(fs::exists(folder_ / "s"));
    const auto accepted = accepting.get();
    ASSERT_FALSE(accepted);
    EXPECT_EQ(accepted.error().code, make_error_code(errc::connection_lost));
}

TEST_F(VirtioListen, AQemuThatListens) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto name = transports::kernel_name(UnixAddress{folder_ / "s"});
    ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&name->address), name->size), 0);
    ASSERT_EQ(::listen(socket, 1), 0);
    auto listening = loop.run(listen(address()));
    ASSERT_TRUE(listening) << listening.error().message();
    const int qemu = ::accept(socket, nullptr, nullptr);
    serve_one(**listening, qemu, 5000);
    serve_one(**listening, qemu, 6000);
    ::close(qemu);
    ::close(socket);
    const auto accepted = loop.run((*listening)->accept());
    ASSERT_FALSE(accepted);
    EXPECT_EQ(accepted.error().code, make_error_code(errc::connection_failed));
    EXPECT_EQ(accepted.error().message(), to_string(address()) + ": the other end is gone for good: QEMU has ended");
}

TEST_F(VirtioListen, ANameThatIsNoPort) {
    const auto listening = loop.run(listen(VirtioAddress{"no-such-port"}));
    ASSERT_FALSE(listening);
    EXPECT_EQ(listening.error().code, make_error_code(errc::connection_failed));
    EXPECT_THAT(listening.error().message(),
                ::testing::StartsWith("virtio!no-such-port: there is no port of that name"));
}

}  // namespace
