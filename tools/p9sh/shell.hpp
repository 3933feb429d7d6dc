// What the commands of p9sh share: the connection, where one is, and what is to be seen of the conversation.
//
// One Shell for one run, on one thread. Its session is never replaced behind a command's back: when the connection is
// lost, commands say so until `reconnect`, because fids, locks and half-done work of the old conversation are gone and
// whoever debugs a server wants to know.
#pragma once

#include "p9/client.hpp"
#include "tools/messages.hpp"
#include "tools/options.hpp"
#include "tools/p9sh/traffic.hpp"

#include <functional>
#include <memory>
#include <string>

namespace p9::tools {

class RawConversation;

class Shell {
public:
    explicit Shell(const CommonOptions& options, bool interactive);
    ~Shell();
    Shell(const Shell&) = delete;
    Shell& operator=(const Shell&) = delete;

    const CommonOptions& options() const { return options_; }
    bool interactive() const { return interactive_; }

    /// Connects, or connects again.
    awaitable<Result<void>> connect(const Messages& messages);
    /// Ends the conversations in order; `why` is what commands hear that want one.
    awaitable<void> disconnect(std::string why);
    /// Ends the session at once: somebody does not want to wait for it.
    void abort();
    /// Why there is no session; nothing if there is one.
    std::optional<Error> lost() const;
    /// The client; empty without a session. Replaced when a connection is made or ended.
    const std::shared_ptr<Client>& client() const { return client_; }

    /// The directory on the server, from the attached root.
    const std::string& directory() const { return directory_; }
    void directory(std::string path);
    /// The one before, for `cd -`.
    const std::string& previous_directory() const { return previous_; }
    /// `path` from the attached root, without "." and "..".
    std::string absolute(const std::string& path) const;
    std::string prompt() const;

    /// The session's messages.
    const Traffic& traffic() const { return traffic_; }
    /// Prints every message to the file `where` from now on ("-": standard error), or none.
    Result<void> trace(const std::optional<std::string>& where);
    bool tracing() const { return static_cast<bool>(trace_); }
    /// The trace, for messages of other connections; `label` stands before them.
    void trace_message(Direction direction, Bytes frame, Dialect dialect, std::string_view label) const;

    /// Called before and after a line of the trace goes to the terminal.
    std::function<void()> before_trace, after_trace;
    /// The conversation of `raw`; null until it is first used.
    std::unique_ptr<RawConversation> raw;
    /// What to exit with, once somebody wants to.
    std::optional<int> leaving;
    /// The line of the script that is being run; 0 on a terminal.
    std::size_t line = 0;
    /// What stands before a complaint about `command`.
    std::string complaint_prefix(std::string_view command) const;

private:
    CommonOptions options_;
    bool interactive_;
    std::string directory_ = "/";
    std::string previous_;
    Traffic traffic_;
    std::function<void(const std::string&)> trace_;
    bool trace_on_terminal_ = false;
    std::string why_none_ = "there is no connection";
    std::shared_ptr<Client> client_ = std::make_shared<Client>();  // the last member: its end tells traffic_
};

}  // namespace p9::tools
