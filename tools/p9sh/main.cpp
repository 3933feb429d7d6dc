// p9sh: an interactive shell on a 9P server, and a script language.
#include "tools/p9sh/interactive.hpp"
#include "tools/p9sh/script.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

namespace p9::tools {
namespace {

/// A script is text that people write.
constexpr std::size_t LONGEST_SCRIPT = 64 << 20;

Result<std::string> read_script(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return Error::from_errno(errno, escaped(path) + ": " + errno_message(errno));
    std::string text;
    char piece[65536];
    ssize_t n = 0;
    while ((n = ::read(fd, piece, sizeof piece)) > 0 && text.size() < LONGEST_SCRIPT)
        text.append(piece, static_cast<std::size_t>(n));
    const int why = errno;
    ::close(fd);
    if (n < 0) return Error::from_errno(why, escaped(path) + ": " + errno_message(why));
    if (n > 0) return Error::from_errno(EFBIG, escaped(path) + ": longer than 64 MiB; is it a script?");
    return text;
}

struct Wanted {
    std::optional<std::string> commands;  ///< of -c
    std::string file;                     ///< of -f; empty: none
    bool keep_going = false;
};

/// The script, if it is known in advance. An error was printed.
std::optional<Result<Script>> known_script(const Wanted& wanted, const std::string& tool) {
    if (!wanted.commands && (wanted.file.empty() || wanted.file == "-")) return std::nullopt;
    std::string text = wanted.commands.value_or("");
    if (!wanted.commands) {
        auto read = read_script(wanted.file);
        if (!read) {
            complain(tool, read.error().message());
            return Result<Script>(read.error());
        }
        text = std::move(*read);
    }
    auto script = check_script(text);
    if (!script) complain(tool, (wanted.file.empty() ? "" : escaped(wanted.file) + ": ") + script.error().message());
    return script;
}

int run_all(const CommonOptions& options, const Wanted& wanted) {
    std::signal(SIGPIPE, SIG_IGN);
    occupy_standard_descriptors();
    const auto script = known_script(wanted, options.tool);
    if (script && !*script) return EXIT_USAGE;
    const bool from_input = !script;
    const bool interactive =
        from_input && wanted.file.empty() && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
    boost::asio::io_context io(1);
    Runner runner(io, interactive);
    Shell shell(options, interactive);
    if (options.trace) {
        const auto opened = shell.trace(options.trace);
        if (!opened) {
            complain(options.tool, "--trace: " + opened.error().message());
            return EXIT_REFUSED;
        }
    }
    ScriptRunner steps(shell, runner, wanted.keep_going);
    int status = EXIT_DONE;
    if (steps.connect()) {
        if (interactive)
            status = interact(shell, runner);
        else if (script)
            steps.run(**script);
        else
            steps.run_input(STDIN_FILENO);
    }
    const int ended = steps.finish();
    return status == EXIT_DONE ? ended : status;
}

int main(int argc, char** argv) {
    Wanted wanted;
    // What nobody can give, so that -c '' is told from no -c.
    const std::string nothing("\0-", 2);
    std::string commands = nothing;
    CommandLine line({"p9sh", "A shell on a 9P server.",
                      "At the prompt `help` lists the commands. Without a terminal they come from\n"
                      "standard input. A script ends at its first error, with its line number.\n"
                      "Exit status: 0 done, 1 refused, 2 usage, 3 no connection, 4 out of time,\n"
                      "5 protocol broken, 130 interrupted. p9sh(1) tells more.\n\n"
                      "Examples:\n"
                      "  p9sh -a tcp://fileserver:564\n"
                      "  p9sh -a unix:/run/server.sock -c 'cd /logs; ls -lt | head'"});
    line.text("-c", commands, "COMMANDS", "Run these, with ; or newlines between them");
    line.text("-f", wanted.file, "FILE", "Run the commands in FILE, or - for standard input");
    line.flag("-k", wanted.keep_going, "Go on after an error; the status is the first one's");
    int status = EXIT_DONE;
    if (!line.parse(argc, argv, status)) return status;
    if (commands != nothing) wanted.commands = commands;
    if (wanted.commands && !wanted.file.empty()) {
        complain("p9sh", "-c and -f do not go together");
        return EXIT_USAGE;
    }
    return run_all(line.common(), wanted);
}

}  // namespace
}  // namespace p9::tools

int main(int argc, char** argv) { return p9::tools::main(argc, argv); }
