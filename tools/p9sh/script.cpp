#include "tools/p9sh/script.hpp"

#include "p9/trace.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace p9::tools {
namespace {

Error at_line(std::size_t line, const Error& error) {
    return Error(error.code, "line " + std::to_string(line) + ": " + error.message());
}

/// The statements of one line, checked.
Result<std::vector<Prepared>> check_line(std::string_view text) {
    auto statements = parse_line(text);
    if (!statements) return statements.error();
    std::vector<Prepared> all;
    for (auto& statement : *statements) {
        auto prepared = prepare(std::move(statement));
        if (!prepared) return prepared.error();
        all.push_back(std::move(*prepared));
    }
    return all;
}

/// Lines of a descriptor, as they come. Waits with the event loop where the descriptor can be waited for.
class LineSource {
public:
    LineSource(Runner& runner, int fd) : runner_(runner), fd_(fd) {
        struct stat status{};
        const bool file = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
        const int copy = file ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
        boost::system::error_code failed;
        input_.assign(copy, failed);
        if (failed && copy >= 0) ::close(copy);
        pollable_ = copy >= 0 && !failed;
    }

    /// The next line without its newline; nothing at the end, or after a signal. A line without end is cut off where
    /// nothing would be read of it.
    std::optional<std::string> next() {
        for (;;) {
            const auto newline = text_.find('\n');
            if (newline != text_.npos || (ended_ && !text_.empty()) || text_.size() > LONGEST_LINE) {
                std::string line = text_.substr(0, newline);
                text_.erase(0, newline == text_.npos ? text_.size() : newline + 1);
                return line;
            }
            if (ended_) return std::nullopt;
            if (pollable_ && !wait()) return std::nullopt;
            char piece[65536];
            const ssize_t n = ::read(fd_, piece, sizeof piece);
            if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
            if (n <= 0)
                ended_ = true;
            else
                text_.append(piece, static_cast<std::size_t>(n));
        }
    }

private:
    bool wait() {
        bool ready = false;
        input_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [&ready](const boost::system::error_code& failed) { ready = !failed; });
        runner_.wait([&ready] { return ready; });
        if (ready) return true;
        input_.cancel();
        runner_.io().poll();  // the handler refers to our stack
        return false;
    }

    Runner& runner_;
    int fd_;
    boost::asio::posix::stream_descriptor input_{runner_.io()};
    bool pollable_ = false;
    bool ended_ = false;
    std::string text_;
};

}  // namespace

Result<Script> check_script(std::string_view text) {
    Script script;
    std::size_t number = 0;
    for (const auto line : lines_of_script(text)) {
        ++number;
        auto commands = check_line(line);
        if (!commands) return at_line(number, commands.error());
        for (auto& command : *commands) script.steps.push_back({number, std::move(command)});
    }
    return script;
}

ScriptRunner::ScriptRunner(Shell& shell, Runner& runner, bool keep_going)
    : shell_(shell), runner_(runner), keep_going_(keep_going) {
    const Duration limit = shell.options().timeout;
    if (limit != Duration::zero()) deadline_ = Clock::now() + limit;
}

Duration ScriptRunner::time_left() {
    if (deadline_ == Clock::time_point::max()) return Duration::zero();
    return std::max<Duration>(deadline_ - Clock::now(), std::chrono::nanoseconds(1));
}

bool ScriptRunner::over() const { return stopped_ || shell_.leaving || runner_.terminated(); }

void ScriptRunner::note(int status) {
    if (status == EXIT_DONE) return;
    if (status_ == EXIT_DONE) status_ = status;
    // Who interrupts wants the end, and there is no time left after the time limit.
    stopped_ = stopped_ || !keep_going_ || status == EXIT_INTERRUPTED || runner_.out_of_time();
    if (!runner_.out_of_time()) return;
    char text[80];
    std::snprintf(text, sizeof text, "out of time after %g s (--timeout)",
                  std::chrono::duration<double>(shell_.options().timeout).count());
    complain(shell_.options().tool, (shell_.line == 0 ? "" : "line " + std::to_string(shell_.line) + ": ") + text);
}

bool ScriptRunner::connect() {
    Messages messages(shell_.options().tool);
    const auto work = [](Shell& shell, Messages& to) -> awaitable<int> {
        auto connecting = shell.connect(to);
        const auto connected = co_await std::move(connecting);
        if (!connected) to.report("", connected.error());
        co_return to.status();
    };
    const int status = runner_.run(work(shell_, messages), time_left());
    note(status);
    stopped_ = stopped_ || status != EXIT_DONE;
    return status == EXIT_DONE;
}

void ScriptRunner::run_step(std::size_t line, const Prepared& command) {
    shell_.line = line;
    note(runner_.run(execute(shell_, command), time_left()));
}

void ScriptRunner::run(const Script& script) {
    for (const auto& step : script.steps) {
        if (over()) return;
        run_step(step.line, step.command);
    }
}

void ScriptRunner::run_line(std::size_t line, std::string_view text) {
    const auto commands = check_line(text);
    if (!commands) {
        complain(shell_.options().tool, at_line(line, commands.error()).message());
        return note(EXIT_USAGE);
    }
    for (const auto& command : *commands) {
        if (over()) return;
        run_step(line, command);
    }
}

void ScriptRunner::run_input(int fd) {
    LineSource source(runner_, fd);
    for (std::size_t line = 1; !over(); ++line) {
        const auto text = source.next();
        if (!text) {
            if (runner_.take_interrupt()) note(EXIT_INTERRUPTED);
            return;
        }
        run_line(line, *text);
    }
}

int ScriptRunner::finish() {
    const auto work = [](Shell& shell) -> awaitable<int> {
        auto ending = shell.disconnect("p9sh ends");
        co_await std::move(ending);
        co_return EXIT_DONE;
    };
    (void)runner_.run(work(shell_), Duration::zero());
    return shell_.leaving && status_ == EXIT_DONE ? *shell_.leaving : status_;
}

}  // namespace p9::tools
