// What the transports' tests share: frames, raw socketpairs, and counting of descriptors.
#pragma once

#include "p9/transports/dial.hpp"
#include "p9/transports/listen.hpp"
#include "tests/support/run.hpp"

#include <gtest/gtest.h>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

namespace p9::test {

/// A message of `size` bytes with a pattern in it that begins with `seed`.
inline std::vector<u8> message(u32 size, u8 seed = 0) {
    std::vector<u8> bytes(size);
    for (u32 i = 0; i < size; ++i) bytes[i] = i < 4 ? static_cast<u8>(size >> 8 * i) : static_cast<u8>(seed + i * 7);
    return bytes;
}

inline std::vector<u8> copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

inline std::vector<u8> operator+(std::vector<u8> left, const std::vector<u8>& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

/// A raw blocking socketpair; [0] is for fd!, which then owns it, [1] is the test's.
class RawPair {
public:
    RawPair() {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()) != 0) ends_ = {-1, -1};
    }
    RawPair(const RawPair&) = delete;
    ~RawPair() { hang_up(); }

    FdAddress address() const { return {ends_[0], ends_[0]}; }
    int raw() const { return ends_[1]; }
    void write(Bytes bytes) const {
        ASSERT_EQ(::send(ends_[1], bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
    void hang_up() {
        if (ends_[1] >= 0) ::close(ends_[1]);
        ends_[1] = -1;
    }

private:
    std::array<int, 2> ends_{};
};

/// Makes a Unix socket's send buffer hold a large message whole, which is for root; false if that is refused.
inline bool make_room(int socket) {
    const int room = 2 << 20;
    return ::setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) == 0;
}

/// How many descriptors this process has open.
inline std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

using Dialled = Result<std::unique_ptr<Transport>>;

/// Sends `sent` from one end and receives it at the other; the error's words if it does not arrive as it was.
inline awaitable<std::string> carries(Transport& from, Transport& to, std::vector<u8> sent) {
    using namespace boost::asio::experimental::awaitable_operators;
    to.max_message(static_cast<u32>(sent.size()));
    // Both at once: the message may be larger than what the kernel holds.
    auto both = from.send(sent) && to.receive();
    const auto [done, frame] = co_await std::move(both);
    if (!done) co_return done.error().message();
    if (!frame) co_return frame.error().message();
    co_return copy(frame->bytes()) == sent ? "" : "other bytes came";
}

/// The error text of the next receive, or "a message" if there is one.
inline awaitable<std::string> next_error(Transport& transport) {
    const auto frame = co_await transport.receive();
    if (frame) co_return "a message";
    co_return frame.error().message();
}

}  // namespace p9::test
