// p9cat: files of a 9P server to standard output.
#include "tools/p9cat/cat.hpp"

int main(int argc, char** argv) {
    using namespace p9::tools;
    CatOptions options;
    CommandLine line({"p9cat", "Prints files of a 9P server.",
                      "Patterns (*, ?, [...], **) in a PATH that names no file are expanded on the server.\n"
                      "Exit status: 0 done, 1 refused by the server, 2 usage, 3 no connection or connection lost,\n"
                      "4 out of time, 5 protocol broken, 130 interrupted.\n\n"
                      "  p9cat -a tcp!fileserver!564 /etc/motd\n"
                      "  p9cat -a unix!/run/server.sock -A /export -o big.iso --progress /images/big.iso\n"
                      "  p9cat -a unix!/run/server.sock -n 1 /dev/events"});
    line.number("--offset", options.offset, "N", "Begin N bytes into each file; K, M and G understood", true);
    line.number("--length", options.length, "N", "Print at most N bytes of each file; K, M and G understood", true);
    line.number("-n", options.count, "COUNT", "For event files: print each reply as it comes, end after COUNT replies",
                false);
    line.flag("-f", options.follow, "Follow a growing file: when it ends, wait for more");
    line.text("-o", options.output, "FILE", "Write to FILE, which is replaced only when everything has been read");
    line.flag("--progress", options.progress, "Show how far the copy has come, if standard error is a terminal");
    line.paths(options.paths, "The files, from the root of the attached tree", true);
    int status = EXIT_DONE;
    if (!line.parse(argc, argv, status)) return status;
    if (options.follow && (options.paths.size() > 1 || options.count)) {
        complain("p9cat", options.count ? "-f and -n do not go together" : "-f follows one file; give one PATH");
        return EXIT_USAGE;
    }
    return run(line.common(), [&options](Context& context) { return cat(context, options); });
}
