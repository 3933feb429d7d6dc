// A line on the terminal that says how far a copy has come.
#pragma once

#include "p9/task.hpp"
#include "p9/types.hpp"

#include <string>

namespace p9::tools {

/// Rewrites one line of standard error, at most ten times a second. Silent unless enabled and standard error is a
/// terminal.
class Progress {
public:
    explicit Progress(bool wanted);

    /// A file of `expected` bytes begins (0: nobody knows).
    void begin(const std::string& path, u64 expected);
    void advance(u64 bytes);
    /// The file is done: the line stays as it is now.
    void end();

private:
    void draw();

    bool enabled_;
    std::string name_;
    u64 expected_ = 0;
    u64 done_ = 0;
    Clock::time_point begin_;
    Clock::time_point next_;
};

/// A number of bytes as people read it: "12.3 MiB".
std::string readable_bytes(u64 bytes);

}  // namespace p9::tools
