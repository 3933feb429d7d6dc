#include "transports/stream.hpp"
#include "transports/tcp.hpp"
#include "transports/websocket.hpp"
#include "transports/websocket_stream.hpp"

#include "p9/trace.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace p9::transports {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// One line of the server's, of bounded length and without the query of a URL: it may be a ticket.
std::string line_of_server(std::string_view text) {
    text = text.substr(0, text.find('?'));
    while (text.ends_with(' ')) text.remove_suffix(1);
    return escaped(text.substr(0, 200));
}

/// The value of a field in the header of a response.
std::string_view field(std::string_view head, std::string_view name) {
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    for (auto at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at)) {
        at += 2;
        std::string_view line = head.substr(at, head.find("\r\n", at) - at);
        if (line.size() <= name.size() || line[name.size()] != ':' ||
            !std::equal(name.begin(), name.end(), line.begin(), [&](char a, char b) { return same(b, a); }))
            continue;
        line.remove_prefix(name.size() + 1);
        while (line.starts_with(' ')) line.remove_prefix(1);
        return line;
    }
    return {};
}

/// Why the server did not take the handshake; `head` is what it answered.
std::string refusal(std::string_view head, error_code failed) {
    if (head.empty() && failed.category() == boost::system::system_category())
        return "no answer to the WebSocket handshake: " + describe(failed);
    if (head.empty()) return "closed the connection without an answer to the WebSocket handshake";
    if (head.starts_with("\x15\x03")) return "answered the WebSocket handshake with TLS: dial wss://, not ws://";
    if (!head.starts_with("HTTP/"))
        return "answered the WebSocket handshake with something that is not HTTP; is it a WebSocket server?";
    const auto end = head.find("\r\n");
    if (end == head.npos || head.find("\r\n\r\n") == head.npos) {
        return failed == asio::error::eof || head.size() < WebSocketWire::MOST_RESPONSE / 2
                   ? "closed the connection in the middle of its answer to the WebSocket handshake"
                   : "sent too long an answer to the WebSocket handshake";
    }
    const std::string_view line = head.substr(0, end);
    const auto space = line.find(' ');
    const std::string status = line_of_server(space == line.npos ? line : line.substr(space + 1));
    std::string answered = "answered the WebSocket handshake with " + status;
    switch (status.empty() ? '0' : status[0]) {
        case '1':
            return answered + ", but is no WebSocket server: " + failed.message();
        case '2':
            return answered + "; there is a web server, but no WebSocket at this path";
        case '3': {
            const std::string place = line_of_server(field(head, "location"));
            return answered + (place.empty() ? "" : " to " + place) + "; dial the place that it moved to";
        }
        default:
            if (status.starts_with("404")) return answered + "; is the path right?";
            return answered;
    }
}

/// The error with this address in place of `other`, which its words begin with.
Error renamed(const Error& error, const std::string& other, const std::string& name) {
    const std::string words = error.message();
    return {error.code, words.starts_with(other) ? name + words.substr(other.size()) : name + ": " + words};
}

}  // namespace

awaitable<Result<std::unique_ptr<Transport>>> dial_websocket(WebSocketAddress address, DialOptions options) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const std::string name = display_name(Address(address));
    std::shared_ptr<TlsContext> context;
    if (address.tls) {
        // Before anything is dialled: a wrong file is a mistake in the command line.
        auto made = tls_client(options.tls, address.host);
        if (!made) co_return made.error().about(name);
        context = *std::move(made);
    }
    const TcpAddress host{address.host, address.port};
    auto resolving = resolve(host);
    auto resolved = co_await std::move(resolving);
    if (!resolved) co_return renamed(resolved.error(), to_string(Address(host)), name);
    auto connecting = connect_socket(interleaved(*resolved), name, options);
    auto socket = co_await std::move(connecting);
    if (!socket) co_return socket.error();

    std::unique_ptr<TlsEngine> engine;
    if (context) {
        auto made = context->engine();
        if (!made) co_return made.error().about(name);
        engine = *std::move(made);
    }
    auto wire = std::make_shared<WebSocketWire>(*std::move(socket), std::move(engine));
    struct Close {
        std::shared_ptr<WebSocketWire> wire;
        ~Close() {
            if (wire) wire->close();
        }
    } guard{wire};
    auto starting = wire->start();
    const auto started = co_await std::move(starting);
    if (!started) co_return started.error().about(name);

    auto connection = std::make_shared<WebSocketConnection>(wire, name);
    wire->watch_response();
    const bool usual = address.port == (address.tls ? 443 : 80);
    const std::string ip = address.host.find(':') == address.host.npos ? address.host : "[" + address.host + "]";
    const std::string authority = usual ? ip : ip + ":" + std::to_string(address.port);
    auto shaking = connection->stream.async_handshake(authority, address.path, asio::as_tuple(asio::deferred));
    const auto [failed] = co_await std::move(shaking);
    const std::string head = wire->take_response();
    if (failed == asio::error::operation_aborted) co_return Error(errc::cancelled, name + ": cancelled");
    if (failed) {
        const std::string& trouble = wire->trouble();
        co_return Error(errc::connection_failed, name + ": " + (trouble.empty() ? refusal(head, failed) : trouble));
    }
    guard.wire.reset();
    co_return websocket_transport(std::move(connection), options);
}

}  // namespace p9::transports
