#include "transports/child.hpp"

#include "transports/stream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace p9::transports {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// How long a command has to end by itself after its input ended, and then after SIGTERM, before it is killed.
constexpr milliseconds PATIENCE{500};

// What a shell exits with instead of the command's own status (sh(1), POSIX 2.8.2); ssh passes on that of its host's.
constexpr int NOT_TO_BE_RUN = 126, NOT_FOUND = 127;

}  // namespace

// The process until it is reaped. Its number is valid exactly as long.
class Child::Process {
public:
    Process(asio::any_io_executor executor, pid_t pid, bool leads_group)
        : pid_(pid),
          leads_group_(leads_group),
          ended_(executor),
          watch_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {
        boost::system::error_code failed;
        if (watch_ >= 0) ended_.assign(watch_, failed);
        if (failed) ::close(std::exchange(watch_, -1));
    }
    Process(const Process&) = delete;
    ~Process() { finish(); }

    asio::any_io_executor executor() { return ended_.get_executor(); }
    bool can_wait() const { return ended_.is_open(); }

    // Collects the exit status if there is one.
    bool reap() {
        if (reaped_) return true;
        const pid_t got = waitpid(pid_, &status_, WNOHANG);
        if (got == 0 || (got < 0 && errno == EINTR)) return false;
        known_ = got == pid_;  // otherwise SIGCHLD is ignored, and the kernel has thrown the status away
        reaped_ = true;
        return true;
    }

    // Waits in the io_context. False if the time is over first, or if it cannot be waited for like this.
    awaitable<bool> wait(milliseconds most) {
        using namespace asio::experimental::awaitable_operators;
        if (reap() || !can_wait()) co_return reaped_;
        asio::steady_timer timer(ended_.get_executor(), most);
        auto event = ended_.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
        auto late = timer.async_wait(asio::as_tuple(asio::use_awaitable));
        auto either = std::move(event) || std::move(late);
        co_await std::move(either);
        co_return reap();
    }

    void signal(int number) {
        if (!reaped_) kill(leads_group_ ? -pid_ : pid_, number);
    }

    // What it exited with; -1 if it did not, or if that is not known.
    int status() const { return known_ && WIFEXITED(status_) ? WEXITSTATUS(status_) : -1; }

    std::string words(bool anything_came) const {
        if (!known_) return {};
        const std::string when = anything_came ? "" : " before it answered";
        if (!anything_came && status() == NOT_FOUND) return "the command was not found (status 127)";
        if (!anything_came && status() == NOT_TO_BE_RUN) return "the command cannot be run (status 126)";
        if (WIFEXITED(status_)) return "exited with status " + std::to_string(WEXITSTATUS(status_)) + when;
        if (!WIFSIGNALED(status_)) return {};
        return "was killed by signal " + std::to_string(WTERMSIG(status_)) + " (" + strsignal(WTERMSIG(status_)) + ")" +
               when;
    }

private:
    // The end of a process that nobody waits for in an io_context any more: a zombie would be worse than a pause.
    void finish() {
        for (const int number : {0, SIGTERM, SIGKILL}) {
            if (reap()) return;
            if (number != 0) signal(number);
            pollfd end{watch_, POLLIN, 0};
            if (number != SIGKILL) poll(&end, 1, static_cast<int>(PATIENCE.count()));
        }
        while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
        }
    }

    pid_t pid_;
    bool leads_group_;
    asio::posix::stream_descriptor ended_;  // a pidfd, readable when the process ends
    int watch_;
    int status_ = 0;
    bool reaped_ = false;
    bool known_ = false;
};

Child::Child(asio::any_io_executor executor, pid_t pid, bool leads_group)
    : process_(std::make_shared<Process>(std::move(executor), pid, leads_group)) {}

Child::~Child() = default;

awaitable<std::string> Child::end_words(bool anything_came) {
    // The end of the stream is seen a moment before the end of the process.
    const auto process = process_;
    if (!process) co_return std::string{};
    co_await process->wait(milliseconds(200));
    co_return process->words(anything_came);
}

bool Child::in_vain(bool unread) const {
    if (!process_) return false;
    const int status = process_->status();
    return unread || status == NOT_FOUND || status == NOT_TO_BE_RUN;
}

void Child::closed() {
    auto process = std::move(process_);
    if (!process || process->reap()) return;
    const auto executor = process->executor();
    asio::co_spawn(executor, end(std::move(process)), asio::detached);
}

awaitable<void> Child::end(std::shared_ptr<Process> process) {
    for (const int number : {SIGTERM, SIGKILL}) {
        const bool ended = co_await process->wait(PATIENCE);
        // Where it cannot be waited for, the destructor does.
        if (ended || !process->can_wait()) co_return;
        process->signal(number);
    }
    co_await process->wait(PATIENCE);
}

}  // namespace p9::transports
