#include "tools/output.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace p9::tools {

namespace asio = boost::asio;

namespace {
constexpr int PIPE_SIZE = 1 << 20;
}

Output::Output(asio::any_io_executor executor, int fd, std::string name)
    : executor_(std::move(executor)), fd_(fd), name_(std::move(name)) {
    struct stat status{};
    if (fstat(fd_, &status) != 0) return;
    terminal_ = S_ISCHR(status.st_mode) && isatty(fd_) == 1;
    socket_ = S_ISSOCK(status.st_mode);
    // O_NONBLOCK on the descriptor that we were given would change it under whoever shares it, the shell say.
    // Opening the same pipe or terminal once more gives a description of our own. Where that is not allowed, and for
    // files, writes may block.
    if (terminal_ || S_ISFIFO(status.st_mode)) {
        // A pipe of 64 KiB makes reader and writer wait for each other at every message. Where it may not grow, so be
        // it.
        if (!terminal_) (void)::fcntl(fd_, F_SETPIPE_SZ, PIPE_SIZE);
        const std::string path = "/proc/self/fd/" + std::to_string(fd_);
        own_fd_ = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
}

Output::~Output() {
    if (own_fd_ >= 0) ::close(own_fd_);
}

ssize_t Output::write_some(Bytes bytes) {
    if (socket_) return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return ::write(own_fd_ >= 0 ? own_fd_ : fd_, bytes.data(), bytes.size());
}

awaitable<bool> Output::wait_writable() {
    if (!waiter_) {
        const int copy = ::fcntl(own_fd_ >= 0 ? own_fd_ : fd_, F_DUPFD_CLOEXEC, 3);
        if (copy < 0) co_return false;
        waiter_.emplace(executor_, copy);
    }
    auto waiting = waiter_->async_wait(asio::posix::stream_descriptor::wait_write, asio::as_tuple(asio::use_awaitable));
    const auto [failed] = co_await std::move(waiting);
    co_return !failed;
}

awaitable<bool> Output::write_all(Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t n = write_some(bytes);
        if (n >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(n));
            continue;
        }
        const int why = errno;
        if (why == EAGAIN || why == EWOULDBLOCK) {
            if (!co_await wait_writable()) co_return false;
        } else if (why == EINTR) {
            // A signal came while the write blocked: give the loop a turn to act on it.
            co_await asio::post(executor_, asio::use_awaitable);
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none) co_return false;
        } else {
            failure_ = Error::from_errno(why, name_ + ": " + errno_message(why));
            co_return false;
        }
    }
    co_return true;
}

awaitable<bool> Output::flush() {
    co_await asio::this_coro::throw_if_cancelled(false);
    if (failure_) co_return false;
    if (buffer_.empty()) co_return true;
    const std::string text = std::exchange(buffer_, {});
    co_return co_await write_all(Bytes(reinterpret_cast<const u8*>(text.data()), text.size()));
}

awaitable<bool> Output::write(Bytes bytes) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const bool flushed = co_await flush();
    if (!flushed) co_return false;
    const bool written = co_await write_all(bytes);
    co_return written;
}

void occupy_standard_descriptors() {
    for (int fd = 0; fd <= 2; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) continue;
        // Opened the wrong way round, so that using it still fails as it would have.
        if (::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0) _exit(2);
    }
}

bool terminal_has_abilities() {
    const char* type = std::getenv("TERM");
    return type != nullptr && std::string_view(type) != "dumb";
}

}  // namespace p9::tools
