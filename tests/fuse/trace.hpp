// What p9fuse has sent and received, as its option `trace` writes it down.
#pragma once

#include "tests/fuse/mounted.hpp"

#include <sys/inotify.h>

namespace p9::test {

inline std::size_t occurrences(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
    return count;
}

/// Returns once the trace has `count` lines with `what`; the test's own time limit ends a wait for nothing.
inline void wait_for_trace(const std::string& trace, const std::string& what, std::size_t count) {
    const int changes = ::inotify_init1(IN_CLOEXEC);
    ::inotify_add_watch(changes, trace.c_str(), IN_MODIFY);
    while (occurrences(contents_of(trace), what) < count) {
        char event[4096];
        if (::read(changes, event, sizeof event) <= 0) break;
    }
    ::close(changes);
}

}  // namespace p9::test
