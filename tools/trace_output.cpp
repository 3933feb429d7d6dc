#include "tools/trace_output.hpp"

#include "p9/wire.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>

namespace p9::tools {
namespace {

/// A descriptor, closed if it is our own.
class TraceFile {
public:
    TraceFile(int fd, bool own) : fd_(fd), own_(own) {}
    ~TraceFile() {
        if (own_) ::close(fd_);
    }
    TraceFile(const TraceFile&) = delete;
    TraceFile& operator=(const TraceFile&) = delete;

    void line(const std::string& text) const {
        // A trace that cannot be written (disk full, terminal gone) must not end the work that it watches.
        std::string_view rest = text;
        while (!rest.empty()) {
            const ssize_t n = ::write(fd_, rest.data(), rest.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return;
            rest.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

private:
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    int fd_;
    bool own_;
};

}  // namespace

std::string trace_line(Direction direction, Bytes frame, Dialect dialect) {
    std::string line = (direction == Direction::sent ? "-> " : "<- ") + describe(frame, dialect);
    if (frame.size() < HEADER_SIZE || header_of(frame).type != Rlerror::type) return line;
    const auto error = decode<Rlerror>(body_of(frame), dialect);
    if (error) line += " (" + Error::from_errno(static_cast<int>(error->ecode)).message() + ")";
    return line;
}

Result<std::function<void(const std::string&)>> open_trace_lines(const std::string& where) {
    int fd = STDERR_FILENO;
    if (where != "-") {
        fd = ::open(where.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
        if (fd < 0) return Error::from_errno(errno, where + ": " + errno_message(errno));
    }
    auto file = std::make_shared<TraceFile>(fd, where != "-");
    return std::function<void(const std::string&)>([file](const std::string& text) {
        char head[40];
        std::snprintf(head, sizeof head, "%10.6f ", file->seconds());
        file->line(head + text + "\n");
    });
}

Result<Tracer> open_trace(const std::string& where) {
    auto lines = open_trace_lines(where);
    if (!lines) return lines.error();
    return Tracer([line = *std::move(lines)](Direction direction, Bytes frame, Dialect dialect) {
        line(trace_line(direction, frame, dialect));
    });
}

}  // namespace p9::tools
