#include "tools/local_command.hpp"

#include <boost/asio/as_tuple.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace p9::tools {
namespace {

/// How long a command has to end after SIGTERM.
constexpr int grace_milliseconds = 2000;

/// The environment of this program with `extra` in it.
std::vector<std::string> environment_with(const Environment& extra) {
    std::vector<std::string> all;
    for (char** at = environ; *at != nullptr; ++at) {
        const std::string_view entry = *at;
        const std::string_view name = entry.substr(0, entry.find('='));
        if (std::ranges::none_of(extra, [name](const auto& each) { return each.first == name; }))
            all.emplace_back(entry);
    }
    for (const auto& [name, value] : extra) all.emplace_back(name).append("=").append(value);
    return all;
}

/// posix_spawn's settings, which need to be destroyed.
struct SpawnSettings {
    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
    SpawnSettings() {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
    }
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
};

Result<pid_t> spawn_shell(const std::string& command, const Surroundings& surroundings) {
    SpawnSettings settings;
    if (surroundings.input < 0)
        posix_spawn_file_actions_addopen(&settings.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    else if (surroundings.input != STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&settings.actions, surroundings.input, STDIN_FILENO);
    if (surroundings.output != STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&settings.actions, surroundings.output, STDOUT_FILENO);
    sigset_t defaults;
    sigemptyset(&defaults);
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGTSTP, SIGWINCH}) sigaddset(&defaults, number);
    posix_spawnattr_setsigdefault(&settings.attributes, &defaults);
    posix_spawnattr_setpgroup(&settings.attributes, 0);
    const int group = surroundings.own_group ? POSIX_SPAWN_SETPGROUP : 0;
    posix_spawnattr_setflags(&settings.attributes, static_cast<short>(group | POSIX_SPAWN_SETSIGDEF));
    auto variables = environment_with(surroundings.extra);
    std::vector<char*> envp;
    envp.reserve(variables.size() + 1);
    for (auto& variable : variables) envp.push_back(variable.data());
    envp.push_back(nullptr);
    std::string shell = "sh", option = "-c", text = command;
    char* argv[] = {shell.data(), option.data(), text.data(), nullptr};
    pid_t pid = -1;
    const int failed = posix_spawn(&pid, "/bin/sh", &settings.actions, &settings.attributes, argv, envp.data());
    if (failed != 0) return Error::from_errno(failed, "/bin/sh: " + errno_message(failed));
    return pid;
}

int reap(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Ends the group. This blocks: whoever was interrupted has nothing else to do.
void end_group(pid_t pid, int pidfd) {
    ::kill(-pid, SIGTERM);
    pollfd end{pidfd, POLLIN, 0};
    if (pidfd < 0 || ::poll(&end, 1, grace_milliseconds) <= 0) ::kill(-pid, SIGKILL);
    reap(pid);
}

}  // namespace

Result<LocalCommand> LocalCommand::start(const std::string& command, const Surroundings& surroundings) {
    const auto spawned = spawn_shell(command, surroundings);
    if (!spawned) return spawned.error();
    return LocalCommand(*spawned, surroundings.own_group);
}

awaitable<Result<int>> LocalCommand::wait() {
    namespace asio = boost::asio;
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (pidfd < 0) co_return reap(pid_);  // a kernel before 5.3: it ends before we can be interrupted
    asio::posix::stream_descriptor end(co_await asio::this_coro::executor, pidfd);
    bool given_up = false;
    for (;;) {
        const auto before = co_await asio::this_coro::cancellation_state;
        if (before.cancelled() != asio::cancellation_type::none) {
            if (own_group_) {
                end_group(pid_, pidfd);
                co_return Error(errc::cancelled);
            }
            given_up = true;
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        }
        auto waiting = end.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
        const auto [failed] = co_await std::move(waiting);
        if (failed) continue;
        const int status = reap(pid_);
        if (given_up) co_return Error(errc::cancelled);
        co_return status;
    }
}

awaitable<Result<int>> run_shell(std::string command, Environment extra, int output) {
    Surroundings surroundings;
    surroundings.extra = std::move(extra);
    surroundings.output = output;
    auto started = LocalCommand::start(command, surroundings);
    if (!started) co_return started.error();
    auto waiting = started->wait();
    co_return co_await std::move(waiting);
}

}  // namespace p9::tools
