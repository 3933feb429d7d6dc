// What a server that is none of 9P's says of itself.
#include "tools/p9doctor/steps.hpp"

#include "p9/messages.hpp"
#include "p9/task.hpp"
#include "p9/trace.hpp"
#include "p9/wire.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace p9::doctor {

namespace asio = boost::asio;

namespace {

constexpr Duration BANNER_PATIENCE = std::chrono::milliseconds(700);

/// Who begins like that, and what to do.
struct Known {
    std::string_view beginning;
    std::string_view what;
    std::string_view advice;
};
constexpr std::array<Known, 9> KNOWN{
    Known{"SSH-", "an SSH server", "a 9P server behind it is reached by 'exec!ssh HOST p9serve --stdio --dir /srv'"},
    {"HTTP/", "an HTTP server", "if it serves 9P over WebSocket, write ws://HOST:PORT/PATH; else check the port"},
    {"220", "a mail or FTP server", "check the port; 9P's is 564"},
    {"* OK", "an IMAP server", "check the port; 9P's is 564"},
    {"+OK", "a POP3 server", "check the port; 9P's is 564"},
    {"RFB ", "a VNC server", "check the port; 9P's is 564"},
    {"-ERR", "a Redis server", "check the port; 9P's is 564"},
    {"\x15\x03", "a TLS server", "9P over TLS is wss://HOST:PORT/PATH here"},
    {"{\"QMP\"", "QEMU's monitor", "give the socket of the guest's port, not the monitor's"},
};

/// Reads what comes first, and if that is nothing, what a Tversion brings.
template <class Socket>
awaitable<Result<std::string>> first_bytes(Socket& socket) {
    std::array<char, 256> buffer{};
    for (const bool asked : {false, true}) {
        if (asked) {
            ByteVector offer;
            (void)encode(offer, NOTAG, Tversion{8192, "9P2000"}, Dialect::base);
            auto writing = asio::async_write(socket, asio::buffer(offer), asio::as_tuple(asio::use_awaitable));
            const auto [unsent, n] = co_await std::move(writing);
            if (unsent) co_return std::string();
        }
        asio::steady_timer timer(socket.get_executor(), BANNER_PATIENCE);
        timer.async_wait([&socket](const boost::system::error_code& stopped) {
            if (!stopped) socket.cancel();
        });
        auto reading = socket.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
        const auto [failed, n] = co_await std::move(reading);
        timer.cancel();
        if (n > 0) co_return std::string(buffer.data(), n);
        if (failed && failed != asio::error::operation_aborted) break;
    }
    co_return std::string();
}

awaitable<std::string> banner_of(Address address) {
    const auto executor = co_await asio::this_coro::executor;
    if (const auto* unix = std::get_if<UnixAddress>(&address); unix != nullptr && !unix->abstract) {
        asio::local::stream_protocol::socket socket(executor);
        boost::system::error_code failed;
        socket.connect(asio::local::stream_protocol::endpoint(unix->path), failed);
        if (failed) co_return std::string();
        auto bytes = co_await first_bytes(socket);
        co_return bytes ? *bytes : std::string();
    }
#ifndef P9_STATIC
    if (const auto* tcp = std::get_if<TcpAddress>(&address)) {
        asio::ip::tcp::resolver resolver(executor);
        auto resolving =
            resolver.async_resolve(tcp->host, std::to_string(tcp->port), asio::as_tuple(asio::use_awaitable));
        const auto [unknown, endpoints] = co_await std::move(resolving);
        if (unknown) co_return std::string();
        asio::ip::tcp::socket socket(executor);
        auto connecting = asio::async_connect(socket, endpoints, asio::as_tuple(asio::use_awaitable));
        const auto [failed, endpoint] = co_await std::move(connecting);
        if (failed) co_return std::string();
        auto bytes = co_await first_bytes(socket);
        co_return bytes ? *bytes : std::string();
    }
#endif
    co_return std::string();
}

awaitable<Result<std::string>> banner_result(Address address) {
    auto reading = banner_of(std::move(address));
    auto text = co_await std::move(reading);
    co_return text;
}

}  // namespace

std::optional<Found> recognised(std::string_view bytes) {
    if (bytes.size() >= 2 && bytes[0] == '\xff' && (bytes[1] == '\xfb' || bytes[1] == '\xfd'))
        return Found{Finding::fail, "the other end speaks telnet", "start QEMU's chardev without telnet=on",
                     tools::EXIT_PROTOCOL};
    for (const Known& known : KNOWN) {
        if (!bytes.starts_with(known.beginning)) continue;
        const auto line = bytes.substr(0, bytes.find_first_of("\r\n"));
        std::string text = "this is " + std::string(known.what);
        if (line.size() > 3) text += ": \"" + escaped(line.substr(0, 60)) + '"';
        return Found{Finding::fail, std::move(text), std::string(known.advice), tools::EXIT_PROTOCOL};
    }
    return std::nullopt;
}

awaitable<std::optional<Found>> look_at_banner(const Address& address) {
    co_await asio::this_coro::throw_if_cancelled(false);
    constexpr Duration limit = std::chrono::seconds(4);
    auto reading = banner_result(address);
    const auto bytes = co_await within(limit, std::move(reading), "");
    if (!bytes || bytes->empty()) co_return std::nullopt;
    auto known = recognised(*bytes);
    if (known) co_return known;
    if (bytes->size() >= 5 && (*bytes)[4] == static_cast<char>(Rversion::type)) co_return std::nullopt;
    Found found{Finding::fail, "what answers is no 9P: \"" + escaped(std::string_view(*bytes).substr(0, 60)) + '"',
                "check the address: another server has this port", tools::EXIT_PROTOCOL};
    co_return found;
}

}  // namespace p9::doctor
