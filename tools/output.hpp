// Where a tool's output goes: standard output, or a file that appears only when it is whole.
//
// Writing never blocks the event loop where the kernel allows that, so that signals, time limits and the
// connection stay served while a reader is slow. The first failure sticks: everything after it is dropped, and
// `failure` tells. Belongs to one io_context.
#pragma once

#include "p9/attributes.hpp"
#include "p9/task.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <optional>
#include <string>

namespace p9::tools {

class Output {
public:
    /// Writes to `fd`, which stays the caller's; `name` is for messages.
    Output(boost::asio::any_io_executor executor, int fd, std::string name);
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    /// Whether a person looks at it.
    bool terminal() const { return terminal_; }
    /// Adds to the buffer.
    void put(std::string_view text) { buffer_ += text; }
    /// True when the buffer is worth a write.
    bool full() const { return buffer_.size() >= (64u << 10); }
    /// Writes the buffer. False once something failed or the writing was cancelled.
    awaitable<bool> flush();
    /// Writes the buffer, then `bytes`, without copying them.
    awaitable<bool> write(Bytes bytes);

    /// Why writing stopped; EPIPE if the reader went away, which is no error. Nothing after a cancellation.
    const std::optional<Error>& failure() const { return failure_; }
    /// True if the reader went away.
    bool reader_gone() const { return failure_ && failure_->is_errno(EPIPE); }

private:
    awaitable<bool> write_all(Bytes bytes);
    awaitable<bool> wait_writable();
    ssize_t write_some(Bytes bytes);

    boost::asio::any_io_executor executor_;
    int fd_;
    int own_fd_ = -1;  // a description of our own of the same pipe or terminal, so that O_NONBLOCK is ours alone
    bool socket_ = false;
    bool terminal_ = false;
    std::string name_;
    std::string buffer_;
    std::optional<boost::asio::posix::stream_descriptor> waiter_;
    std::optional<Error> failure_;
};

/// Makes sure that descriptors 0, 1 and 2 are taken, or a socket that got such a number would be printed to.
void occupy_standard_descriptors();

/// True if TERM names a terminal that knows colours and how to clear itself.
bool terminal_has_abilities();

}  // namespace p9::tools
