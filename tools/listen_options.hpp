// --tls-cert, --tls-key and --allow-origin: what p9serve and p9proxy have in common.
#pragma once

#include "p9/transports/listen.hpp"

#include <optional>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own name
class App;
}

namespace p9::tools {

/// Describes --tls-cert, --tls-key and --allow-origin, in `group` of the help. `options` must outlive the parsing.
void describe_listen_options(CLI::App& app, ListenOptions& options, const std::string& group);

/// What is wrong with the options for listening on these addresses, as a complaint; nothing if all is well. An option
/// that none of the addresses has a use for is a mistake too.
std::optional<std::string> check_listen_options(const ListenOptions& options, const std::vector<Address>& addresses);

}  // namespace p9::tools
