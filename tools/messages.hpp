// What a tool says on standard error, and the exit status that follows from it.
//
// One line for each complaint: `p9cat: /etc/shadow: Permission denied`. Names and words that came from elsewhere are
// escaped, so that they cannot drive the terminal. One thread.
#pragma once

#include "p9/error.hpp"
#include "p9/trace.hpp"

#include <string>
#include <string_view>

namespace p9::tools {

/// Exit statuses, which scripts rely on.
enum Exit : int {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,
    EXIT_USAGE = 2,
    EXIT_NO_CONNECTION = 3,
    EXIT_OUT_OF_TIME = 4,
    EXIT_PROTOCOL = 5,
    EXIT_INTERRUPTED = 130,
};

/// The status that `error` ends a tool with.
int status_of(const Error& error);
/// True if nothing more can come of this connection: further paths need not be tried.
bool ends_everything(const Error& error);

/// `text` as it may stand in one line on a terminal: escaped, but for its backslashes, because parts of it may have
/// been escaped already.
std::string one_line(std::string_view text);

/// Prints `TOOL: TEXT` as one line on standard error; the text, which may hold words of the server's, as `one_line`
/// has it.
void complain(std::string_view tool, std::string_view text);

/// Collects the exit status of a run and prints its complaints.
class Messages {
public:
    explicit Messages(std::string tool) : tool_(std::move(tool)) {}

    /// A line that is no error.
    void note(std::string_view text) const { complain(tool_, text); }
    /// `error` happened, to `what` if that is not empty. A cancellation prints nothing: whoever cancelled explains it.
    void report(std::string_view what, const Error& error);
    /// What to exit with: the status of the first error that ended everything, else of the first error.
    int status() const { return status_; }
    /// True once an error ended everything.
    bool hopeless() const { return hopeless_; }

private:
    std::string tool_;
    int status_ = EXIT_DONE;
    bool hopeless_ = false;
};

}  // namespace p9::tools
