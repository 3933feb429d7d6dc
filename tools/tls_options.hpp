// --tls-ca and --tls-insecure: what every program that dials has in common.
#pragma once

#include "p9/transports/dial.hpp"

#include <optional>
#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own name
class App;
}

namespace p9::tools {

/// Describes --tls-ca and --tls-insecure, in `group` of the help. `options` must outlive the parsing.
void describe_tls_options(CLI::App& app, TlsOptions& options, const std::string& group);

/// The line that has to be said each time a connection to `address` is not checked; nothing if it is.
std::optional<std::string> tls_warning(const Address& address, const TlsOptions& options);

}  // namespace p9::tools
