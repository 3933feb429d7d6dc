#include "tools/p9ctl/shell.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

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

Result<pid_t> spawn_shell(const std::string& command, const Environment& extra, int output) {
    SpawnSettings settings;
    posix_spawn_file_actions_addopen(&settings.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (output != STDOUT_FILENO) posix_spawn_file_actions_adddup2(&settings.actions, output, STDOUT_FILENO);
    sigset_t defaults;
    sigemptyset(&defaults);
    for (const int number : {SIGPIPE, SIGINT, SIGTERM}) sigaddset(&defaults, number);
    posix_spawnattr_setsigdefault(&settings.attributes, &defaults);
    posix_spawnattr_setpgroup(&settings.attributes, 0);
    posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    auto variables = environment_with(extra);
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

awaitable<Result<int>> run_shell(std::string command, Environment extra, int output) {
    namespace asio = boost::asio;
    const auto spawned = spawn_shell(command, extra, output);
    if (!spawned) co_return spawned.error();
    const pid_t pid = *spawned;
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0) co_return reap(pid);  // a kernel before 5.3: it ends before we can be interrupted
    asio::posix::stream_descriptor end(co_await asio::this_coro::executor, pidfd);
    const auto before = co_await asio::this_coro::cancellation_state;
    if (before.cancelled() == asio::cancellation_type::none) {
        auto waiting = end.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
        const auto [failed] = co_await std::move(waiting);
        if (!failed) co_return reap(pid);
    }
    end_group(pid, pidfd);
    co_return Error(errc::cancelled);
}

}  // namespace p9::tools
