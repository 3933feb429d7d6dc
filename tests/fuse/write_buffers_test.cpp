// Memory of the kernel's requests, and what of it the server may still be looking at.
#include "fuse/write_buffers.hpp"

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
    const int room = 2 << 20;
    if (::setsockopt(sockets[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) != 0)
        GTEST_SKIP() << "a large socket buffer is for root";
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
