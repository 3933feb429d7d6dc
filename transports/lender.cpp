#include "transports/lender.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

namespace p9::transports {
namespace {

/// What the pipe is asked to hold: any user may have this much, unless he has many pipes (pipe(7)).
constexpr int PIPE_SIZE = 1 << 20;
/// With less a message takes so many turns that a copy is sooner made.
constexpr int LEAST_PIPE_SIZE = 256 << 10;

}  // namespace

bool Lender::open_pipe() {
    if (pipe_[0] >= 0) return true;
    if (too_small_ || ::pipe2(pipe_.data(), O_CLOEXEC | O_NONBLOCK) != 0) return false;
    (void)::fcntl(pipe_[1], F_SETPIPE_SZ, PIPE_SIZE);
    too_small_ = ::fcntl(pipe_[1], F_GETPIPE_SZ) < LEAST_PIPE_SIZE;
    if (too_small_) close();
    return !too_small_;
}

void Lender::close() {
    for (int& end : pipe_) {
        if (end >= 0) ::close(end);
        end = -1;
    }
}

ssize_t Lender::send(int socket, Bytes head, Bytes data) {
    if (!open_pipe()) {
        errno = EMFILE;  // and never EAGAIN, which says that the socket is full
        return -1;
    }
    // All or nothing: shorter than PIPE_BUF, and the pipe is empty.
    if (::write(pipe_[1], head.data(), head.size()) < 0) return -1;
    std::size_t sent = 0;
    std::size_t held = head.size();  // in the pipe
    int failed = 0;
    while (held > 0 || !data.empty()) {
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
    // Nothing of it may come later: what the socket had no room for the caller sends.
    if (held > 0) close();
    if (sent > 0 || failed == 0) return static_cast<ssize_t>(sent);
    errno = failed;
    return -1;
}

}  // namespace p9::transports
