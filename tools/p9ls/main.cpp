// p9ls: lists directories of a 9P server.
#include "tools/p9ls/list.hpp"

int main(int argc, char** argv) {
    using namespace p9::tools;
    LsOptions options;
    std::optional<std::string> colour;
    CommandLine line({"p9ls", "Lists files of a 9P server.",
                      "Patterns (*, ?, [...], **) in a PATH are expanded on the server; quote them.\n"
                      "Exit status: 0 done, 1 refused, 2 usage, 3 no connection, 4 out of time,\n"
                      "5 protocol broken, 130 interrupted. p9ls(1) tells more.\n\n"
                      "Examples:\n"
                      "  p9ls -a tcp://fileserver:564 -l /etc\n"
                      "  p9ls -a unix:/run/server.sock '/proc/*/status'"});
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
    line.flag("-q", options.qids, "Show qids: (type version path)");
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
