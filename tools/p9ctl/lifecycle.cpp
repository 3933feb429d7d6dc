// start, stop, restart, remove and set: one command to a server's ctl file.
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/ctl.hpp"
#include "tools/words.hpp"

#include <algorithm>

namespace p9::tools {
namespace {

/// After this the names of servers may mean others.
bool changes_names(std::string_view text) { return text == "remove" || text.starts_with("name "); }

awaitable<void> tell_servers(Ctl& ctl, std::vector<std::string> servers, std::string text) {
    // One after the other: a server may need the one that was named before it.
    for (const auto& server : servers) {
        const Where where = server_file(server, "ctl");
        const auto sent = co_await send_to(ctl, where, text);
        if (changes_names(text)) ctl.files.clear();
        if (!sent) ctl.sink.fail(server, sent.error());
        if (ctl.sink.hopeless()) co_return;
    }
}

Result<Action> prepare_verb(const Arguments& arguments, std::string verb) {
    for (const auto& server : arguments.words)
        if (auto checked = check_server(server); !checked) return checked.error();
    return Action(
        [servers = arguments.words, verb = std::move(verb)](Ctl& ctl) { return tell_servers(ctl, servers, verb); });
}

}  // namespace

Result<Action> prepare_start(const Arguments& arguments) { return prepare_verb(arguments, "start"); }
Result<Action> prepare_stop(const Arguments& arguments) { return prepare_verb(arguments, "stop"); }
Result<Action> prepare_restart(const Arguments& arguments) { return prepare_verb(arguments, "restart"); }
Result<Action> prepare_remove(const Arguments& arguments) { return prepare_verb(arguments, "remove"); }

Result<Action> prepare_set(const Arguments& arguments) {
    if (auto checked = check_server(arguments.words[0]); !checked) return checked.error();
    std::string text = joined(arguments.words, 1);
    if (text.find_first_not_of(" \t") == text.npos) return Error::from_errno(EINVAL, "set: the command is empty");
    if (text.find_first_of(std::string_view("\n\r\0", 3)) != text.npos)
        return Error::from_errno(EINVAL, "set: a command is one line");
    return Action([servers = std::vector<std::string>{arguments.words[0]}, text = std::move(text)](Ctl& ctl) {
        return tell_servers(ctl, servers, text);
    });
}

}  // namespace p9::tools
