#include "tools/p9serve/sip/process_leader.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace p9::serve::sip {
namespace {

constexpr int CONNECTION = 3;
constexpr int EXEC_FAILED = 127;  // as sh says it

void close_from(int first) {
    // Not only what lacks FD_CLOEXEC: sockets of clients must end when this program ends them, whoever else runs.
    if (syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0) == 0) return;
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    for (int fd = first; fd < static_cast<int>(limit.rlim_cur); ++fd) close(fd);
}

void set_up_descriptors(int connection) {
    if (connection == CONNECTION) {
        fcntl(CONNECTION, F_SETFD, 0);
    } else if (connection >= 0) {
        dup2(connection, CONNECTION);
    }
    close_from(connection < 0 ? CONNECTION : CONNECTION + 1);
    const int null = open("/dev/null", O_RDWR);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        if (null > STDERR_FILENO) close(null);
    }
    dup2(STDERR_FILENO, STDOUT_FILENO);
}

void set_signals(int how) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(how, &all, nullptr);
}

[[noreturn]] void end_like(int status) {
    if (WIFSIGNALED(status)) {
        const rlimit none{0, 0};  // the command has dumped core already if it wanted to
        setrlimit(RLIMIT_CORE, &none);
        set_signals(SIG_UNBLOCK);
        raise(WTERMSIG(status));
        _exit(128 + WTERMSIG(status));
    }
    _exit(WEXITSTATUS(status));
}

// Ends whoever descends from this process. What has left the group, by setsid say, comes to it when its own parent
// dies: it is the subreaper. Fills in `status` when it meets `command`.
void end_descendants(pid_t command, int& status) {
    for (;;) {
        char list[4096];
        const int children = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
        if (children < 0)
            kill(0, SIGKILL);  // a kernel without such lists: at least the group, and this process with it
        const ssize_t size = read(children, list, sizeof list - 1);
        close(children);
        list[size < 0 ? 0 : size] = '\0';
        const char* at = list;
        for (char* end = list;; at = end) {
            const long child = strtol(at, &end, 10);
            if (end == at) break;
            // The last number may have been cut off; the next round has it whole.
            if (*end == ' ') kill(static_cast<pid_t>(child), SIGKILL);
        }
        int ended = 0;
        const pid_t one = waitpid(-1, &ended, at == list ? WNOHANG : 0);
        if (one < 0 && errno == ECHILD) return;
        if (one == command) status = ended;
    }
}

}  // namespace

void lead(const LeaderPlan& plan) {
    setpgid(0, 0);
    set_signals(SIG_BLOCK);
    // Ignored signals would stay ignored after exec, and an ignored SIGCHLD throws the status away.
    for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
    prctl(PR_SET_NAME, "sip-leader");  // no killall of servers is meant for it
    prctl(PR_SET_PDEATHSIG, SIGHUP);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (getppid() != plan.parent) _exit(0);  // it died before it could have been noticed
    set_up_descriptors(plan.connection);

    const pid_t command = fork();
    if (command < 0) _exit(EXEC_FAILED);
    if (command == 0) {
        set_signals(SIG_UNBLOCK);
        execve(plan.arguments[0], const_cast<char* const*>(plan.arguments), const_cast<char* const*>(plan.environment));
        _exit(EXEC_FAILED);
    }
    close_from(0);  // or the connection would not end with the command
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGHUP);
    sigaddset(&awaited, END_ALL);
    for (;;) {
        int status = 0;
        const bool orphaned = getppid() != plan.parent;
        if (orphaned || waitpid(command, &status, WNOHANG) == command) {
            end_descendants(command, status);
            if (orphaned) _exit(0);
            end_like(status);
        }
        siginfo_t info{};
        // The group's members can send it anything: only the parent's word counts.
        if (sigwaitinfo(&awaited, &info) == END_ALL && info.si_pid == plan.parent) {
            end_descendants(command, status);
            end_like(status);
        }
    }
}

}  // namespace p9::serve::sip
