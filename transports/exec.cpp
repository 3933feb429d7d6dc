#include "transports/exec.hpp"

#include "transports/child.hpp"
#include "transports/stream.hpp"

#include <boost/asio/this_coro.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

namespace p9::transports {
namespace {

namespace asio = boost::asio;

bool has_terminal() {
    const int terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) return false;
    ::close(terminal);
    return true;
}

struct SpawnSettings {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    SpawnSettings() {
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&attributes);
    }
};

// Starts the command with `stream` as its standard input and output; 0 or an errno.
//
// Ctrl-C must not end the command before our requests are flushed. Without a terminal it gets a process group of its
// own, which also lets close() end a whole pipeline. With one it has to stay in the foreground group, or ssh could not
// ask for a password there (it would be stopped by SIGTTIN); so it starts with SIGINT ignored, as under nohup.
int spawn(const std::string& command, int stream, bool own_group, pid_t& child) {
    SpawnSettings settings;
    posix_spawn_file_actions_adddup2(&settings.files, stream, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&settings.files, stream, STDOUT_FILENO);
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);  // ignored here, but a pipeline of commands ends by it
    posix_spawnattr_setsigmask(&settings.attributes, &none);
    posix_spawnattr_setsigdefault(&settings.attributes, &defaults);
    posix_spawnattr_setpgroup(&settings.attributes, 0);
    const int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (own_group ? POSIX_SPAWN_SETPGROUP : 0);
    posix_spawnattr_setflags(&settings.attributes, static_cast<short>(flags));
    const std::string script = own_group ? command : "trap '' INT\n" + command;
    const char* const arguments[] = {"sh", "-c", script.c_str(), nullptr};
    return posix_spawn(&child, "/bin/sh", &settings.files, &settings.attributes, const_cast<char**>(arguments),
                       environ);
}

}  // namespace

awaitable<Result<std::unique_ptr<Transport>>> dial_exec(ExecAddress address) {
    const auto executor = co_await asio::this_coro::executor;
    const std::string name = to_string(Address(address));
    const auto failure = [&name](int number) {
        return Error(errc::connection_failed, name + ": " + errno_message(number));
    };
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) co_return failure(errno);

    const bool own_group = !has_terminal();
    pid_t pid = -1;
    const int failed = spawn(address.command, pair[1], own_group, pid);
    ::close(pair[1]);
    if (failed != 0) {
        ::close(pair[0]);
        co_return Error(errc::connection_failed, name + ": /bin/sh: " + errno_message(failed));
    }
    // Ours only: the command expects a descriptor that blocks.
    (void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
    auto child = std::make_unique<Child>(executor, pid, own_group);
    Socket socket(executor);
    if (const auto refused = adopt_socket(socket, AF_UNIX, pair[0]))
        co_return Error(errc::connection_failed, name + ": " + describe(refused));
    make_room_for_messages(socket);
    co_return socket_transport(std::move(socket), name, std::move(child));
}

}  // namespace p9::transports
