#include "tools/p9sh/interactive.hpp"

#include "tools/p9sh/terminal.hpp"

#include <unistd.h>

namespace p9::tools {
namespace {

void print(std::string_view text) {
    [[maybe_unused]] const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
}

/// Runs the commands of a line; the status of the last.
int run_line(Shell& shell, Runner& runner, Completer& completer, const std::string& line) {
    auto statements = parse_line(line);
    if (!statements) {
        complain(shell.options().tool, statements.error().message());
        return EXIT_USAGE;
    }
    int status = EXIT_DONE;
    for (auto& statement : *statements) {
        const auto prepared = prepare(std::move(statement));
        if (!prepared) {
            complain(shell.options().tool, prepared.error().message());
            return EXIT_USAGE;
        }
        completer.forget();
        status = runner.run(execute(shell, *prepared), shell.options().timeout);
        if (runner.out_of_time()) complain(shell.options().tool, "out of time (--timeout)");
        // The terminal has echoed ^C into the middle of a line.
        if (status == EXIT_INTERRUPTED) print("\n");
        if (shell.leaving || status == EXIT_INTERRUPTED) break;
    }
    return status;
}

}  // namespace

int interact(Shell& shell, Runner& runner) {
    Completer completer(shell, runner);
    Terminal terminal(runner, completer, history_file());
    runner.interrupted_again = [&shell] { shell.abort(); };
    runner.still_waiting = [&shell] {
        print("\n");
        complain(shell.options().tool, "the server has not answered the flush yet; Ctrl-C again ends the connection");
    };
    shell.before_trace = [&terminal] { terminal.hide_line(); };
    shell.after_trace = [&terminal] { terminal.show_line(); };
    while (!shell.leaving && !runner.terminated()) {
        const auto line = terminal.read_line(shell.prompt());
        if (!line) {
            print("\n");
            break;
        }
        (void)run_line(shell, runner, completer, *line);
    }
    runner.interrupted_again = nullptr;
    runner.still_waiting = nullptr;
    shell.before_trace = nullptr;
    shell.after_trace = nullptr;
    return shell.leaving.value_or(EXIT_DONE);
}

}  // namespace p9::tools
