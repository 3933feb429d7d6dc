// What p9doctor found, a line for each step, for people or as JSON.
//
// The lines appear as they are added and flushed. One thread.
#pragma once

#include "tools/messages.hpp"
#include "tools/output.hpp"

#include <string>
#include <string_view>

namespace p9::doctor {

/// How a step went.
enum class Finding : u8 {
    ok,
    note,  ///< it works, with something to know
    fail,
    skip,  ///< not tried
};

std::string_view word_of(Finding finding);

/// What a step found, and what may help.
struct Found {
    Finding finding = Finding::ok;
    std::string text;
    std::string advice;
    int status = tools::EXIT_REFUSED;  ///< of p9doctor, if this is the first failure
};

/// One line of the report: JSON, or words with the advice on lines of its own.
std::string line_of(std::string_view step, const Found& found, bool json);

class Report {
public:
    Report(tools::Output& out, bool json) : out_(out), json_(json) {}

    /// Adds what a step found and prints it. Names and words of the server's in it are escaped here.
    awaitable<void> add(std::string step, Found found);
    /// The exit status: that of the first failure.
    int status() const { return status_; }

private:
    tools::Output& out_;
    bool json_;
    int status_ = tools::EXIT_DONE;
};

}  // namespace p9::doctor
