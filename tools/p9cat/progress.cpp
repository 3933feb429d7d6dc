#include "tools/p9cat/progress.hpp"

#include "p9/trace.hpp"

#include <unistd.h>

#include <cstdio>

namespace p9::tools {

std::string readable_bytes(u64 bytes) {
    static constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < std::size(units)) {
        value /= 1024;
        ++unit;
    }
    char text[32];
    std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return text;
}

Progress::Progress(bool wanted) : enabled_(wanted && isatty(STDERR_FILENO) == 1) {}

void Progress::begin(const std::string& path, u64 expected) {
    if (!enabled_) return;
    name_ = escaped(path);
    expected_ = expected;
    done_ = 0;
    begin_ = Clock::now();
    next_ = begin_ + std::chrono::milliseconds(100);
}

void Progress::advance(u64 bytes) {
    if (!enabled_) return;
    done_ += bytes;
    const auto now = Clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    draw();
}

void Progress::end() {
    if (!enabled_) return;
    draw();
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, "\n", 1);
}

void Progress::draw() {
    const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
    std::string line = "\r" + name_ + ": " + readable_bytes(done_);
    if (expected_ != 0) {
        const auto percent =
            std::min<u64>(100, static_cast<u64>(100.0 * static_cast<double>(done_) / static_cast<double>(expected_)));
        line += " of " + readable_bytes(expected_) + ", " + std::to_string(percent) + "%";
    }
    line += ", " + readable_bytes(static_cast<u64>(rate)) + "/s";
    if (expected_ > done_ && rate > 0) {
        // A server may name any size: years of it would not fit into the number.
        const auto left = static_cast<u64>(std::min(static_cast<double>(expected_ - done_) / rate + 0.5, 1e9));
        char text[40];
        std::snprintf(text, sizeof text, ", %llu:%02llu left", static_cast<unsigned long long>(left / 60),
                      static_cast<unsigned long long>(left % 60));
        line += text;
    }
    line += "\x1b[K";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace p9::tools
