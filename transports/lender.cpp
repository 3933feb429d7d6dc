#include "transports/lender.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

namespace p9::transports {
namespace {

/// What the pipe is asked to hold: any user may have this much (pipe(7)). With less it takes more turns.
constexpr int PIPE_SIZE = 1 << 20;

}  // namespace

bool Lender::open_pipe() {
    if (pipe_[0] >= 0) return true;
    if (::pipe2(pipe_.data(), O_CLOEXEC | O_NONBLOCK) != 0) return false;
    (void)::fcntl(pipe_[1], F_SETPIPE_SZ, PIPE_SIZE);
    return true;
}

void Lender::drop_pipe() {
    for (int& end : pipe_) {
        if (end >= 0) ::close(end);
        end = -1;
    }
}

ssize_t Lender::send(int socket, Bytes head, Bytes data) {
    if (!open_pipe()) return -1;
    std::size_t sent = 0;
    std::size_t held = 0;  // in the pipe
    int failed = 0;
    const ssize_t begun = ::write(pipe_[1], head.data(), head.size());
    if (begun > 0) held = static_cast<std::size_t>(begun);
    if (held != head.size()) failed = EAGAIN;
    while (failed == 0 && (held > 0 || !data.empty())) {
        if (!data.empty()) {
            const iovec pages{const_cast<u8*>(data.data()), data.size()};
            const ssize_t lent = ::vmsplice(pipe_[1], &pages, 1, SPLICE_F_NONBLOCK);
            // EAGAIN: the pipe is full.
            if (lent < 0 && (errno != EAGAIN || held == 0)) {
                failed = errno;
                break;
            }
            if (lent > 0) {
                held += static_cast<std::size_t>(lent);
                data = data.subspan(static_cast<std::size_t>(lent));
            }
        }
        const unsigned more = data.empty() ? 0 : SPLICE_F_MORE;
        const ssize_t moved = ::splice(pipe_[0], nullptr, socket, nullptr, held, SPLICE_F_NONBLOCK | more);
        if (moved <= 0) {
            failed = moved < 0 ? errno : EPIPE;
            break;
        }
        held -= static_cast<std::size_t>(moved);
        sent += static_cast<std::size_t>(moved);
    }
    // What the socket had no room for is the caller's to send.
    if (held > 0) drop_pipe();
    if (sent > 0 || failed == 0) return static_cast<ssize_t>(sent);
    errno = failed;
    return -1;
}

}  // namespace p9::transports
