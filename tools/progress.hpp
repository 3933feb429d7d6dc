// A line on the terminal that says how far a copy has come.
#pragma once

#include "p9/task.hpp"
#include "p9/types.hpp"

#include <string>

namespace p9::tools {

/// Rewrites one line of standard error, at most ten times a second. One thread.
class Progress {
public:
    enum class When : u8 { never, on_terminal, always };

    explicit Progress(When when);
    /// `wanted`: on a terminal.
    explicit Progress(bool wanted) : Progress(wanted ? When::on_terminal : When::never) {}

    /// A file of `expected` bytes begins (0: nobody knows), or a copy of many.
    void begin(const std::string& path, u64 expected);
    void advance(u64 bytes);
    /// The file is done: the line stays as it is now.
    void end();

    // For a copy of many files, after `begin`.

    /// Nothing is shown before so much time has passed: what is over in a moment needs no line.
    void wait_first(Duration time) { next_ = begin_ + time; }
    /// More was found that is to be copied. `all`: nothing else will be.
    void found(u64 files) { files_ += files; }
    void found_all() { all_found_ = true; }
    void expect(u64 bytes) { expected_ += bytes; }
    /// Bytes that are there already: they count as done, and not in the rate.
    void skip(u64 bytes);
    void file_done();
    /// Takes the line away, so that something else can be printed.
    void make_room();

private:
    void look();
    void draw();
    double seconds_left(double seconds) const;

    bool enabled_;
    bool shown_ = false;
    std::string name_;
    u64 expected_ = 0;
    u64 done_ = 0;
    u64 skipped_ = 0;
    u64 files_ = 0;
    u64 files_done_ = 0;
    bool all_found_ = true;
    Clock::time_point begin_;
    Clock::time_point next_;
};

/// A number of bytes as people read it: "12.3 MiB".
std::string readable_bytes(u64 bytes);

}  // namespace p9::tools
