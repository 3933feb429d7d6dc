#include "tools/options_parser.hpp"

#include "tools/help_format.hpp"
#include "tools/messages.hpp"
#include "tools/parse_complaint.hpp"
#include "tools/tls_options.hpp"

#include <cstdio>

namespace p9::tools {
namespace {

/// CLI11 takes an argument such as "[ab]" apart as a list, but here it is a pattern or a name. A NUL, which no argument
/// holds, keeps it whole until it has been parsed.
std::string guarded(std::string word) {
    if (word.starts_with('[') && word.ends_with(']')) word += '\0';
    return word;
}

void unguard(std::string& word) {
    if (word.ends_with('\0')) word.pop_back();
}

}  // namespace

CommandLine::Parser::Parser(const About& about) : app(about.purpose, about.tool) {
    common.tool = about.tool;
    app.footer(about.examples);
    app.set_help_flag("--help", "Print this help and exit");
    app.set_version_flag("--version", about.tool + " " P9_VERSION, "Print the version and exit");
    for (const char* each : {"--help", "--version"}) app.get_option(each)->group("More");
    app.formatter(std::make_shared<HelpFormat>());
}

void CommandLine::Parser::setting(const std::string& names, Setting& value, const std::string& metavar,
                                  const std::string& help) {
    value.origin = names.substr(names.find("--"));
    texts.push_back(&value.text);
    app.add_option(names, value.text, help)->type_name(metavar)->take_last()->group("Connection");
}

CommandLine::CommandLine(const About& about) : parser_(std::make_unique<Parser>(about)) {
    Parser& p = *parser_;
    p.setting("-a,--address", p.address, "ADDR",
              "The server (or P9_ADDRESS): tcp!HOST!PORT, unix!PATH,\n"
              "ws://HOST/PATH, virtio!PORT, vsock!CID!PORT,\n"
              "exec!COMMAND; p9-address(7) has them all");
    p.setting("-A,--aname", p.aname, "NAME", "The tree to attach (or P9_ANAME)");
    p.setting("-u,--uname", p.uname, "USER", "Attach as; the login name if left out (or P9_UNAME)");
    p.setting("--uid", p.uid, "N", "The same in numbers, for .u and .L; the caller's uid");
    p.setting("--msize", p.msize, "BYTES", "Message size; 1M of data if left out (or P9_MSIZE)");
    p.setting("--dialect", p.dialect, "NAME", "auto, 9P2000.L, 9P2000.u, 9P2000 (or P9_DIALECT)");
    p.setting("--connect-timeout", p.connect_timeout, "SECONDS", "Until the tree is attached; 10 if left out, 0: none");
    p.setting("--timeout", p.timeout, "SECONDS", "For the whole command; no limit if left out");
    describe_tls_options(p.app, p.common.tls, "Connection");
    p.texts.push_back(&p.common.tls.ca_file);
    optional_value("--trace", p.trace, "-", "FILE", "Print each message, to FILE or standard error\n(or P9_TRACE)");
    p.app.get_option("--trace")->group("Connection");
    p.setting("--capture", p.capture, "FILE", "Write the messages to FILE as pcapng, for Wireshark");
    p.app.add_flag("-v,--verbose", p.common.verbose, "Print what was agreed on: dialect, msize, round trip")
        ->group("Connection")
        ->disable_flag_override();
}

CommandLine::~CommandLine() = default;

const CommonOptions& CommandLine::common() const { return parser_->common; }

void CommandLine::flag(const std::string& names, bool& value, const std::string& help) {
    parser_->app.add_flag_function(
                    names, [&value](std::int64_t times) { value = times > 0; }, help)
        ->disable_flag_override();
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
    const auto gap = help.find("  ");
    auto* option = parser_->app.add_option("PATH", value, gap == help.npos ? help : help.substr(gap + 2));
    option->required(required)->type_name("");
    if (gap != help.npos) option->option_text(help.substr(0, gap));
}

void CommandLine::output_is_free(std::function<bool()> free) { parser_->output_is_free = std::move(free); }

void CommandLine::server(const std::string& help) {
    parser_->texts.push_back(&parser_->server.text);
    parser_->app.add_option("ADDR", parser_->server.text, help)->type_name("");
}

void CommandLine::words(std::vector<std::string>& value,
                        std::function<std::string(const std::vector<std::string>&)> help,
                        std::function<std::optional<std::string>(const std::vector<std::string>&)> wrong) {
    parser_->words = &value;
    parser_->words_wrong = std::move(wrong);
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
        // Where words are taken, those that CLI11 cannot place are theirs.
        const auto unknown = p.words == nullptr ? p.app.remaining() : std::vector<std::string>();
        complain(p.common.tool, parse_complaint(error, unknown) + " (" + p.common.tool + " --help lists the options)");
        status = EXIT_USAGE;
        return false;
    }
    auto wrong = p.words == nullptr ? std::nullopt : p.words_wrong(*p.words);
    if (!wrong) wrong = p.finish();
    if (wrong) complain(p.common.tool, *wrong);
    status = wrong ? EXIT_USAGE : EXIT_DONE;
    return !wrong;
}

}  // namespace p9::tools
