// A mount whose messages are counted, of a directory that both sides can change.
#pragma once

#include "tests/fuse/served.hpp"
#include "tests/fuse/trace.hpp"

#include <sys/stat.h>

namespace p9::test {

class Cache : public ServedMountTest {
protected:
    /// Mounts with a trace of what is sent.
    void mount_traced(const std::string& options) {
        trace_ = (scratch_ / "trace").string();
        mount(options + ",trace=" + trace_);
    }
    /// How many of these messages were sent so far.
    std::size_t sent(const std::string& message) const { return occurrences(contents_of(trace_), " " + message + " "); }
    /// Puts text into a file, in place.
    static void put(const std::string& path, const std::string& text) {
        const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644);
        EXPECT_EQ(::write(file, text.data(), text.size()), static_cast<ssize_t>(text.size())) << path;
        ::close(file);
    }
    /// Returns when the server's file system stamps changes with a time that is some ticks later than now.
    void let_ticks_pass() {
        const auto stamped = [&] {
            put(there("tick"), "");
            struct stat status{};
            ::stat(there("tick").c_str(), &status);
            return status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec;
        };
        const auto begin = stamped();
        while (stamped() < begin + 60'000'000) {
        }
    }

    std::string trace_;
};

}  // namespace p9::test
