// The commands of p9ctl: how each is written, and what it makes of its words.
//
// The same table serves the command line, the lines of a batch and --help. Preparing a command checks all that can be
// checked without a server; the action that comes of it talks to one.
#pragma once

#include "p9/task.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

struct Ctl;

/// A command that is ready to be run. Reports its errors through Ctl's sink.
using Action = std::function<awaitable<void>(Ctl&)>;

/// An option of one command. Without a metavar it is a flag.
struct Option {
    std::string_view name;   ///< "--json"
    std::string_view alias;  ///< "-w", or empty
    std::string_view metavar;
    std::string_view help;
};

/// The words of a command behind its name.
class Arguments {
public:
    std::vector<std::string> words;

    void add(const Option* option, std::string value) { options_.emplace_back(option, std::move(value)); }
    bool has(std::string_view name) const { return value(name) != nullptr; }
    /// The value of the last occurrence, or nullptr.
    const std::string* value(std::string_view name) const;
    /// The values of all occurrences.
    std::vector<std::string> values(std::string_view name) const;

private:
    std::vector<std::pair<const Option*, std::string>> options_;
};

struct Command {
    std::string_view name;      ///< one word or two: "irq wait"
    std::string_view operands;  ///< as --help shows them
    std::size_t fewest;         ///< how many operands it takes
    std::size_t most;
    std::span<const Option> options;
    std::string_view summary;  ///< one line
    std::string_view details;  ///< for its own --help: what else there is to know, and examples
    /// Checks the words. An error is one of usage.
    Result<Action> (*prepare)(const Arguments& arguments);
};

/// All commands, in the order of --help.
std::span<const Command> commands();

/// A command with its words, found and checked for form.
struct Parsed {
    const Command* command = nullptr;
    Arguments arguments;
};
/// Finds the command that `words` name, and takes its options and operands apart; errors are those of usage.
Result<Parsed> parse_command(std::span<const std::string> words);
/// The same, and prepares it.
Result<Action> prepare_command(std::span<const std::string> words);

/// The text of --help: of the command that `words` name, or of p9ctl.
std::string help_text(const std::vector<std::string>& words);

// What prepares each command; one file for each group of them.

Result<Action> prepare_types(const Arguments& arguments);
Result<Action> prepare_list(const Arguments& arguments);
Result<Action> prepare_new(const Arguments& arguments);
Result<Action> prepare_start(const Arguments& arguments);
Result<Action> prepare_stop(const Arguments& arguments);
Result<Action> prepare_restart(const Arguments& arguments);
Result<Action> prepare_remove(const Arguments& arguments);
Result<Action> prepare_set(const Arguments& arguments);
Result<Action> prepare_status(const Arguments& arguments);
Result<Action> prepare_health(const Arguments& arguments);
Result<Action> prepare_wait(const Arguments& arguments);
Result<Action> prepare_devices(const Arguments& arguments);
Result<Action> prepare_irq_register(const Arguments& arguments);
Result<Action> prepare_irq_unregister(const Arguments& arguments);
Result<Action> prepare_irq_list(const Arguments& arguments);
Result<Action> prepare_irq_wait(const Arguments& arguments);
Result<Action> prepare_mem_read(const Arguments& arguments);
Result<Action> prepare_mem_write(const Arguments& arguments);
Result<Action> prepare_io_inb(const Arguments& arguments);
Result<Action> prepare_io_inw(const Arguments& arguments);
Result<Action> prepare_io_inl(const Arguments& arguments);
Result<Action> prepare_io_outb(const Arguments& arguments);
Result<Action> prepare_io_outw(const Arguments& arguments);
Result<Action> prepare_io_outl(const Arguments& arguments);
Result<Action> prepare_dma_alloc(const Arguments& arguments);
Result<Action> prepare_write(const Arguments& arguments);
Result<Action> prepare_ask(const Arguments& arguments);
Result<Action> prepare_batch(const Arguments& arguments);

}  // namespace p9::tools
