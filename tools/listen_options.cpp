#include "tools/listen_options.hpp"

#include "p9/trace.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace p9::tools {

void describe_listen_options(CLI::App& app, ListenOptions& options, const std::string& group) {
    app.add_option("--tls-cert", options.certificate, "wss: the certificate to show, and its chain, as PEM")
        ->type_name("FILE")
        ->take_last()
        ->group(group);
    app.add_option("--tls-key", options.key, "wss: the certificate's private key, as PEM")
        ->type_name("FILE")
        ->take_last()
        ->group(group);
    app.add_option("--allow-origin", options.allow_origins, "ws: take browsers from pages of this origin only")
        ->type_name("ORIGIN")
        ->group(group);
}

std::optional<std::string> check_listen_options(const ListenOptions& options, const std::vector<Address>& addresses) {
    const auto any = [&](auto wanted) {
        return std::ranges::any_of(addresses, [&](const Address& address) {
            const auto* socket = std::get_if<WebSocketAddress>(&address);
            return socket != nullptr && wanted(*socket);
        });
    };
    const bool tls = any([](const WebSocketAddress& socket) { return socket.tls; });
    const bool web = any([](const WebSocketAddress&) { return true; });
    const bool certified = !options.certificate.empty() || !options.key.empty();
    if (any([](const WebSocketAddress& socket) { return socket.path.find('?') != socket.path.npos; }))
        return "--listen: a path to listen on has no query: remove the ?";
    if (certified && !tls) return "--tls-cert and --tls-key belong to --listen wss://...";
    if (tls && (options.certificate.empty() || options.key.empty()))
        return "--listen wss://...: say --tls-cert FILE and --tls-key FILE";
    if (!options.allow_origins.empty() && !web) return "--allow-origin belongs to --listen ws://... or wss://...";
    for (const std::string& origin : options.allow_origins) {
        const auto scheme = origin.find("://");
        const bool whole = origin == "*" || origin == "null" || (scheme != origin.npos && scheme != 0);
        if (!whole || (scheme != origin.npos && origin.find('/', scheme + 3) != origin.npos))
            return "--allow-origin: expected an origin such as https://example.org, without a path, or *; not \"" +
                   escaped(origin) + '"';
    }
    return std::nullopt;
}

}  // namespace p9::tools
