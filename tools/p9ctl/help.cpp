// --help: of p9ctl on one screen, and of each command.
#include "tools/p9ctl/command.hpp"

#include <algorithm>

namespace p9::tools {
namespace {

constexpr std::string_view head =
    "Drives SIP servers and other control files over 9P.\n"
    "Usage: p9ctl [OPTIONS] COMMAND ...\n\nCommands (p9ctl COMMAND --help tells more of each):\n";

constexpr std::string_view tail =
    "\nOptions:\n"
    "  -a, --address ADDR  The server (or P9_ADDRESS): tcp!HOST!PORT, unix!PATH,\n"
    "                      exec!COMMAND, fd!R!W, HOST[:PORT] or a socket's path\n"
    "  -A, --aname NAME  -u, --uname USER  --uid N  What to attach, and as whom\n"
    "  --root PATH       The SIP tree; the first of /dev/sip, /sip and / if left out\n"
    "  --timeout SECONDS  --connect-timeout SECONDS  Limits: beyond, status 4 or 3\n"
    "  --msize BYTES  --dialect NAME  --tls-ca FILE  --tls-insecure  --trace[=FILE]\n"
    "  --capture FILE (for Wireshark)  -v, --verbose  --help  --version\n\n"
    "Exit status: 0 done, 1 refused by the server (or --check: not healthy), 2 usage,\n"
    "3 no connection, 4 out of time, 5 protocol broken, 130 interrupted.\n\n"
    "Examples:\n"
    "  p9ctl new example-driver --name ahci --capability device --start\n"
    "  p9ctl ask /dev/io inb 0x3F8\n";

constexpr std::size_t summary_column = 31;

void pad(std::string& text, std::size_t begin, std::size_t column) {
    if (text.size() - begin + 1 >= column)
        text += "  ";
    else
        text.append(column - (text.size() - begin), ' ');
}

std::string overview() {
    std::string text(head);
    for (const Command& command : commands()) {
        if (command.summary.empty()) continue;
        const std::size_t begin = text.size();
        text.append("  ").append(command.name).append(" ").append(command.operands);
        pad(text, begin, summary_column);
        text.append(command.summary).append("\n");
    }
    return text.append(tail);
}

std::string of_command(const Command& command) {
    std::string text;
    if (!command.summary.empty()) text.append(command.summary).append(".\n");
    text.append("Usage: p9ctl ").append(command.name);
    if (!command.options.empty()) text += " [OPTIONS]";
    if (!command.operands.empty()) text.append(" ").append(command.operands);
    text += "\n\n";
    for (const Option& option : command.options) {
        const std::size_t begin = text.size();
        text += "  ";
        if (!option.alias.empty()) text.append(option.alias).append(", ");
        text.append(option.name);
        if (!option.metavar.empty()) text.append(" ").append(option.metavar);
        pad(text, begin, summary_column);
        text.append(option.help).append("\n");
    }
    if (!command.options.empty()) text += '\n';
    return text.append(command.details).append("\np9ctl --help lists the options of every command.\n");
}

}  // namespace

std::string help_text(const std::vector<std::string>& words) {
    std::vector<std::string> plain;
    for (const auto& word : words)
        if (!word.starts_with('-')) plain.push_back(word);
    if (plain.empty()) return overview();
    std::string text;
    for (const Command& command : commands()) {
        const bool two = command.name.find(' ') != command.name.npos;
        if (plain[0] + (two && plain.size() > 1 ? " " + plain[1] : "") == command.name) return of_command(command);
        // "irq --help": of each command of the group.
        if (two && command.name.starts_with(plain[0] + " "))
            text.append("  p9ctl ")
                .append(command.name)
                .append(command.operands.empty() ? "" : " ")
                .append(command.operands)
                .append("\n");
    }
    return text.empty() ? overview()
                        : "Usage:\n" + text + "\np9ctl " + plain[0] + " COMMAND --help tells more of each.\n";
}

}  // namespace p9::tools
