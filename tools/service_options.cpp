#include "tools/service_options.hpp"

#include "p9/trace.hpp"
#include "tools/capture.hpp"
#include "tools/help_format.hpp"
#include "tools/messages.hpp"
#include "tools/options.hpp"
#include "tools/parse_complaint.hpp"
#include "tools/service.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

#ifndef P9_VERSION
#error "P9_VERSION comes from CMake"
#endif

namespace p9::tools {

void describe_service(CLI::App& app, const char* footer) {
    app.footer(footer);
    app.set_help_flag("--help", "Print this help and exit");
    app.set_version_flag("--version", app.get_name() + " " P9_VERSION, "Print the version and exit");
    for (const char* each : {"--help", "--version"}) app.get_option(each)->group("More");
    app.formatter(std::make_shared<HelpFormat>());
}

bool parse_service(CLI::App& app, int argc, char** argv, int& status) {
    status = EXIT_USAGE;
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        status = app.exit(help);
        return false;
    } catch (const CLI::ParseError& error) {
        complain(app.get_name(),
                 parse_complaint(error, app.remaining()) + " (" + app.get_name() + " --help lists the options)");
        return false;
    }
    status = EXIT_DONE;
    return true;
}

std::string in_quotes(std::string_view text) { return '"' + escaped(text) + '"'; }

Wrong take_listen(const std::vector<std::string>& texts, std::vector<Address>& addresses) {
    for (const std::string& text : texts) {
        auto address = parse_listen_address(text);
        if (!address) return "--listen: " + address.error().message();
        addresses.push_back(*std::move(address));
    }
    return std::nullopt;
}

Wrong take_number(const char* name, const std::optional<std::string>& text, bool suffixes, u64 least, u64 most,
                  u64& value) {
    if (!text) return std::nullopt;
    const auto parsed = parse_number(*text, suffixes);
    if (!parsed)
        return std::string(name) + ": expected a number" + (suffixes ? " such as 4096, 64K or 1M" : "") + ", not " +
               in_quotes(*text);
    if (*parsed < least || *parsed > most)
        return std::string(name) + ": must be from " + std::to_string(least) + " to " + std::to_string(most);
    value = *parsed;
    return std::nullopt;
}

Wrong take_seconds(const char* name, const std::optional<std::string>& text, Duration& value) {
    if (!text) return std::nullopt;
    const auto seconds = parse_seconds(*text);
    if (!seconds) return std::string(name) + ": expected a number of seconds, not " + in_quotes(*text);
    value = *seconds;
    return std::nullopt;
}

Wrong take_capture(const std::optional<std::string>& where, const std::string& tool, const std::vector<Address>& listen,
                   std::shared_ptr<Capture>& capture) {
    if (!where) return std::nullopt;
    if (where->empty()) return "--capture: expected a file's name after it";
    if (*where == "-" && std::ranges::any_of(listen, uses_output))
        return "--capture -: standard output speaks 9P; give a file's name";
    auto opened =
        Capture::open(*where, tool + " " P9_VERSION, [tool](const std::string& line) { complain(tool, line); });
    if (!opened) return opened.error().about("--capture").message();
    capture = *std::move(opened);
    return std::nullopt;
}

}  // namespace p9::tools
