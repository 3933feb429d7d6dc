// Memory of the kernel's requests, and what of it the server may still be looking at.
#include "fuse/write_buffers.hpp"

#include "tests/transports/support.hpp"
#include "transports/lender.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace p9::fuse {
namespace {

constexpr std::size_t HEADERS = sizeof(fuse_in_header) + sizeof(fuse_write_in);

/// A request to write as many bytes as fit, all of them `byte`, is received.
WriteData receive(WriteBuffers& buffers, char byte) {
    char* const data = static_cast<char*>(buffers.receiving()) + HEADERS;
    std::fill_n(data, MAX_WRITE, byte);
    return buffers.keep(data, MAX_WRITE);
}

TEST(WriteBuffers, DataBeginAtAPage) {
    WriteBuffers buffers;
    const auto at = reinterpret_cast<std::uintptr_t>(buffers.receiving()) + HEADERS;
    EXPECT_EQ(at % 4096, 0U);
}

TEST(WriteBuffers, ABlockThatIsDoneWithIsReceivedIntoAgain) {
    WriteBuffers buffers;
    const void* const first = buffers.receiving();
    auto data = receive(buffers, 'a');
    EXPECT_NE(buffers.receiving(), first);
    EXPECT_TRUE(data.lend().lent);
    data.take_back();
    data.block.reset();
    auto next = receive(buffers, 'b');
    EXPECT_EQ(buffers.receiving(), first);
}

// A server that had answered early saw what was sent to the next one.
TEST(WriteBuffers, NoBlockOfOneConnectionIsUsedInTheNext) {
    WriteBuffers buffers;
    auto spare = receive(buffers, 'a');
    auto late = receive(buffers, 'b');
    (void)receive(buffers, 'c');  // which leaves a spare block
    spare.block.reset();
    buffers.forget();
    buffers.renew();
    late.block.reset();
    // What is mapped anew is empty, wherever it is.
    std::vector<WriteData> others;
    for (int i = 0; i < 4; ++i) {
        char* const data = static_cast<char*>(buffers.receiving()) + HEADERS;
        EXPECT_EQ(std::count(data, data + MAX_WRITE, 0), static_cast<std::ptrdiff_t>(MAX_WRITE)) << i;
        others.push_back(buffers.keep(data, MAX_WRITE));
    }
}

TEST(WriteBuffers, WhatIsBeingReceivedIntoStays) {
    WriteBuffers buffers;
    const void* const first = buffers.receiving();
    buffers.forget();
    EXPECT_EQ(buffers.receiving(), first);
    buffers.renew();
    EXPECT_NE(buffers.receiving(), nullptr);
}

TEST(WriteBuffers, ALittleIsCopiedAndNotLent) {
    WriteBuffers buffers;
    const void* const first = buffers.receiving();
    auto data = buffers.keep("text", 4);
    EXPECT_FALSE(data.lend().lent);
    EXPECT_EQ(buffers.receiving(), first);
}

// A server that reads on after the connection was given up would write what was received since into the file.
TEST(WriteBuffers, WhatWasLentAndNotAnsweredIsNotWrittenToAgain) {
    int sockets[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets), 0);
    if (!test::make_room(sockets[0])) GTEST_SKIP() << "a large socket buffer is for root";
    WriteBuffers buffers;
    transports::Lender lender;
    {
        auto data = receive(buffers, 'a');
        const Payload lent = data.lend();
        const u8 head = 'h';
        ASSERT_EQ(lender.send(sockets[0], Bytes(&head, 1), lent.bytes), static_cast<ssize_t>(1 + MAX_WRITE));
    }
    std::vector<WriteData> others;
    for (int i = 0; i < 4; ++i) others.push_back(receive(buffers, 'b'));
    std::string came;
    char buffer[65536];
    for (ssize_t n = 0; (n = ::recv(sockets[1], buffer, sizeof buffer, 0)) > 0;)
        came.append(buffer, static_cast<std::size_t>(n));
    EXPECT_TRUE(came == "h" + std::string(MAX_WRITE, 'a'));
    for (const int end : sockets) ::close(end);
}

}  // namespace
}  // namespace p9::fuse
