#include "tools/progress.hpp"

#include "p9/trace.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

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

Progress::Progress(When when)
    : enabled_(when == When::always || (when == When::on_terminal && isatty(STDERR_FILENO) == 1)) {}

void Progress::begin(const std::string& path, u64 expected) {
    if (!enabled_) return;
    name_ = path.empty() ? "" : escaped(path) + ": ";
    expected_ = expected;
    done_ = skipped_ = files_ = files_done_ = 0;
    all_found_ = !path.empty();
    begin_ = Clock::now();
    next_ = begin_ + std::chrono::milliseconds(100);
}

void Progress::advance(u64 bytes) {
    done_ += bytes;
    look();
}

void Progress::skip(u64 bytes) {
    done_ += bytes;
    skipped_ += bytes;
}

void Progress::file_done() {
    ++files_done_;
    look();
}

void Progress::look() {
    if (!enabled_) return;
    const auto now = Clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    draw();
}

void Progress::end() {
    // A copy of many that was over before its first line says nothing.
    if (!enabled_ || (name_.empty() && !shown_)) return;
    draw();
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, "\n", 1);
    shown_ = false;
}

void Progress::make_room() {
    if (!std::exchange(shown_, false)) return;
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, "\r\x1b[K", 4);
}

/// By the slower of the two: a few bytes in many files take their time too.
double Progress::seconds_left(double seconds) const {
    if (!all_found_ || seconds <= 0) return -1;
    double left = -1;
    if (expected_ > done_ && done_ > skipped_)
        left = static_cast<double>(expected_ - done_) * seconds / static_cast<double>(done_ - skipped_);
    if (files_ > files_done_ && files_done_ != 0)
        left = std::max(left, static_cast<double>(files_ - files_done_) * seconds / static_cast<double>(files_done_));
    return left;
}

void Progress::draw() {
    const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    const double rate = seconds > 0 ? static_cast<double>(done_ - skipped_) / seconds : 0;
    std::string line = "\r" + name_ + readable_bytes(done_);
    if (expected_ != 0) {
        const auto percent =
            std::min<u64>(100, static_cast<u64>(100.0 * static_cast<double>(done_) / static_cast<double>(expected_)));
        line += " of " + readable_bytes(expected_) + (all_found_ ? "" : "+") + ", " + std::to_string(percent) + "%";
    }
    line += ", " + readable_bytes(static_cast<u64>(rate)) + "/s";
    if (const double left = seconds_left(seconds); left >= 0) {
        // A server may name any size: years of it would not fit into the number.
        const auto whole = static_cast<u64>(std::min(left + 0.5, 1e9));
        char text[40];
        std::snprintf(text, sizeof text, ", %llu:%02llu left", static_cast<unsigned long long>(whole / 60),
                      static_cast<unsigned long long>(whole % 60));
        line += text;
    }
    if (files_ > 1 || !all_found_)
        line +=
            ", " + std::to_string(files_done_) + " of " + std::to_string(files_) + (all_found_ ? "" : "+") + " files";
    line += "\x1b[K";
    shown_ = true;
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace p9::tools
