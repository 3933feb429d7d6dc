// Standard input or a file, in lines, without blocking the event loop.
//
// A descriptor that can be waited for (a pipe, a terminal, a socket) is read only when there is something; the flags of
// its description, which other programs share, stay as they are. Belongs to one io_context.
#pragma once

#include "p9/task.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace p9::tools {

class Input {
public:
    /// Reads `fd`, which stays the caller's.
    Input(boost::asio::any_io_executor executor, int fd) : executor_(std::move(executor)), fd_(fd) {}
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    /// True if `line` would return at once. Takes in what there is.
    bool ready();
    /// The next line without its newline; nothing at the end, or after a cancellation. Valid until the next call. EFBIG
    /// for a line of more than 16 MiB.
    awaitable<Result<std::optional<std::string_view>>> line();
    /// Reads until the end of the input, or a cancellation.
    awaitable<Result<void>> skip_all();

private:
    /// Adds what there is to the buffer, waiting for it if need be. False at the end.
    awaitable<Result<bool>> fill();
    /// Reads once; for a descriptor that is readable.
    void read_some();
    awaitable<bool> wait_readable();

    boost::asio::any_io_executor executor_;
    int fd_;
    std::string buffer_;
    std::size_t at_ = 0;        // what is before it has been taken
    std::size_t searched_ = 0;  // no newline between at_ and here
    bool ended_ = false;
    int failure_ = 0;                                              // errno of the read that ended it
    std::optional<boost::asio::posix::stream_descriptor> waiter_;  // an epoll descriptor that watches fd_
};

}  // namespace p9::tools
