// The commands of p9sh: how each is written, what it completes, and what runs it.
//
// One table serves the interpreter, help and completion. Preparing a command checks all that can be checked without a
// server, so that a script with a mistake in it is refused before it does anything.
#pragma once

#include "tools/p9sh/arguments.hpp"
#include "tools/p9sh/parse.hpp"
#include "tools/p9sh/shell.hpp"
#include "tools/run.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

/// What an operand of a command names; for completion.
enum class Operand : u8 {
    none,
    remote,            ///< files of the server
    remote_directory,  ///< directories of the server
    local,             ///< files of this machine
    local_directory,
    remote_then_local,  ///< the last one after the first is of this machine
    local_then_remote,
    path_then_text,  ///< one file of the server, then anything
    command,         ///< the name of a command, then what that completes
    message,         ///< the name of a message and its fields
    on_off,
};

/// A command under way.
struct Call {
    Shell& shell;
    const Arguments& arguments;
    Context context;
    /// The status that it ends with, if its messages are not to decide.
    std::optional<int> status;

    const Client& client() const { return context.client; }
    Messages& messages() { return context.messages; }
    Output& out() { return context.out; }
    /// An error of usage that shows only now.
    void usage_error(std::string_view words) {
        context.messages.note(words);
        status = EXIT_USAGE;
    }
    /// A name as it may be printed: escaped where a person looks.
    std::string shown(std::string_view name) const;
};

struct Command {
    std::string_view name;
    std::string_view operands;  ///< as help shows them, flags included
    std::string_view flags;     ///< for parse_arguments
    Count count;
    Operand operand;
    bool needs_session;
    std::string_view summary;  ///< one line
    std::string_view details;  ///< what else there is to know
    awaitable<void> (*run)(Call& call);
    /// Looks at the words beyond their form; null if there is nothing to look at. Errors are those of usage.
    Result<void> (*check)(const Arguments& arguments) = nullptr;
};

/// All commands, in the order of help.
std::span<const Command> commands();
/// The one of this name, or nullptr.
const Command* find_command(std::string_view name);
/// The text of `help`, or of `help NAME`.
std::string help_text(const Command* command);

/// A statement that was found to make sense.
struct Prepared {
    const Command* command = nullptr;  ///< null: only `local`
    Arguments arguments;
    std::string local;
};
/// Finds the command of `statement` and checks its words. Errors are those of usage.
Result<Prepared> prepare(Statement statement);

/// Runs it and returns its status (Exit). It may print to `out` of a pipe instead of standard output.
awaitable<int> execute(Shell& shell, const Prepared& prepared);

/// The paths of the server that the operands from `first` up to `last` stand for; patterns are expanded. Relative ones
/// begin at the shell's directory.
awaitable<std::vector<std::string>> remote_paths(Call& call, std::size_t first, std::size_t last);
awaitable<std::vector<std::string>> remote_paths(Call& call);

// What runs each; one file for each.

awaitable<void> run_cat(Call& call);
awaitable<void> run_cd(Call& call);
awaitable<void> run_chmod(Call& call);
awaitable<void> run_chown(Call& call);
awaitable<void> run_cp(Call& call);
awaitable<void> run_ctl(Call& call);
awaitable<void> run_ask(Call& call);
awaitable<void> run_echo(Call& call);
awaitable<void> run_exit(Call& call);
awaitable<void> run_fids(Call& call);
awaitable<void> run_find(Call& call);
awaitable<void> run_get(Call& call);
awaitable<void> run_help(Call& call);
awaitable<void> run_lcd(Call& call);
awaitable<void> run_ln(Call& call);
awaitable<void> run_lpwd(Call& call);
awaitable<void> run_ls(Call& call);
awaitable<void> run_mkdir(Call& call);
awaitable<void> run_mv(Call& call);
awaitable<void> run_ping(Call& call);
awaitable<void> run_put(Call& call);
awaitable<void> run_pwd(Call& call);
awaitable<void> run_raw(Call& call);
awaitable<void> run_reconnect(Call& call);
awaitable<void> run_rm(Call& call);
awaitable<void> run_rmdir(Call& call);
awaitable<void> run_stat(Call& call);
awaitable<void> run_tags(Call& call);
awaitable<void> run_touch(Call& call);
awaitable<void> run_trace(Call& call);
awaitable<void> run_tree(Call& call);
awaitable<void> run_truncate(Call& call);
awaitable<void> run_watch(Call& call);
awaitable<void> run_write(Call& call);

// What checks some of them.

Result<void> check_chmod(const Arguments& arguments);
Result<void> check_chown(const Arguments& arguments);
Result<void> check_exit(const Arguments& arguments);
Result<void> check_find(const Arguments& arguments);
Result<void> check_help(const Arguments& arguments);
Result<void> check_mkdir(const Arguments& arguments);
Result<void> check_raw(const Arguments& arguments);
Result<void> check_touch(const Arguments& arguments);
Result<void> check_trace(const Arguments& arguments);
Result<void> check_truncate(const Arguments& arguments);
Result<void> check_watch(const Arguments& arguments);

}  // namespace p9::tools
