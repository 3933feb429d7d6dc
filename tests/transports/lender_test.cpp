// Pages that go through a pipe into a Unix socket.
#include "transports/lender.hpp"

#include "tests/transports/support.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

namespace {

using namespace p9;
using test::make_room;
using transports::Lender;

constexpr std::size_t PAGE_BYTES = 4096;

class Lending : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets_), 0);
        void* const memory = ::mmap(nullptr, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ASSERT_NE(memory, MAP_FAILED);
        data_ = {static_cast<u8*>(memory), SIZE};
        for (std::size_t i = 0; i < SIZE; ++i) data_[i] = pattern(i);
    }
    void TearDown() override {
        ::munmap(data_.data(), data_.size());
        hang_up();
        ::close(sockets_[0]);
    }
    void hang_up() {
        if (sockets_[1] >= 0) ::close(std::exchange(sockets_[1], -1));
    }
    static u8 pattern(std::size_t at) { return static_cast<u8>(at * 31 + at / PAGE_BYTES); }
    /// All that has come so far.
    std::vector<u8> received() const {
        std::vector<u8> all;
        u8 buffer[65536];
        for (;;) {
            const ssize_t n = ::recv(sockets_[1], buffer, sizeof buffer, 0);
            if (n <= 0) return all;
            all.insert(all.end(), buffer, buffer + n);
        }
    }
    std::vector<u8> expected(Bytes head, std::size_t from, std::size_t size) const {
        std::vector<u8> bytes(head.begin(), head.end());
        for (std::size_t i = from; i < from + size; ++i) bytes.push_back(pattern(i));
        return bytes;
    }

    static constexpr std::size_t SIZE = (1 << 20) + PAGE_BYTES;
    int sockets_[2]{-1, -1};
    std::span<u8> data_;
    const std::vector<u8> head_ = std::vector<u8>(23, 0xee);
    Lender lender_;
};

TEST_F(Lending, SendsWhatSendWould) {
    if (!make_room(sockets_[0])) GTEST_SKIP() << "a large socket buffer is for root";
    for (const auto& [from, size] :
         {std::pair<std::size_t, std::size_t>{0, 1 << 20}, {0, 65536}, {80, 1 << 20}, {4000, 70001}}) {
        const ssize_t sent = lender_.send(sockets_[0], head_, Bytes(data_).subspan(from, size));
        EXPECT_EQ(sent, static_cast<ssize_t>(head_.size() + size));
        EXPECT_TRUE(received() == expected(head_, from, size)) << size << " bytes from " << from;
    }
}

TEST_F(Lending, OnlyTheOtherEndsReceiveCopies) {
    if (!make_room(sockets_[0])) GTEST_SKIP() << "a large socket buffer is for root";
    ASSERT_GT(lender_.send(sockets_[0], head_, data_), 0);
    data_[70000] ^= 0xff;
    auto wanted = expected(head_, 0, SIZE);
    wanted[head_.size() + 70000] ^= 0xff;
    EXPECT_TRUE(received() == wanted);
}

TEST_F(Lending, MemoryThatWentBackToTheKernelStaysAsItWas) {
    if (!make_room(sockets_[0])) GTEST_SKIP() << "a large socket buffer is for root";
    ASSERT_GT(lender_.send(sockets_[0], head_, data_), 0);
    ::munmap(data_.data(), data_.size());
    void* const again =
        ::mmap(data_.data(), SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    ASSERT_EQ(again, data_.data());
    std::ranges::fill(data_, 0xff);
    EXPECT_TRUE(received() == expected(head_, 0, SIZE));
}

TEST_F(Lending, WhatThereIsNoRoomForIsTheCallersToSend) {
    const int room = 128 << 10;
    ASSERT_EQ(::setsockopt(sockets_[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
    const ssize_t taken = lender_.send(sockets_[0], head_, data_);
    ASSERT_GT(taken, static_cast<ssize_t>(head_.size()));
    ASSERT_LT(taken, static_cast<ssize_t>(SIZE));
    EXPECT_EQ(lender_.send(sockets_[0], head_, data_), -1);
    EXPECT_EQ(errno, EAGAIN);
    const std::size_t of_data = static_cast<std::size_t>(taken) - head_.size();
    EXPECT_TRUE(received() == expected(head_, 0, of_data));
    // Nothing of it comes later.
    EXPECT_EQ(lender_.send(sockets_[0], head_, Bytes(data_).first(65536)), static_cast<ssize_t>(head_.size() + 65536));
    EXPECT_TRUE(received() == expected(head_, 0, 65536));
}

TEST_F(Lending, NobodyThereIsAnError) {
    std::signal(SIGPIPE, SIG_IGN);
    hang_up();
    EXPECT_EQ(lender_.send(sockets_[0], head_, data_), -1);
    EXPECT_EQ(errno, EPIPE);
    std::signal(SIGPIPE, SIG_DFL);
}

}  // namespace
