#include "tools/options_parser.hpp"

#include "tools/capture.hpp"
#include "tools/messages.hpp"
#include "tools/user_names.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace p9::tools {
namespace {

std::string msize_hint() { return "expected a number of bytes such as 65536, 64K or 1M"; }

}  // namespace

void CommandLine::Parser::from_environment(Setting& value, const char* variable) {
    if (given(value.origin)) return;
    const char* text = std::getenv(variable);
    if (text == nullptr || *text == '\0') return;
    value.text = text;
    value.origin = variable;
}

std::optional<std::string> CommandLine::Parser::finish_address() {
    if (given("--address") && !server.text.empty())
        return "two servers: " + escaped(address.text) + " by --address and " + escaped(server.text);
    if (!server.text.empty()) address = {server.text, "--address"};
    if (address.text.empty()) from_environment(address, "P9_ADDRESS");
    if (address.text.empty())
        return "no server: name one with -a, as in -a tcp://localhost:564 or -a unix:/run/server.sock, or in "
               "P9_ADDRESS";
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

std::optional<std::string> CommandLine::Parser::begin_capture() {
    if (!given("--capture")) return std::nullopt;
    if (capture.text.empty()) return "--capture: expected a file's name after it";
    if (capture.text == "-" && (output_is_free == nullptr || !output_is_free()))
        return "--capture -: standard output is for what " + common.tool + " prints; give a file's name";
    auto opened = Capture::open(capture.text, common.tool + " " P9_VERSION,
                                [tool = common.tool](const std::string& line) { complain(tool, line); });
    if (!opened) return opened.error().about("--capture").message();
    common.capture = *std::move(opened);
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
    return begin_capture();                                                 // at last: it makes a file
}

}  // namespace p9::tools
