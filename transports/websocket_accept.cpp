#include "transports/websocket_accept.hpp"

#include "p9/trace.hpp"
#include "transports/stream.hpp"
#include "transports/websocket_stream.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>

namespace p9::transports {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using Request = http::request<http::empty_body>;

/// The most that the header of a request may take. Browsers send cookies of other servers on the same host.
constexpr std::uint32_t MOST_HEADER = 16 * 1024;

/// An answer that is no upgrade.
struct Refusal {
    const char* status;
    std::string words;  // for the client, in one line
};

std::string_view text_of(boost::string_view text) { return {text.data(), text.size()}; }

/// The path that a client asks for, without its query.
std::string_view path_of(const Request& request) {
    const auto target = request.target();
    const std::string_view path(target.data(), target.size());
    return path.substr(0, path.find('?'));
}

bool origin_allowed(const Request& request, const std::vector<std::string>& allowed) {
    const auto origin = request.find(http::field::origin);
    if (allowed.empty() || origin == request.end()) return true;
    const auto same = [&](const std::string& one) {
        // A scheme and a host are the same in either case (RFC 6454, section 4).
        return one == "*" || boost::beast::iequals(origin->value(), {one.data(), one.size()});
    };
    return std::ranges::any_of(allowed, same);
}

std::optional<Refusal> refusal_of(const Request& request, const WebSocketTerms& terms) {
    if (!websocket::is_upgrade(request))
        return Refusal{"426 Upgrade Required",
                       "This is a 9P server that speaks WebSocket; there is nothing to see with HTTP."};
    if (terms.path != "/" && path_of(request) != terms.path)
        return Refusal{"404 Not Found", "There is no WebSocket at this path."};
    if (!origin_allowed(request, terms.origins))
        return Refusal{"403 Forbidden", "Pages of this origin may not connect."};
    return std::nullopt;
}

std::string response(const Refusal& refusal) {
    const std::string body = refusal.words + "\n";
    return std::string("HTTP/1.1 ") + refusal.status +
           "\r\nConnection: close\r\nUpgrade: websocket\r\nContent-Type: text/plain\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// Some clients name what they will speak and hang up unless the server repeats one of the names.
std::string subprotocol_of(const Request& request) {
    const auto offered = request.find(http::field::sec_websocket_protocol);
    if (offered == request.end()) return {};
    for (const auto& name : http::token_list(offered->value())) {
        const std::string_view text = text_of(name);
        if (text == "binary" || text.starts_with("9p") || text.starts_with("9P")) return std::string(text);
    }
    return {};
}

/// What to say of a request that could not be read.
std::string trouble_of(const WebSocketWire& wire, error_code failed) {
    if (!wire.trouble().empty()) return ": " + wire.trouble();
    if (failed == http::error::end_of_stream || failed == asio::error::eof || failed == http::error::partial_message)
        return " closed the connection before its WebSocket handshake was done";
    if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
        return ": its request has too long a header";
    if (failed.category() == make_error_code(http::error::bad_method).category())
        return ": its request is not HTTP: " + failed.message();
    return ": " + describe(failed);
}

}  // namespace

awaitable<Result<std::unique_ptr<Transport>>> accept_websocket(std::shared_ptr<WebSocketWire> wire, std::string peer,
                                                               std::shared_ptr<const WebSocketTerms> terms) {
    struct Close {
        std::shared_ptr<WebSocketWire> wire;
        ~Close() {
            if (wire) wire->close();
        }
    } guard{wire};
    auto starting = wire->start();
    const auto started = co_await std::move(starting);
    if (!started) {
        const std::string words = started.error().message();
        co_return Error(started.error().code, peer + (words.starts_with("closed") ? " " : ": ") + words);
    }

    auto connection = std::make_shared<WebSocketConnection>(wire, std::move(peer));
    boost::beast::flat_buffer buffer(MOST_HEADER + 4096);
    http::request_parser<http::empty_body> parser;
    parser.header_limit(MOST_HEADER);
    auto reading =
        http::async_read_header(connection->stream.next_layer(), buffer, parser, asio::as_tuple(asio::deferred));
    const auto [failed, count] = co_await std::move(reading);
    if (failed == asio::error::operation_aborted) co_return Error(errc::cancelled, connection->peer + ": cancelled");
    const bool unreadable = failed.category() == make_error_code(http::error::bad_method).category() &&
                            failed != http::error::end_of_stream && failed != http::error::partial_message;
    std::optional<Refusal> refusal;
    if (unreadable)
        refusal = Refusal{"400 Bad Request", "This is a 9P server that speaks WebSocket; the request is not readable."};
    else if (!failed)
        refusal = refusal_of(parser.get(), *terms);
    if (refusal) {
        const std::string answer = response(*refusal);
        wire->put(Bytes(reinterpret_cast<const u8*>(answer.data()), answer.size()));
        auto flushing = wire->flush();
        co_await std::move(flushing);
    }
    if (failed) co_return Error(errc::connection_failed, connection->peer + trouble_of(*wire, failed));
    if (refusal) {
        std::string words = ": refused with " + std::string(refusal->status);
        const auto origin = parser.get().find(http::field::origin);
        if (std::string_view(refusal->status).starts_with("403"))
            words +=
                ": pages of " + escaped(text_of(origin->value()).substr(0, 200)) + " may not connect (--allow-origin)";
        else if (std::string_view(refusal->status).starts_with("404"))
            words += ": it asked for " + escaped(path_of(parser.get()).substr(0, 200));
        co_return Error(errc::connection_failed, connection->peer + words);
    }

    // A client may have sent its first frame at once.
    const auto rest = buffer.data();
    if (rest.size() > 0) wire->unread(Bytes(static_cast<const u8*>(rest.data()), rest.size()));
    const std::string subprotocol = subprotocol_of(parser.get());
    connection->stream.set_option(websocket::stream_base::decorator([subprotocol](websocket::response_type& answer) {
        answer.set(http::field::server, "p9");
        if (!subprotocol.empty()) answer.set(http::field::sec_websocket_protocol, subprotocol);
    }));
    auto accepting = connection->stream.async_accept(parser.get(), asio::as_tuple(asio::deferred));
    const auto [refused] = co_await std::move(accepting);
    if (refused == asio::error::operation_aborted) co_return Error(errc::cancelled, connection->peer + ": cancelled");
    if (refused)
        co_return Error(errc::connection_failed,
                        connection->peer + ": its WebSocket handshake is bad: " + refused.message());
    guard.wire.reset();
    co_return websocket_transport(std::move(connection), terms->connection);
}

}  // namespace p9::transports
