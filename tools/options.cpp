#include "tools/options.hpp"

#include "tools/help_format.hpp"
#include "tools/messages.hpp"
#include "tools/tls_options.hpp"
#include "tools/user_names.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>

#ifndef P9_VERSION
#error "P9_VERSION comes from CMake"
#endif

namespace p9::tools {
namespace {

/// An option's text and where it came from, for complaints.
struct Setting {
    std::string text;
    std::string origin;
};

/// `--name` or `--name=VALUE`.
struct OptionalValue {
    std::string name;
    std::vector<std::string> given;
    std::optional<std::string>* value;
    std::vector<std::string> choices;
};

/// What CLI11 has to say, in this program's words.
std::string complaint(const CLI::ParseError& error, const std::vector<std::string>& unknown) {
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !unknown.empty())
        return "unknown option " + escaped(unknown.front());
    std::string words = error.what();
    // "--address: 1 required ADDR missing"
    if (const auto number = words.find(": 1 required "); number != words.npos && words.ends_with(" missing")) {
        words.replace(number, 13, ": expected ");
        words.replace(words.size() - 8, 8, " after it");
        // Who types -la means something else by -a.
        if (words.starts_with("--address")) words.insert(0, "-a, ");
    }
    return words;
}

/// CLI11 takes an argument such as "[ab]" apart as a list, but here it is a pattern or a name. A NUL, which no argument
/// holds, keeps it whole until it has been parsed.
std::string guarded(std::string word) {
    if (word.starts_with('[') && word.ends_with(']')) word += '\0';
    return word;
}

void unguard(std::string& word) {
    if (word.ends_with('\0')) word.pop_back();
}

std::string msize_hint() { return "expected a number of bytes such as 65536, 64K or 1M"; }

}  // namespace

struct CommandLine::Parser {
    CLI::App app;
    CommonOptions common;
    Setting address, aname, uname, uid, msize, dialect, connect_timeout, timeout;
    std::optional<std::string> trace;
    std::deque<OptionalValue> optionals;  // CLI11 keeps references into it
    std::vector<std::string*> texts;      // what the caller gets as it was given
    std::vector<std::string>* paths = nullptr;
    std::vector<std::string>* words = nullptr;
    std::function<std::string(const std::vector<std::string>&)> words_help;

    Parser(const About& about) : app(about.purpose, about.tool) {
        common.tool = about.tool;
        app.footer(about.examples);
        app.set_help_flag("--help", "Print this help and exit");
        app.set_version_flag("--version", about.tool + " " P9_VERSION, "Print the version and exit");
        app.formatter(std::make_shared<HelpFormat>());
    }

    void setting(const std::string& names, Setting& value, const std::string& metavar, const std::string& help) {
        value.origin = names.substr(names.find("--"));
        texts.push_back(&value.text);
        app.add_option(names, value.text, help)->type_name(metavar)->take_last()->group("Connection");
    }
    bool given(const std::string& name) const { return app.get_option(name)->count() != 0; }
    /// An empty variable counts as one that is not set.
    void from_environment(Setting& value, const char* variable) {
        if (given(value.origin)) return;
        const char* text = std::getenv(variable);
        if (text == nullptr || *text == '\0') return;
        value.text = text;
        value.origin = variable;
    }

    void unguard_all();
    std::optional<std::string> finish();
    std::optional<std::string> finish_optionals();
    std::optional<std::string> finish_address();
    std::optional<std::string> finish_numbers();
    std::optional<std::string> finish_dialect();
};

CommandLine::CommandLine(const About& about) : parser_(std::make_unique<Parser>(about)) {
    Parser& p = *parser_;
    p.setting("-a,--address", p.address, "ADDR",
              "The server (or P9_ADDRESS): tcp!HOST!PORT, unix!PATH,\n"
              "ws://HOST:PORT/PATH, wss://..., virtio!PORT,\n"
              "vsock!CID!PORT, exec!COMMAND, fd!R!W, HOST[:PORT],\n"
              "or a socket's path");
    p.setting("-A,--aname", p.aname, "NAME", "The tree to attach (or P9_ANAME)");
    p.setting("-u,--uname", p.uname, "USER", "Attach as; the login name if left out (or P9_UNAME)");
    p.setting("--uid", p.uid, "N", "The same in numbers, for .u and .L; the caller's uid");
    p.setting("--msize", p.msize, "BYTES", "Message size to ask for, 1M if left out (or P9_MSIZE)");
    p.setting("--dialect", p.dialect, "NAME", "auto, 9P2000.L, 9P2000.u, 9P2000 (or P9_DIALECT)");
    p.setting("--connect-timeout", p.connect_timeout, "SECONDS", "Until the tree is attached; 10 if left out, 0: none");
    p.setting("--timeout", p.timeout, "SECONDS", "For the whole command; no limit if left out");
    describe_tls_options(p.app, p.common.tls, "Connection");
    p.texts.push_back(&p.common.tls.ca_file);
    optional_value("--trace", p.trace, "-", "FILE", "Print each message, to FILE or standard error\n(or P9_TRACE)");
    p.app.get_option("--trace")->group("Connection");
    p.app.add_flag("-v,--verbose", p.common.verbose, "Print what was agreed on: dialect, msize, round trip")
        ->group("Connection");
}

CommandLine::~CommandLine() = default;

const CommonOptions& CommandLine::common() const { return parser_->common; }

void CommandLine::flag(const std::string& names, bool& value, const std::string& help) {
    parser_->app.add_flag_function(names, [&value](std::int64_t times) { value = times > 0; }, help);
}

void CommandLine::text(const std::string& names, std::string& value, const std::string& metavar,
                       const std::string& help) {
    parser_->texts.push_back(&value);
    parser_->app.add_option(names, value, help)->type_name(metavar)->take_last();
}

void CommandLine::number(const std::string& names, std::optional<u64>& value, const std::string& metavar,
                         const std::string& help, bool suffixes) {
    const auto parse = [&value, names, suffixes](std::string text) {
        unguard(text);
        value = parse_number(text, suffixes);
        if (value) return;
        throw CLI::ValidationError(names.substr(names.find_last_of(',') + 1),
                                   "expected a number" + std::string(suffixes ? " such as 4096, 64K or 1M" : "") +
                                       ", not \"" + escaped(text) + '"');
    };
    parser_->app.add_option_function<std::string>(names, parse, help)->type_name(metavar)->take_last();
}

void CommandLine::optional_value(const std::string& name, std::optional<std::string>& value, const std::string& implied,
                                 const std::string& metavar, const std::string& help,
                                 const std::vector<std::string>& choices) {
    auto& optional = parser_->optionals.emplace_back(OptionalValue{name, {}, &value, choices});
    // A flag takes a value only after '=': a path that follows is never mistaken for it.
    parser_->app.add_flag(name + "{" + implied + "}", optional.given, help)->type_name("[=" + metavar + "]");
}

void CommandLine::paths(std::vector<std::string>& value, const std::string& help, bool required) {
    parser_->paths = &value;
    parser_->app.add_option("PATH", value, help)->required(required)->type_name("");
}

void CommandLine::words(std::vector<std::string>& value,
                        std::function<std::string(const std::vector<std::string>&)> help) {
    parser_->words = &value;
    parser_->words_help = std::move(help);
    parser_->app.allow_extras();
}

void CommandLine::Parser::unguard_all() {
    for (std::string* text : texts) unguard(*text);
    if (words != nullptr) {
        *words = app.remaining();
        for (auto& word : *words) unguard(word);
    }
    if (paths == nullptr) return;
    for (auto& path : *paths) unguard(path);
}

std::optional<std::string> CommandLine::Parser::finish_address() {
    from_environment(address, "P9_ADDRESS");
    if (address.text.empty())
        return "no server: name one with -a, as in -a tcp!localhost!564 or -a unix!/run/server.sock, or in P9_ADDRESS";
    auto parsed = parse_address(address.text);
    if (!parsed) return parsed.error().message();
    common.address = std::move(*parsed);
    return std::nullopt;
}

std::optional<std::string> CommandLine::Parser::finish_numbers() {
    const auto wrong = [](const Setting& value, const std::string& expected) {
        return value.origin + ": " + expected + ", not \"" + escaped(value.text) + '"';
    };
    if (given("--uid")) {
        const auto number = parse_number(uid.text, false);
        if (!number || *number > NONUNAME) return wrong(uid, "expected a numeric user id");
        common.n_uname = static_cast<u32>(*number);
    } else {
        common.n_uname = geteuid();
    }
    from_environment(msize, "P9_MSIZE");
    if (!msize.text.empty() || given("--msize")) {
        const auto number = parse_number(msize.text, true);
        if (!number) return wrong(msize, msize_hint());
        if (*number < MIN_MSIZE || *number > 0x7fffffff)
            return wrong(msize, "must be from " + std::to_string(MIN_MSIZE) + " to 2147483647 bytes");
        common.msize = static_cast<u32>(*number);
    }
    for (const auto& [setting, duration] :
         {std::pair{&connect_timeout, &common.connect_timeout}, std::pair{&timeout, &common.timeout}}) {
        if (!given(setting->origin)) continue;
        const auto seconds = parse_seconds(setting->text);
        if (!seconds) return wrong(*setting, "expected a number of seconds");
        *duration = *seconds;
    }
    return std::nullopt;
}

std::optional<std::string> CommandLine::Parser::finish_dialect() {
    from_environment(dialect, "P9_DIALECT");
    if (dialect.text.empty() || dialect.text == "auto") return std::nullopt;
    const auto one = dialect_of(dialect.text);
    if (!one)
        return dialect.origin + ": expected auto, 9P2000.L, 9P2000.u or 9P2000, not \"" + escaped(dialect.text) + '"';
    common.dialects = {*one};
    return std::nullopt;
}

std::optional<std::string> CommandLine::Parser::finish_optionals() {
    for (auto& optional : optionals) {
        if (optional.given.empty()) continue;
        *optional.value = optional.given.back();
        if (optional.choices.empty() || std::ranges::find(optional.choices, **optional.value) != optional.choices.end())
            continue;
        std::string list;
        for (const auto& each : optional.choices) list += (list.empty() ? "" : ", ") + each;
        return optional.name + ": expected one of " + list + ", not \"" + escaped(**optional.value) + '"';
    }
    return std::nullopt;
}

std::optional<std::string> CommandLine::Parser::finish() {
    if (auto wrong = finish_optionals()) return wrong;
    if (auto wrong = finish_address()) return wrong;
    if (auto wrong = finish_numbers()) return wrong;
    if (auto wrong = finish_dialect()) return wrong;
    from_environment(aname, "P9_ANAME");
    common.aname = aname.text;
    from_environment(uname, "P9_UNAME");
    common.uname = uname.text.empty() && !given("--uname") ? login_name() : uname.text;
    common.trace = trace;
    const char* variable = std::getenv("P9_TRACE");
    if (!trace && variable != nullptr && *variable != '\0')
        common.trace = std::string_view(variable) == "1" ? "-" : variable;  // typed without thinking of a file
    return std::nullopt;
}

bool CommandLine::parse(int argc, char** argv, int& status) {
    Parser& p = *parser_;
    try {
        std::vector<std::string> backwards;  // as CLI11 wants them
        for (int i = argc - 1; i > 0; --i) backwards.push_back(guarded(argv[i]));
        p.app.parse(std::move(backwards));
        p.unguard_all();
    } catch (const CLI::CallForVersion& version) {
        status = p.app.exit(version);
        return false;
    } catch (const CLI::CallForHelp& help) {
        status = EXIT_DONE;
        if (p.words_help == nullptr)
            status = p.app.exit(help);
        else if (std::fputs(p.words_help(p.app.remaining()).c_str(), stdout) < 0)
            status = EXIT_REFUSED;
        return false;
    } catch (const CLI::ParseError& error) {
        complain(p.common.tool,
                 complaint(error, p.app.remaining()) + " (" + p.common.tool + " --help lists the options)");
        status = EXIT_USAGE;
        return false;
    }
    const auto wrong = p.finish();
    if (wrong) complain(p.common.tool, *wrong);
    status = wrong ? EXIT_USAGE : EXIT_DONE;
    return !wrong;
}

}  // namespace p9::tools
