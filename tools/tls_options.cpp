#include "tools/tls_options.hpp"

#include <CLI/CLI.hpp>

namespace p9::tools {

void describe_tls_options(CLI::App& app, TlsOptions& options, const std::string& group) {
    app.add_option("--tls-ca", options.ca_file, "wss: trust the certificates in FILE, not the system's")
        ->type_name("FILE")
        ->take_last()
        ->group(group);
    app.add_flag("--tls-insecure", options.insecure, "wss: take any certificate; for tests only")
        ->group(group)
        ->disable_flag_override();
}

std::optional<std::string> tls_warning(const Address& address, const TlsOptions& options) {
    const auto* socket = std::get_if<WebSocketAddress>(&address);
    if (socket == nullptr || !socket->tls || !options.insecure) return std::nullopt;
    return display_name(address) +
           ": the server's certificate is not checked (--tls-insecure): anybody in between can read and change what is "
           "sent";
}

}  // namespace p9::tools
