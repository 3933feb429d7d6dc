// AF_VSOCK: on this machine's own CID where the kernel has a loopback, and the words where it has not.
#include "tests/transports/support.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>

namespace {

using namespace p9;
using namespace p9::test;
namespace asio = boost::asio;

constexpr u32 LOCAL = 1, ANY_PORT = 0xffffffff;

TEST(Vsock, ListensOnEveryCidAndAPortOfTheKernels) {
    asio::io_context io(1);
    auto listening = run(io, listen(VsockAddress{ANY_CID, ANY_PORT}));
    if (!listening) {
        EXPECT_THAT(listening.error().message(), testing::HasSubstr("vsock!*!4294967295: cannot listen: "));
        GTEST_SKIP() << listening.error().message();
    }
    const auto address = std::get<VsockAddress>((*listening)->address());
    EXPECT_EQ(address.cid, ANY_CID);
    EXPECT_NE(address.port, ANY_PORT);
    const auto second = run(io, listen(address));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message(), to_string(Address(address)) + ": cannot listen: Address already in use");
}

awaitable<std::string> meet(Listener& listener, VsockAddress address) {
    auto dialled = co_await dial(address);
    if (!dialled) co_return "no loopback: " + dialled.error().message();
    auto accepted = co_await listener.accept();
    if (!accepted) co_return accepted.error().message();
    if ((*dialled)->peer() != to_string(Address(address))) co_return "the peer is called " + (*dialled)->peer();
    if (!(*accepted)->peer().starts_with("vsock!1!")) co_return "the client is called " + (*accepted)->peer();
    std::string trouble = co_await carries(**dialled, **accepted, message(300000));
    if (trouble.empty()) trouble = co_await carries(**accepted, **dialled, message(19, 1));
    co_return trouble;
}

TEST(Vsock, CarriesMessagesWithinThisMachine) {
    asio::io_context io(1);
    auto listening = run(io, listen(VsockAddress{ANY_CID, ANY_PORT}));
    if (!listening) GTEST_SKIP() << listening.error().message();
    const u32 port = std::get<VsockAddress>((*listening)->address()).port;
    const std::string trouble = run(io, meet(**listening, VsockAddress{LOCAL, port}));
    if (trouble.starts_with("no loopback")) GTEST_SKIP() << trouble;
    EXPECT_EQ(trouble, "");
}

TEST(Vsock, SaysWhyThereIsNoConnection) {
    const auto nobody = run(dial(VsockAddress{LOCAL, 1}));
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().code, make_error_code(errc::connection_failed));
    EXPECT_THAT(nobody.error().message(), testing::StartsWith("vsock!1!1: "));
    const auto everybody = run(dial(VsockAddress{ANY_CID, 1}));
    ASSERT_FALSE(everybody);
    EXPECT_EQ(everybody.error().message(), "vsock!*!1: * is for listening; to dial say which CID (2 is the host)");
}

}  // namespace
