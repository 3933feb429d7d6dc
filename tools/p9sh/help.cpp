// help: one line each, or all of one.
#include "tools/p9sh/command.hpp"

#include "p9/trace.hpp"

#include <cerrno>

namespace p9::tools {
namespace {

constexpr std::string_view language =
    "\n"
    "  COMMAND | LOCAL COMMAND and COMMAND > LOCAL FILE: /bin/sh runs what follows, up to a ;\n"
    "  !LOCAL COMMAND: the rest of the line is for /bin/sh; # begins a comment\n"
    "  *, ?, [...] and ** stand for names on the server; quoting as in sh, and $'\\x01\\n'\n"
    "  Ctrl-C ends a command, after its requests were flushed. TAB completes.\n";

}  // namespace

std::string help_text(const Command* command) {
    std::string out;
    if (command != nullptr) {
        out = std::string(command->name) + " " + std::string(command->operands) + "\n" + std::string(command->summary) +
              "\n";
        if (!command->details.empty()) out += "\n" + std::string(command->details) + "\n";
        return out;
    }
    for (const auto& each : commands())
        out +=
            "  " + std::string(each.name) + std::string(11 - each.name.size(), ' ') + std::string(each.summary) + "\n";
    return out + std::string(language);
}

Result<void> check_help(const Arguments& arguments) {
    if (arguments.operands.empty() || find_command(arguments.text(0)) != nullptr) return {};
    return Error::from_errno(EINVAL, "no command is called \"" + escaped(arguments.text(0)) + '"');
}

awaitable<void> run_help(Call& call) {
    call.out().put(help_text(call.arguments.operands.empty() ? nullptr : find_command(call.arguments.text(0))));
    co_return;
}

}  // namespace p9::tools
