// The command line of the programs that listen, p9serve and p9proxy: what they have in common with each other and not
// with the tools.
//
// Free functions. A complaint is a line for the person who typed; nothing means that all is well.
#pragma once

#include "p9/task.hpp"
#include "p9/transports/address.hpp"

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own name
class App;
}

namespace p9::tools {

/// A complaint, if there is one.
using Wrong = std::optional<std::string>;

/// Describes --help and --version; to be called before the program's own options. `footer` is what the help ends with.
void describe_service(CLI::App& app, const char* footer);
/// True if all is well; else `status` is what to exit with, after help or one line of complaint was printed.
bool parse_service(CLI::App& app, int argc, char** argv, int& status);

/// For a complaint about `text`, which may hold anything.
std::string in_quotes(std::string_view text);

/// Adds the addresses that follow --listen.
Wrong take_listen(const std::vector<std::string>& texts, std::vector<Address>& addresses);
/// The number that an option's text spells, if it was given; `suffixes` allows K, M, G and T.
Wrong take_number(const char* name, const std::optional<std::string>& text, bool suffixes, u64 least, u64 most,
                  u64& value);
template <std::unsigned_integral T>
Wrong take_number(const char* name, const std::optional<std::string>& text, bool suffixes, u64 least, u64 most,
                  T& value) {
    u64 number = value;
    Wrong wrong = take_number(name, text, suffixes, least, most, number);
    value = static_cast<T>(number);
    return wrong;
}
/// The same for a time in seconds.
Wrong take_seconds(const char* name, const std::optional<std::string>& text, Duration& value);

}  // namespace p9::tools
