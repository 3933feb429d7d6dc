// A child process at the other end of a socket: why it ended, and that it is reaped.
#pragma once

#include "transports/socket.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/types.h>

#include <optional>

namespace p9::transports {

class Child final : public Companion {
public:
    /// Owns the process `pid`, and its whole group if it leads one. Its end is awaited in the background after
    /// closed(), or in the destructor if closed() was not called.
    Child(boost::asio::any_io_executor executor, pid_t pid, bool leads_group);
    ~Child() override;

    awaitable<std::string> end_words(bool anything_came) override;
    bool in_vain(bool unread) const override;
    void closed() override;

private:
    class Process;
    static awaitable<void> end(std::shared_ptr<Process> process);
    std::shared_ptr<Process> process_;
};

}  // namespace p9::transports
