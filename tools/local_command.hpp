// A command of the user's on this machine, run by /bin/sh.
#pragma once

#include "p9/task.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace p9::tools {

using Environment = std::vector<std::pair<std::string, std::string>>;

/// What a command runs with.
struct Surroundings {
    Environment extra;  ///< added to our environment
    int input = -1;     ///< the descriptor of its standard input; -1: /dev/null
    int output = 1;     ///< that of its standard output
    /// In a process group of its own, which ends with whoever waits. Else it stays in ours, so that the terminal's
    /// signals reach it, and it may read the terminal.
    bool own_group = true;
};

/// A command that runs. One thread; destroy it only after `wait`.
class LocalCommand {
public:
    /// Starts `command` with the usual answers to signals.
    static Result<LocalCommand> start(const std::string& command, const Surroundings& surroundings);

    /// Waits for its end: the exit status, or 128 and the number of the signal that ended it. When the caller is
    /// cancelled a group of its own gets SIGTERM, after two seconds SIGKILL, and the result is errc::cancelled; a
    /// command in our group is waited for, because it got the signal, too.
    awaitable<Result<int>> wait();

private:
    LocalCommand(pid_t pid, bool own_group) : pid_(pid), own_group_(own_group) {}
    pid_t pid_;
    bool own_group_;
};

/// Runs `command` with `extra` added to the environment, /dev/null as its input and `output` as its output, in a
/// process group of its own, and waits for its end as LocalCommand::wait does.
awaitable<Result<int>> run_shell(std::string command, Environment extra, int output);

}  // namespace p9::tools
