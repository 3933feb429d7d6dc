#include "tools/p9proxy/carrier.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

namespace p9::proxy {
namespace {

/// What the pipe is asked to hold: any user may have this much (pipe(7)).
constexpr int PIPE_SIZE = 1 << 20;

int spliced(ssize_t count, std::size_t& moved) {
    if (count < 0) return errno;
    moved = static_cast<std::size_t>(count);
    return count == 0 ? EPIPE : 0;
}

Error lost(Transport& end, int number) {
    return {errc::connection_lost,
            end.peer() + (number == EPIPE || number == EBADF ? " closed the connection in the middle of a message"
                                                             : ": " + Error::from_errno(number).message())};
}

}  // namespace

Carrier::~Carrier() {
    for (const int end : pipe_)
        if (end >= 0) ::close(end);
}

bool Carrier::join(Transport& from, Transport& to) {
    ByteStream* const source = from.stream();
    ByteStream* const sink = to.stream();
    if (source == nullptr || sink == nullptr) return false;
    if (pipe_[0] < 0) {
        if (::pipe2(pipe_.data(), O_CLOEXEC | O_NONBLOCK) != 0) return false;
        const int size = ::fcntl(pipe_[1], F_SETPIPE_SZ, PIPE_SIZE);
        room_ = static_cast<std::size_t>(size > 0 ? size : ::fcntl(pipe_[1], F_GETPIPE_SZ));
    }
    source->begin_only(WORTHWHILE);
    source_ = source;
    sink_ = sink;
    return true;
}

int Carrier::fill(ByteStream& from, int pipe, std::size_t most, std::size_t& moved) {
    const int source = from.descriptor(true);
    if (source < 0) return EBADF;
    return spliced(::splice(source, nullptr, pipe, nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK), moved);
}

int Carrier::drain(int pipe, ByteStream& to, std::size_t most, bool more, std::size_t& moved) {
    const int sink = to.descriptor(false);
    if (sink < 0) return EBADF;
    const unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | (more ? SPLICE_F_MORE : 0U);
    return spliced(::splice(pipe, nullptr, sink, nullptr, most, flags), moved);
}

awaitable<Result<void>> Carrier::carry(Transport& from, Transport& to) {
    ByteStream& source = *source_;
    ByteStream& sink = *sink_;
    std::size_t held = 0;  // in the pipe
    while (held > 0 || source.rest() > 0) {
        std::size_t moved = 0;
        // EAGAIN is the source's, or the pipe's: that is full by pages long before it is by bytes if messages came in
        // small pieces.
        int in = EAGAIN;
        if (source.rest() > 0 && held < room_) {
            in = fill(source, pipe_[1], std::min(source.rest(), room_ - held), moved);
            source_failed_ = in != 0 && in != EAGAIN && in != EINTR;
            if (source_failed_) co_return lost(from, in);
            source.took(moved);
            held += moved;
        }
        const bool filled = moved > 0;
        moved = 0;
        int out = EAGAIN;
        if (held > 0) {
            out = drain(pipe_[0], sink, held, source.rest() > 0, moved);
            if (out != 0 && out != EAGAIN && out != EINTR) co_return lost(to, out);
            held -= moved;
        }
        if (filled || moved > 0) continue;
        Transport& end = held > 0 ? to : from;
        ByteStream& stream = held > 0 ? sink : source;
        auto waiting = stream.wait(held == 0);
        const auto failed = co_await std::move(waiting);
        const bool closed = stream.descriptor(held == 0) < 0;
        source_failed_ = failed && held == 0;
        if (failed) co_return lost(end, closed ? EBADF : failed.value());
    }
    co_return boost::system::in_place_value;
}

}  // namespace p9::proxy
