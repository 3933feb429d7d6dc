// trace: every message, as it goes.
#include "tools/p9sh/command.hpp"

#include <cerrno>

namespace p9::tools {

Result<void> check_trace(const Arguments& arguments) {
    if (arguments.operands.empty()) return {};
    const std::string& word = arguments.text(0);
    if (word != "on" && word != "off") return Error::from_errno(EINVAL, "expected on or off");
    if (word == "off" && arguments.operands.size() > 1) return Error::from_errno(EINVAL, "off takes no file");
    return {};
}

awaitable<void> run_trace(Call& call) {
    const auto& words = call.arguments.operands;
    if (words.empty()) {
        call.out().put(call.shell.tracing() ? "on\n" : "off\n");
        co_return;
    }
    std::optional<std::string> where;
    if (words[0].text == "on") where = words.size() > 1 ? words[1].text : "-";
    const auto done = call.shell.trace(where);
    if (!done) call.messages().report("", done.error());
}

}  // namespace p9::tools
