#include "p9/trace.hpp"
#include "tools/p9sh/command.hpp"

#include <algorithm>
#include <cerrno>

namespace p9::tools {
namespace {

Error unknown_command(const std::string& name) {
    std::vector<std::string_view> names;
    for (const auto& command : commands()) names.push_back(command.name);
    const std::string near = nearest(name, names);
    std::string words = "unknown command \"" + escaped(name) + '"';
    words += near.empty() ? "; help lists them, and !COMMAND runs one of this machine" : "; did you mean " + near + "?";
    return Error::from_errno(EINVAL, words);
}

}  // namespace

const Command* find_command(std::string_view name) {
    const auto all = commands();
    const auto found = std::ranges::find(all, name, &Command::name);
    return found == all.end() ? nullptr : &*found;
}

Result<Prepared> prepare(Statement statement) {
    Prepared prepared;
    prepared.local = std::move(statement.local);
    if (statement.words.empty()) return prepared;
    const Command* command = find_command(statement.words[0].text);
    if (command == nullptr) return unknown_command(statement.words[0].text);
    // As everywhere: `ls --help` is `help ls`. Whatever else is in the line stays, to be piped to a pager.
    // echo says what it is told.
    if (statement.words.size() == 2 && statement.words[1].text == "--help" && command->name != "echo") {
        command = find_command("help");
        statement.words[1].text = std::exchange(statement.words[0].text, "help");
    }
    auto arguments = parse_arguments(std::span(statement.words).subspan(1), command->flags, command->count);
    const auto checked = !arguments                  ? Result<void>(arguments.error())
                         : command->check != nullptr ? command->check(*arguments)
                                                     : Result<void>();
    if (!checked)
        return Error::from_errno(EINVAL, std::string(command->name) + ": " + checked.error().message() + "; usage: " +
                                             std::string(command->name) + " " + std::string(command->operands));
    prepared.command = command;
    prepared.arguments = std::move(*arguments);
    return prepared;
}

}  // namespace p9::tools
