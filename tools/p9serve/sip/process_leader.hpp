// The process between this program and a command: it leads the command's process group, so that nothing is left behind.
//
// A parent-death signal (prctl(2)) reaches one process only, and a shell has children of its own, some of which may
// leave its group (setsid). So the leader takes the signal, and is the subreaper of all that descends from it, and ends
// all of them: when it is told to, when the command ends, and when this program was killed and can do nothing any more.
// Between fork and exec only what is safe in signal handlers may be called.
#pragma once

#include <signal.h>
#include <sys/types.h>

namespace p9::serve::sip {

/// Sent to the leader by who forked it: end everybody now.
inline constexpr int END_ALL = SIGUSR1;

/// What a command starts with. The pointers are prepared before the fork.
struct LeaderPlan {
    const char* const* arguments;    ///< of execve; the first is the path
    const char* const* environment;  ///< of execve
    int connection = -1;             ///< becomes descriptor 3; -1: none
    pid_t parent = 0;                ///< who forked
};

/// Called after fork: runs the command and ends as it does, by the same status or signal.
[[noreturn]] void lead(const LeaderPlan& plan);

}  // namespace p9::serve::sip
