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
    options.terminal = isatty(STDOUT_FILENO) == 1 && !options.zero;
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
                      "Patterns (*, ?, [...], **) in a PATH are expanded on the server; quote them.\n"
                      "Exit status: 0 done, 1 refused, 2 usage, 3 no connection, 4 out of time,\n"
                      "5 protocol broken, 130 interrupted. p9ls(1) tells more.\n\n"
                      "Examples:\n"
                      "  p9ls -a tcp!fileserver!564 -l /etc\n"
                      "  p9ls -a unix!/run/server.sock '/proc/*/status'"});
    line.flag("-l", options.long_format, "Long format: mode, links, owner, group, size, time");
    line.flag("-d", options.directory, "Directories themselves, not what is in them");
    line.flag("-R", options.recursive, "Directories in directories too");
    line.flag("-r", options.reverse, "Reverse the order");
    line.flag("-t", options.by_time, "Sort by time of modification, newest first");
    line.flag("-S", options.by_size, "Sort by size, largest first");
    line.flag("-1", options.one_column, "One name a line");
    line.flag("-h", options.human, "With -l: sizes as 1.5K, 23M");
    line.flag("-F", options.classify, "Mark names: / directory, * executable, @ symlink...");
    line.flag("-p", options.mark_directories, "Mark directories with /");
    line.flag("-q", options.qids, "Show qids: (path version type)");
    line.flag("--zero", options.zero, "End each name with NUL, not with a newline");
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
    if (options.zero && (options.long_format || options.json)) {
        complain("p9ls", "--zero is for names; it does not go with -l or --json");
        return EXIT_USAGE;
    }
    if (options.paths.empty()) options.paths.emplace_back("/");
    look_at_terminal(options, colour);
    return run(line.common(), [&options](Context& context) { return list(context, options); });
}
