#include "tools/glob.hpp"
#include "tools/local_command.hpp"
#include "tools/p9sh/command.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace p9::tools {
namespace {

/// The pipe to a command of this machine. Both ends are closed when it goes, if they have not been.
struct Pipe {
    int ends[2] = {-1, -1};
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    Pipe() = default;
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    void close_end(int which) {
        if (ends[which] >= 0) ::close(ends[which]);
        ends[which] = -1;
    }
};

awaitable<bool> was_cancelled() {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    co_return state.cancelled() != boost::asio::cancellation_type::none;
}

/// Runs the command itself, with its output to `fd`.
awaitable<int> run_command(Shell& shell, const Prepared& prepared, int fd) {
    const Command& command = *prepared.command;
    Messages messages(shell.complaint_prefix(command.name));
    Output out(co_await boost::asio::this_coro::executor, fd, fd == STDOUT_FILENO ? "standard output" : "the pipe");
    if (const auto lost = shell.lost(); lost && command.needs_session) {
        messages.report("", Error(lost->code, lost->message() + "; reconnect dials again"));
        co_return messages.status();
    }
    const auto client = shell.client();  // reconnect makes another
    Call call{shell, prepared.arguments, {shell.options(), messages, out, *client, shell.directory()}, {}};
    auto running = command.run(call);
    co_await std::move(running);
    auto flushing = out.flush();
    co_await std::move(flushing);
    if (out.failure() && !out.reader_gone()) messages.report("", *out.failure());
    const bool cancelled = co_await was_cancelled();
    if (cancelled && !call.status) co_return EXIT_INTERRUPTED;
    co_return call.status.value_or(messages.status());
}

/// The status of a command of this machine, as ours.
int local_status(Shell& shell, const Result<int>& ended) {
    const Messages messages(shell.complaint_prefix("sh"));
    if (!ended) {
        if (ended.error().code != make_error_code(errc::cancelled)) messages.note(ended.error().message());
        return status_of(ended.error());
    }
    if (*ended == 0) return EXIT_DONE;
    // On a terminal the command has said what is wrong, or nothing is, as with grep(1).
    if (!shell.interactive()) messages.note("the command of this machine ended with status " + std::to_string(*ended));
    return EXIT_REFUSED;
}

awaitable<int> run_local(Shell& shell, const std::string& command) {
    Surroundings surroundings;
    surroundings.input = STDIN_FILENO;
    surroundings.own_group = false;
    auto started = LocalCommand::start(command, surroundings);
    if (!started) co_return local_status(shell, started.error());
    auto waiting = started->wait();
    const auto ended = co_await std::move(waiting);
    co_return local_status(shell, ended);
}

}  // namespace

awaitable<int> execute(Shell& shell, const Prepared& prepared) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (prepared.command == nullptr) co_return co_await run_local(shell, prepared.local);
    if (prepared.local.empty()) co_return co_await run_command(shell, prepared, STDOUT_FILENO);

    Pipe pipe;
    if (::pipe2(pipe.ends, O_CLOEXEC) != 0) co_return local_status(shell, Error::from_errno(errno));
    Surroundings surroundings;
    surroundings.input = pipe.ends[0];
    surroundings.own_group = false;
    auto started = LocalCommand::start(prepared.local, surroundings);
    if (!started) co_return local_status(shell, started.error());
    pipe.close_end(0);
    const int status = co_await run_command(shell, prepared, pipe.ends[1]);
    pipe.close_end(1);
    auto waiting = started->wait();
    const auto ended = co_await std::move(waiting);
    if (status != EXIT_DONE) co_return status;
    co_return local_status(shell, ended);
}

std::string Call::shown(std::string_view name) const {
    return context.out.terminal() ? escaped(name) : std::string(name);
}

awaitable<std::vector<std::string>> remote_paths(Call& call, std::size_t first, std::size_t last) {
    std::vector<std::string> all;
    for (std::size_t i = first; i < last; ++i) {
        const Word& word = call.arguments.operands[i];
        if (word.text.empty()) {
            call.messages().report("", Error::from_errno(ENOENT, "an empty path names no file"));
            continue;
        }
        if (!word.globs) {
            all.push_back(word.text);
            continue;
        }
        auto expanding = expand(call.client(), call.messages(), {word.pattern}, Literal::last, call.context.directory);
        auto found = co_await std::move(expanding);
        all.insert(all.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
    }
    co_return all;
}

awaitable<std::vector<std::string>> remote_paths(Call& call) {
    co_return co_await remote_paths(call, 0, call.arguments.operands.size());
}

}  // namespace p9::tools
