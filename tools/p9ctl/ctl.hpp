// What the commands of p9ctl work with: the server, the SIP tree in it, open files, and where lines and complaints go.
//
// Everything belongs to one run and one thread. Commands run one after the other; within one, requests that do not
// depend on each other go out together.
#pragma once

#include "p9/client.hpp"
#include "tools/file_text.hpp"
#include "tools/options.hpp"
#include "tools/p9ctl/open_files.hpp"
#include "tools/p9ctl/sip_tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

/// Where a command's output goes.
class Sink {
public:
    virtual ~Sink() = default;
    /// Adds lines. What lacks a newline at its end gets one.
    virtual void lines(std::string_view text) = 0;
    /// Adds one line that is a JSON object.
    virtual void object(std::string_view json) = 0;
    /// Adds bytes as they are.
    virtual void raw(std::string_view bytes) = 0;
    /// `error` happened, to `what` if that is not empty. The command may go on with something else.
    virtual void fail(std::string_view what, const Error& error) = 0;
    /// The answer to a question is no (--check): exit status 1, `why` only where a line is due anyway.
    virtual void answer_no(std::string_view why) = 0;
    /// The status to exit with, unless it has been decided.
    virtual void end_with(int status) = 0;
    /// A remark that is no error.
    virtual void note(std::string_view text) = 0;
    /// True when there is enough for a flush.
    virtual bool full() const = 0;
    /// Shows what has been added so far. False if nobody reads it any more.
    virtual awaitable<bool> flush() = 0;
    /// True if nothing more can come of this connection.
    virtual bool hopeless() const = 0;
    /// True if the lines of a command are objects even without --json.
    virtual bool wants_json() const { return false; }
    /// The descriptor for the output of programs that a command runs.
    virtual int program_output() const { return 1; }
};

struct Ctl {
    Ctl(const CommonOptions& o, Client& c, Sink& s, SipTree t) : options(o), client(c), sink(s), tree(std::move(t)) {}

    const CommonOptions& options;
    Client& client;
    Sink& sink;
    SipTree tree;
    OpenFiles files;
    std::vector<File> held;  ///< stay open until the end
    bool batch = false;
};

/// True if the coroutine that asks has been cancelled.
awaitable<bool> interrupted();

/// Opens a file.
awaitable<Result<File>> open_at(Ctl& ctl, Where where, OpenFlags flags);
/// The same of a file that is opened for it.
awaitable<Result<std::string>> read_text(Ctl& ctl, Where where);
/// Opens `where`, writes `text` and reads the one reply on the same fid; an empty one is an error.
awaitable<Result<std::string>> ask_at(Ctl& ctl, Where where, std::string text);
/// Writes `text` in one Twrite; the file may have been kept open from an earlier command.
awaitable<Result<void>> send_to(Ctl& ctl, Where where, std::string text);

}  // namespace p9::tools
