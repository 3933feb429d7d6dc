// p9cat: files of a 9P server to standard output.
#include "tools/p9cat/cat.hpp"

int main(int argc, char** argv) {
    using namespace p9::tools;
    CatOptions options;
    CommandLine line({"p9cat", "Prints files of a 9P server.",
                      "A PATH that names no file is a pattern (*, ?, [...], **) of names there.\n"
                      "Exit status: 0 done, 1 refused, 2 usage, 3 no connection, 4 out of time,\n"
                      "5 protocol broken, 130 interrupted. p9cat(1) tells more.\n\n"
                      "Examples:\n"
                      "  p9cat -a tcp://fileserver:564 /etc/motd\n"
                      "  p9cat -a unix:/run/server.sock -A /export -o big.iso --progress big.iso"});
    line.number("--offset", options.offset, "N", "Begin N bytes into each file; 64K, 1M and so on too", true);
    line.number("--length", options.length, "N", "Print at most N bytes of each file", true);
    line.number("-n", options.count, "COUNT", "For event files: each reply as it comes, COUNT in all", false);
    line.flag("-f", options.follow, "Follow a growing file: when it ends, wait for more");
    line.text("-o", options.output, "FILE", "Write to FILE, replaced only when all has been read");
    line.flag("--progress", options.progress, "Show how far the copy has come, on a terminal");
    line.output_is_free([&options] { return !options.output.empty() && options.output != "-"; });
    line.paths(options.paths, "The files, in the attached tree", true);
    int status = EXIT_DONE;
    if (!line.parse(argc, argv, status)) return status;
    if (options.follow && (options.paths.size() > 1 || options.count)) {
        complain("p9cat", options.count ? "-f and -n do not go together" : "-f follows one file; give one PATH");
        return EXIT_USAGE;
    }
    return run(line.common(), [&options](Context& context) { return cat(context, options); });
}
