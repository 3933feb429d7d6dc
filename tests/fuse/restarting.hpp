// p9serve on a Unix socket, to be killed, stopped and started again.
#pragma once

#include "tests/fuse/mounted.hpp"

#include <sys/socket.h>
#include <sys/un.h>

namespace p9::test {

class RestartingServer {
public:
    /// `tree` is what it serves, as on its command line.
    RestartingServer(const Scratch& scratch, std::vector<std::string> tree)
        : tree_(std::move(tree)),
          socket_((scratch / "socket").string()),
          errors_((scratch / "server.errors").string()) {
        start();
    }
    ~RestartingServer() { kill(); }
    RestartingServer(const RestartingServer&) = delete;
    RestartingServer& operator=(const RestartingServer&) = delete;

    std::string address() const { return "unix!" + socket_; }
    void kill() {
        if (process_ <= 0) return;
        ::kill(process_, SIGKILL);
        ::waitpid(std::exchange(process_, -1), nullptr, 0);
    }
    /// Returns when it accepts connections.
    void start() {
        std::vector<std::string> words{std::string(P9_BINARY_DIR) + "/p9serve", "--listen", address()};
        words.insert(words.end(), tree_.begin(), tree_.end());
        process_ = start_program(words, errors_);
        while (!answers())
            if (::waitpid(process_, nullptr, WNOHANG) != 0) throw std::runtime_error(contents_of(errors_));
    }
    /// It takes no more requests, and its connections stay.
    void stop() { ::kill(process_, SIGSTOP); }
    void go_on() { ::kill(process_, SIGCONT); }

private:
    bool answers() const {
        const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, socket_.c_str(), sizeof address.sun_path - 1);
        const bool connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::close(probe);
        return connected;
    }

    std::vector<std::string> tree_;
    std::string socket_;
    std::string errors_;
    pid_t process_ = -1;
};

}  // namespace p9::test
