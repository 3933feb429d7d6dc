// Lets the kernel carry the end of a large message from one stream to another (splice(2)): its bytes are never copied.
//
// One carrier a direction. One thread; the streams are held by the caller until `carry` completes.
#pragma once

#include "p9/error.hpp"
#include "p9/transport.hpp"

#include <array>
#include <cstddef>

namespace p9::proxy {

class Carrier {
public:
    /// Messages of which more than so many bytes have not come yet are worth it.
    static constexpr std::size_t WORTHWHILE = 32 << 10;

    Carrier() = default;
    ~Carrier();
    Carrier(const Carrier&) = delete;
    Carrier& operator=(const Carrier&) = delete;

    /// Makes `from` give large messages by their beginning, so that `carry` has something to do. False if either
    /// transport is no plain stream, or the process has no descriptors left.
    bool join(Transport& from, Transport& to);
    /// True if the message that `from` gave last is not whole.
    bool wanted() const { return source_ != nullptr && source_->rest() > 0; }
    /// Carries what is missing of the message that `from` gave last; what came of it has been sent. Fails with
    /// errc::connection_lost in the name of the end that is gone.
    awaitable<Result<void>> carry(Transport& from, Transport& to);
    /// After a failure: true if it was `from` that is gone.
    bool source_failed() const { return source_failed_; }

private:
    /// Moves what can be moved without waiting; an error number, EAGAIN among them, if that was nothing.
    static int fill(ByteStream& from, int pipe, std::size_t most, std::size_t& moved);
    static int drain(int pipe, ByteStream& to, std::size_t most, bool more, std::size_t& moved);

    ByteStream* source_ = nullptr;
    ByteStream* sink_ = nullptr;
    std::array<int, 2> pipe_{-1, -1};  // empty between two calls of `carry` that succeed
    std::size_t room_ = 0;
    bool source_failed_ = false;
};

}  // namespace p9::proxy
