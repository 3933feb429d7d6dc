// Implementation of terminal.hpp; it ends in _test.cpp to be part of the test program of this folder.
#include "tests/cli/terminal.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace p9::test {

Terminal::Terminal(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    winsize size{.ws_row = 50, .ws_col = 160, .ws_xpixel = 0, .ws_ypixel = 0};
    pid_ = ::forkpty(&fd_, nullptr, nullptr, &size);
    if (pid_ < 0) throw std::runtime_error("forkpty");
    if (pid_ == 0) {
        for (const char* name : {"P9_ADDRESS", "P9_ANAME", "P9_UNAME", "P9_MSIZE", "P9_DIALECT", "P9_TRACE"})
            ::unsetenv(name);
        for (const auto& each : environment) ::putenv(const_cast<char*>(each.c_str()));
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
}

Terminal::~Terminal() {
    ::kill(pid_, SIGKILL);
    ::close(fd_);
    ::waitpid(pid_, nullptr, 0);
}

void Terminal::type(std::string_view text) const {
    while (!text.empty()) {
        const ssize_t n = ::write(fd_, text.data(), text.size());
        if (n <= 0) break;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

void Terminal::hold() const {
    ::kill(pid_, SIGSTOP);
    (void)wait_until_stopped();
}

bool Terminal::wait_until_stopped() const {
    int status = 0;
    return ::waitpid(pid_, &status, WUNTRACED) == pid_ && WIFSTOPPED(status);
}

void Terminal::forget_what_was_typed() const {
    char name[64];
    if (::ptsname_r(fd_, name, sizeof name) != 0) return;
    const int other_end = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    ::tcflush(other_end, TCIFLUSH);
    ::close(other_end);
}

void Terminal::go_on() const { ::kill(pid_, SIGCONT); }

bool Terminal::wait_for(std::string_view text) {
    constexpr int patience = 20'000;  // milliseconds; only a test that fails waits for so long
    for (;;) {
        const auto at = seen_.find(text, looked_at_);
        if (at != std::string::npos) {
            looked_at_ = at + text.size();
            return true;
        }
        pollfd wait{fd_, POLLIN, 0};
        char buffer[4096];
        const ssize_t n = ::poll(&wait, 1, patience) == 1 ? ::read(fd_, buffer, sizeof buffer) : -1;
        if (n <= 0) {
            ADD_FAILURE() << "\"" << text << "\" never came; what came was:\n" << seen_.substr(looked_at_);
            return false;
        }
        seen_.append(buffer, static_cast<std::size_t>(n));
    }
}

}  // namespace p9::test
