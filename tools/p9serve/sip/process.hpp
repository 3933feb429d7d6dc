// A server of a command type: a process group of its own.
//
// Shared by the server and by the coroutine that waits for the end. Destroying it before that kills the group and
// waits for it. One thread.
#pragma once

#include "p9/error.hpp"
#include "p9/task.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace p9::serve::sip {

/// How a process ended.
struct Ending {
    bool known = false;  ///< false if somebody else collected the status
    int status = 0;      ///< of wait(2)

    bool success() const;
    /// "exited with status 3", "killed by signal 9".
    std::string words() const;
};

/// A process to start.
struct ProcessPlan {
    std::string command;                   ///< for /bin/sh -c
    std::vector<std::string> environment;  ///< all of it, NAME=VALUE
    int connection = -1;                   ///< what it inherits as descriptor 3; stays the caller's here
};

class Process {
public:
    static Result<std::shared_ptr<Process>> start(const boost::asio::any_io_executor& executor,
                                                  const ProcessPlan& plan);
    Process(const boost::asio::any_io_executor& executor, pid_t pid);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    /// Waits until the command and all that it started have ended. Only one may wait.
    static awaitable<Ending> end(std::shared_ptr<Process> self);
    /// Tells the group to end, and kills it if it has not after `grace`. Returns at once.
    static void stop(const std::shared_ptr<Process>& self, std::chrono::milliseconds grace);

    /// Kills it and all that it started, and waits for that, now.
    void kill_now();

private:
    bool has_ended() const;
    void kill_group(int number) const;
    void end_all() const;
    void reap();

    pid_t pid_;  // 0 once reaped: the number may be another's then
    Ending ending_;
    boost::asio::posix::stream_descriptor ended_;  // a pidfd: readable at the end
    boost::asio::steady_timer timer_;
};

}  // namespace p9::serve::sip
