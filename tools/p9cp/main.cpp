// p9cp: copies files and trees to, from and within a 9P server.
#include "tools/p9cp/cp.hpp"

int main(int argc, char** argv) {
    using namespace p9::tools;
    CpOptions options;
    CommandLine line({"p9cp", "Copies files to, from and within a 9P server's tree.",
                      "A path that begins with ':' is on the server. A file has its own name only when\n"
                      "it is whole. Exit status: 0 done, 1 refused, 2 usage, 3 no connection, 4 out of\n"
                      "time, 5 protocol broken, 130 interrupted. p9cp(1) tells more.\n\n"
                      "Examples:\n"
                      "  p9cp -a fileserver -r :/home/glenda/notes .\n"
                      "  p9cp -a unix:/run/server.sock -rp --resume photos :/backup"});
    line.flag("-r,-R", options.copy.recursive, "Copy directories with all that is in them");
    line.flag("-p", options.copy.preserve, "Keep permissions and times");
    line.flag("-f", options.copy.force, "Let trees from the server replace files here");
    line.flag("--resume", options.copy.resume, "Go on with an interrupted copy, and leave it so that\nthe next can");
    line.flag("--progress", options.progress, "Show how far the copy has come, terminal or not");
    line.output_is_free([] { return true; });
    line.paths(options.operands, "SOURCE... DESTINATION  What to copy, and where to", false);
    int status = EXIT_DONE;
    if (!line.parse(argc, argv, status)) return status;
    if (const auto wrong = wrong_operands(options)) {
        complain("p9cp", *wrong + " (p9cp --help lists the options)");
        return EXIT_USAGE;
    }
    return run(line.common(), [&options](Context& context) { return cp(context, options); });
}
