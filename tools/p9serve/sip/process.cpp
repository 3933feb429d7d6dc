#include "tools/p9serve/sip/process.hpp"

#include "tools/p9serve/sip/process_leader.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace p9::serve::sip {
namespace {

namespace asio = boost::asio;

// How often to look where the kernel has no pidfd (before Linux 5.3).
constexpr std::chrono::milliseconds LOOK{50};

}  // namespace

bool Ending::success() const { return known && WIFEXITED(status) && WEXITSTATUS(status) == 0; }

std::string Ending::words() const {
    if (!known) return "ended, and its status is not known";
    if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
    return "exited with status " + std::to_string(WEXITSTATUS(status));
}

Result<std::shared_ptr<Process>> Process::start(const asio::any_io_executor& executor, const ProcessPlan& plan) {
    const char* const arguments[] = {"/bin/sh", "-c", plan.command.c_str(), nullptr};
    std::vector<const char*> environment;
    environment.reserve(plan.environment.size() + 1);
    for (const std::string& variable : plan.environment) environment.push_back(variable.c_str());
    environment.push_back(nullptr);
    const LeaderPlan leader{arguments, environment.data(), plan.connection, getpid()};
    const pid_t pid = fork();
    if (pid == 0) lead(leader);
    if (pid < 0) return Error::from_errno(errno, "cannot start a process: " + errno_message(errno));
    setpgid(pid, pid);  // whoever of the two comes first
    return std::make_shared<Process>(executor, pid);
}

Process::Process(const asio::any_io_executor& executor, pid_t pid) : pid_(pid), ended_(executor), timer_(executor) {
    const auto watch = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (watch < 0) return;
    boost::system::error_code failed;
    ended_.assign(watch, failed);
    if (failed) ::close(watch);
}

Process::~Process() { kill_now(); }

void Process::end_all() const {
    if (pid_ != 0) kill(pid_, END_ALL);
}

void Process::kill_now() {
    end_all();
    reap();
}

bool Process::has_ended() const {
    if (pid_ == 0) return true;
    siginfo_t info{};
    // The leader stays a zombie for now: as long as it is there, nobody else can get the number of the group.
    const int got = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    return got == 0 ? info.si_pid == pid_ : errno != EINTR;
}

void Process::kill_group(int number) const {
    if (pid_ != 0) kill(-pid_, number);
}

void Process::reap() {
    if (pid_ == 0) return;
    pid_t got = 0;
    do got = waitpid(pid_, &ending_.status, 0);
    while (got < 0 && errno == EINTR);
    ending_.known = got == pid_;
    pid_ = 0;
}

awaitable<Ending> Process::end(std::shared_ptr<Process> self) {
    boost::system::error_code failed;
    while (!self->has_ended()) {
        failed.clear();
        if (self->ended_.is_open()) {
            co_await self->ended_.async_wait(asio::posix::stream_descriptor::wait_read,
                                             asio::redirect_error(asio::use_awaitable, failed));
            if (failed) self->ended_.close(failed);
            continue;
        }
        asio::steady_timer look(self->timer_.get_executor(), LOOK);
        co_await look.async_wait(asio::redirect_error(asio::use_awaitable, failed));
    }
    self->kill_group(SIGKILL);
    self->reap();
    self->timer_.cancel();
    co_return self->ending_;
}

void Process::stop(const std::shared_ptr<Process>& self, std::chrono::milliseconds grace) {
    self->kill_group(SIGTERM);
    self->timer_.expires_after(grace);
    self->timer_.async_wait([weak = std::weak_ptr(self)](const boost::system::error_code& cancelled) {
        const auto process = weak.lock();
        if (!cancelled && process) process->end_all();
    });
}

}  // namespace p9::serve::sip
