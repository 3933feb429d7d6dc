#include "tests/support/diod.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace p9::test {
namespace {

std::string find_diod() {
    // Debian puts it into /usr/sbin, which is not in every user's PATH.
    for (const char* path : {"/usr/sbin/diod", "/usr/local/sbin/diod", "/usr/bin/diod"}) {
        if (::access(path, X_OK) == 0) return path;
    }
    return "";
}

int port_of(int socket) {
    sockaddr_in name{};
    socklen_t size = sizeof name;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&name), &size);
    return ntohs(name.sin_port);
}

sockaddr_in loopback(int port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons(static_cast<std::uint16_t>(port));
    return name;
}

/// A port that was free a moment ago; whoever takes it first has it, so that starting may have to be repeated.
int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in name = loopback(0);
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) throw std::runtime_error("bind");
    const int port = port_of(socket);
    ::close(socket);
    return port;
}

bool accepts(const std::string& listen) {
    const auto colon = listen.rfind(':');
    const bool tcp = listen[0] != '/';
    const int socket = ::socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = 0;
    if (tcp) {
        const sockaddr_in name = loopback(std::stoi(listen.substr(colon + 1)));
        failed = ::connect(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name);
    } else {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::strncpy(name.sun_path, listen.c_str(), sizeof name.sun_path - 1);
        failed = ::connect(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name);
    }
    ::close(socket);
    return failed == 0;
}

}  // namespace

std::string Diod::why_not() { return find_diod().empty() ? "diod is not installed" : ""; }

Diod::Diod(const std::string& directory, Kind kind, const std::string& options)
    : aname_(std::filesystem::canonical(directory)) {
    char folder[] = "/tmp/p9-diod-XXXXXX";
    if (::mkdtemp(folder) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = folder;
    if (find_diod().empty()) throw std::runtime_error("diod is not installed");
    for (int attempt = 0; attempt < 5; ++attempt) {
        const std::string listen = kind == Kind::tcp ? "127.0.0.1:" + std::to_string(free_port()) : folder_ + "/socket";
        if (start(listen, options)) {
            address_ = kind == Kind::tcp ? "tcp!127.0.0.1!" + listen.substr(10) : "unix!" + listen;
            return;
        }
    }
    std::ifstream log(folder_ + "/log");
    throw std::runtime_error("diod does not start: " + std::string(std::istreambuf_iterator<char>(log), {}));
}

bool Diod::start(const std::string& listen, const std::string& options) {
    const std::string program = find_diod();
    const std::string log = folder_ + "/log";
    std::vector<const char*> argv{program.c_str(), "-f", "-n",           "-c", "/dev/null",   "-L",
                                  log.c_str(),     "-l", listen.c_str(), "-e", aname_.c_str()};
    if (!options.empty()) argv.insert(argv.end(), {"-o", options.c_str()});
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::execv(program.c_str(), const_cast<char* const*>(argv.data()));
        ::_exit(127);
    }
    // diod does not tell when it is ready; asking again, with a wait for its end in between, is all there is.
    const int end = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    bool running = true;
    while (running && !accepts(listen)) {
        pollfd ended{end, POLLIN, 0};
        running = ::poll(&ended, 1, 2) == 0;
    }
    ::close(end);
    if (!running) {
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    return running;
}

void Diod::kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

Diod::~Diod() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

}  // namespace p9::test
