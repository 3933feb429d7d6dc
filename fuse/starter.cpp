#include "fuse/starter.hpp"

#include "tools/messages.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace p9::fuse {
namespace {

std::string read_all(int descriptor) {
    std::string text;
    char chunk[512];
    for (;;) {
        const ssize_t n = ::read(descriptor, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return text;
        text.append(chunk, static_cast<std::size_t>(n));
    }
}

void write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(descriptor, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

int wait_for_report(int descriptor, pid_t child) {
    const std::string report = read_all(descriptor);
    if (report.empty()) {
        int status = 0;
        ::waitpid(child, &status, 0);
        const std::string how = WIFSIGNALED(status) ? std::string("by ") + ::strsignal(WTERMSIG(status)) : "early";
        tools::complain("p9fuse", "the mount's process ended " + how + "; nothing is mounted");
        return tools::EXIT_REFUSED;
    }
    const int status = static_cast<unsigned char>(report[0]);
    if (report.size() > 1) tools::complain("p9fuse", report.substr(1));
    return status;
}

}  // namespace

Starter::~Starter() {
    if (report_ >= 0) ::close(report_);
}

std::optional<int> Starter::begin(bool foreground) {
    if (foreground) return std::nullopt;
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        tools::complain("p9fuse", std::string("cannot make a pipe: ") + std::strerror(errno));
        return tools::EXIT_REFUSED;
    }
    const pid_t child = ::fork();
    if (child < 0) {
        tools::complain("p9fuse", std::string("cannot fork: ") + std::strerror(errno));
        return tools::EXIT_REFUSED;
    }
    if (child > 0) {
        ::close(ends[1]);
        return wait_for_report(ends[0], child);
    }
    ::close(ends[0]);
    report_ = ends[1];
    background_ = true;
    return std::nullopt;
}

void Starter::succeeded() {
    if (report_ < 0) return;
    ::setsid();
    // A daemon must not keep a file system busy; if this fails it does no harm beyond that.
    if (::chdir("/") != 0) errno = 0;
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing >= 0) {
        for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, standard);
        if (nothing > STDERR_FILENO) ::close(nothing);
    }
    write_all(report_, std::string(1, '\0'));
    ::close(report_);
    report_ = -1;
}

void Starter::failed(int status, std::string_view line) {
    if (report_ < 0) {
        if (!line.empty()) tools::complain("p9fuse", line);
        return;
    }
    write_all(report_, std::string(1, static_cast<char>(status)).append(line));
    ::close(report_);
    report_ = -1;
}

}  // namespace p9::fuse
