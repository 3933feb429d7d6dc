#include "tools/p9serve/sip/process_leader.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

}  // namespace

void lead(const LeaderPlan& plan) {
    setpgid(0, 0);
    set_signals(SIG_BLOCK);
    // Ignored signals would stay ignored after exec, and an ignored SIGCHLD throws the status away.
    for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
    prctl(PR_SET_NAME, "sip-leader");  // no killall of servers is meant for it
    prctl(PR_SET_PDEATHSIG, SIGHUP);
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
    while (true) {
        int status = 0;
        if (getppid() != plan.parent) kill(0, SIGKILL);
        if (waitpid(command, &status, WNOHANG) == command) end_like(status);
        sigwaitinfo(&awaited, nullptr);
    }
}

}  // namespace p9::serve::sip
