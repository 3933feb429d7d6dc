// The command line: what every tool understands, and a face for what one tool adds.
//
// CommandLine hides the parser (CLI11) so that it is compiled once. The variables that are handed to it must outlive
// `parse`, which fills them. One thread.
#pragma once

#include "p9/session.hpp"
#include "p9/transports/dial.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace p9::tools {

class Capture;

/// The options of every tool, after defaults and environment.
struct CommonOptions {
    std::string tool;  ///< the program's name, which begins its messages
    Address address;
    std::string aname;
    std::string uname;
    u32 n_uname = NONUNAME;
    u32 msize = DEFAULT_MSIZE;
    std::vector<Dialect> dialects{Dialect::linux_, Dialect::unix_, Dialect::base};
    Duration connect_timeout = std::chrono::seconds(10);
    Duration timeout{};  ///< zero: none
    TlsOptions tls;
    /// Where the trace goes: "-" is standard error. Nothing: no trace.
    std::optional<std::string> trace;
    /// What --capture writes to; null: nothing is captured.
    std::shared_ptr<Capture> capture;
    /// Sees every message in place of the trace, for a tool that turns that on and off.
    Tracer tracer;
    bool verbose = false;
};

/// What a program says of itself in --help.
struct About {
    std::string tool;
    std::string purpose;
    std::string examples;  ///< the last lines of the help
};

/// Describes options, then parses.
class CommandLine {
public:
    explicit CommandLine(const About& about);
    ~CommandLine();
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;

    // `names` as in "-o,--output". The last of several occurrences counts.

    void flag(const std::string& names, bool& value, const std::string& help);
    void text(const std::string& names, std::string& value, const std::string& metavar, const std::string& help);
    /// A number of bytes or things, with K, M, G or T (powers of 1024) after it where `suffixes` allows that.
    void number(const std::string& names, std::optional<u64>& value, const std::string& metavar,
                const std::string& help, bool suffixes);
    /// `--name` stands for `--name=IMPLIED`; a value is given only with '='. One of `choices`, if there are any.
    void optional_value(const std::string& name, std::optional<std::string>& value, const std::string& implied,
                        const std::string& metavar, const std::string& help,
                        const std::vector<std::string>& choices = {});
    /// Says when standard output is not the tool's own, so that `--capture -` may have it. Asked after parsing; without
    /// it never.
    void output_is_free(std::function<bool()> free);
    /// The operands, any number; at least one if `required`. `help` may begin with how they are shown, and two blanks:
    /// "SOURCE... DESTINATION  What to copy".
    void paths(std::vector<std::string>& value, const std::string& help, bool required);
    /// A positional ADDR, which stands for --address where that is not given.
    void server(const std::string& help);
    /// For a tool whose commands have options of their own: takes every word that is none of the options described here
    /// nor the value of one, in order, "--" and what looks like an option included. `help` makes the text of --help of
    /// them. `wrong` says what is wrong with them, or nothing: asked before a server is missed.
    void words(std::vector<std::string>& value, std::function<std::string(const std::vector<std::string>&)> help,
               std::function<std::optional<std::string>(const std::vector<std::string>&)> wrong);

    /// True if all is well; else `status` is what to exit with, after help or one line of complaint was printed.
    bool parse(int argc, char** argv, int& status);
    const CommonOptions& common() const;

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

/// The number that `text` spells, with a suffix K, M, G or T if allowed; nothing if it spells none.
std::optional<u64> parse_number(std::string_view text, bool suffixes);
/// The time that `text` spells in seconds, a fraction allowed; nothing if it spells none.
std::optional<Duration> parse_seconds(std::string_view text);

}  // namespace p9::tools
