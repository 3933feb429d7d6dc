// Commands without a terminal: of -c, of a file, or from standard input.
//
// A script ends at its first error, which names its line. What is known in advance is checked before anything is done;
// standard input is taken a line at a time, so that a program can talk to p9sh.
#pragma once

#include "tools/p9sh/command.hpp"
#include "tools/p9sh/runner.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

/// A script that was found to make sense.
struct Script {
    struct Step {
        std::size_t line;
        Prepared command;
    };
    std::vector<Step> steps;
};

/// Checks a script. The error names the line.
Result<Script> check_script(std::string_view text);

class ScriptRunner {
public:
    /// `keep_going`: not to end at the first error.
    ScriptRunner(Shell& shell, Runner& runner, bool keep_going);

    /// Connects; false if that failed, and was reported.
    bool connect();
    void run(const Script& script);
    /// Runs what comes from the descriptor `fd`.
    void run_input(int fd);
    /// The status of the whole: that of the first error.
    int finish();

private:
    bool over() const;
    void run_step(std::size_t line, const Prepared& command);
    void run_line(std::size_t line, std::string_view text);
    void note(int status);
    Duration time_left();

    Shell& shell_;
    Runner& runner_;
    bool keep_going_;
    Clock::time_point deadline_ = Clock::time_point::max();
    int status_ = EXIT_DONE;
    bool stopped_ = false;
};

}  // namespace p9::tools
