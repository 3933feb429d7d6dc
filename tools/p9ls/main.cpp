// p9ls: lists directories of a 9P server.
#include "tools/p9ls/list.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>

namespace {

using namespace p9::tools;

/// The width of the terminal in columns.
std::size_t terminal_width() {
    const char* columns = std::getenv("COLUMNS");
    const auto wanted = columns == nullptr ? std::nullopt : parse_number(columns, false);
    if (wanted && *wanted > 0 && *wanted < 100'000) return *wanted;
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void look_at_terminal(LsOptions& options, const std::optional<std::string>& colour) {
    options.terminal = isatty(STDOUT_FILENO) == 1;
    const std::string when = colour.value_or("auto");
    const char* no_colour = std::getenv("NO_COLOR");
    const bool wanted = no_colour == nullptr || *no_colour == '\0';
    options.colour = (when == "always" || (when == "auto" && options.terminal && wanted)) && !options.json;
    if (!options.terminal) return;
    options.width = terminal_width();
    // For the width of characters only: names are sorted by their bytes in every locale.
    if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
}

}  // namespace

int main(int argc, char** argv) {
    LsOptions options;
    std::optional<std::string> colour;
    CommandLine line({"p9ls", "Lists files of a 9P server.",
                      "All names are listed, those that begin with a dot too, sorted by their bytes.\n"
                      "Patterns (*, ?, [...], **) in a PATH are expanded on the server; quote them.\n"
                      "--json escapes each byte that is not UTF-8 as \\udc80 to \\udcff, as Python does.\n"
                      "Exit status: 0 done, 1 refused by the server, 2 usage, 3 no connection or\n"
                      "connection lost, 4 out of time, 5 protocol broken, 130 interrupted.\n\n"
                      "Examples:\n"
                      "  p9ls -a tcp!fileserver!564 -l /etc\n"
                      "  p9ls -a unix!/run/server.sock -A /export -lR /\n"
                      "  p9ls -a unix!/run/server.sock '/proc/*/status'"});
    line.flag("-l", options.long_format, "Long format: mode, links, owner, group, size, time");
    line.flag("-d", options.directory, "Directories themselves, not what is in them");
    line.flag("-R", options.recursive, "Directories in directories too");
    line.flag("-r", options.reverse, "Reverse the order");
    line.flag("-t", options.by_time, "Sort by time of modification, newest first");
    line.flag("-S", options.by_size, "Sort by size, largest first");
    line.flag("-1", options.one_column, "One name a line");
    line.flag("-h", options.human, "With -l: sizes as 1.5K, 23M");
    line.flag("-F", options.classify, "Mark names: / directory, * executable, @ symlink,\n| FIFO, = socket");
    line.flag("-q", options.qids, "Show qids: (path version type)");
    line.flag("--json", options.json, "One JSON object a line for each file");
    line.optional_value("--color", colour, "always", "WHEN", "Colours: always, never, or auto (on a terminal)",
                        {"always", "auto", "never"});
    line.paths(options.paths, "What to list, in the attached tree; / if left out", false);
    int status = EXIT_DONE;
    if (!line.parse(argc, argv, status)) return status;
    if (options.by_time && options.by_size) {
        complain("p9ls", "-t and -S are two orders; choose one");
        return EXIT_USAGE;
    }
    if (options.paths.empty()) options.paths.emplace_back("/");
    look_at_terminal(options, colour);
    return run(line.common(), [&options](Context& context) { return list(context, options); });
}
