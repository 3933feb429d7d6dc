#include "tools/p9ctl/input.hpp"

#include <boost/asio/as_tuple.hpp>

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>

namespace p9::tools {
namespace {

constexpr std::size_t piece_size = 64 << 10;
constexpr std::size_t longest_line = 16 << 20;

}  // namespace

bool Input::ready() {
    for (;;) {
        if (ended_ || buffer_.find('\n', searched_) != std::string::npos) return true;
        searched_ = buffer_.size();
        pollfd readable{fd_, POLLIN, 0};
        if (::poll(&readable, 1, 0) == 0) return false;
        if (searched_ - at_ > longest_line) return true;
        read_some();
    }
}

awaitable<bool> Input::wait_readable() {
    for (;;) {
        pollfd readable{fd_, POLLIN, 0};
        if (::poll(&readable, 1, 0) != 0) co_return true;
        if (!waiter_) {
            // Asio makes what it waits for non-blocking, for all who share it. It may do so to a descriptor between.
            const int watcher = ::epoll_create1(EPOLL_CLOEXEC);
            if (watcher < 0) co_return true;
            epoll_event event{};
            event.events = EPOLLIN;
            if (::epoll_ctl(watcher, EPOLL_CTL_ADD, fd_, &event) != 0) {
                ::close(watcher);
                co_return true;
            }
            waiter_.emplace(executor_, watcher);
        }
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none) co_return false;
        auto waiting = waiter_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                           boost::asio::as_tuple(boost::asio::use_awaitable));
        const auto [failed] = co_await std::move(waiting);
        if (failed) co_return false;
    }
}

void Input::read_some() {
    if (at_ > 0) {
        buffer_.erase(0, at_);
        searched_ -= at_;
        at_ = 0;
    }
    const std::size_t before = buffer_.size();
    buffer_.resize(before + piece_size);
    ssize_t n = -1;
    do {
        n = ::read(fd_, buffer_.data() + before, piece_size);
    } while (n < 0 && errno == EINTR);
    if (n < 0) failure_ = errno;
    buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    ended_ = n <= 0;
}

awaitable<Result<bool>> Input::fill() {
    if (!ended_) {
        const bool readable = co_await wait_readable();
        if (!readable) co_return false;
        read_some();
    }
    if (failure_ != 0) co_return Error::from_errno(failure_);
    co_return !ended_;
}

awaitable<Result<std::optional<std::string_view>>> Input::line() {
    for (;;) {
        const auto end = buffer_.find('\n', searched_);
        if (end != std::string::npos) {
            const auto line = std::string_view(buffer_).substr(at_, end - at_);
            at_ = searched_ = end + 1;
            co_return line;
        }
        searched_ = buffer_.size();
        if (searched_ - at_ > longest_line) co_return Error::from_errno(EFBIG, "a line of more than 16 MiB");
        const auto more = co_await fill();
        if (!more) co_return more.error();
        if (*more) continue;
        if (!ended_ || at_ == buffer_.size()) co_return std::nullopt;
        const auto line = std::string_view(buffer_).substr(at_);
        at_ = searched_ = buffer_.size();
        co_return line;
    }
}

awaitable<Result<void>> Input::skip_all() {
    for (;;) {
        at_ = searched_ = buffer_.size();
        const auto more = co_await fill();
        if (!more) co_return more.error();
        if (!*more) co_return Result<void>();
    }
}

}  // namespace p9::tools
