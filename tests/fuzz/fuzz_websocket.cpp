// Any bytes from a WebSocket client, its handshake included: what comes through is whole messages of allowed sizes, and
// the connection ends when the bytes do.
//
// The first byte of the input: if it is even, an honest handshake stands before the rest.
#include "transports/websocket_accept.hpp"

#include "p9/task.hpp"

#include "fuzz/require.hpp"

#include <boost/asio/io_context.hpp>

#include <sys/socket.h>
#include <unistd.h>

using namespace p9;

namespace {

constexpr u32 LARGEST = 4096;
constexpr std::string_view HANDSHAKE =
    "GET /tree HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

awaitable<void> serve(std::shared_ptr<transports::WebSocketWire> wire, bool& ended) {
    auto terms = std::make_shared<const transports::WebSocketTerms>();
    auto accepting = transports::accept_websocket(std::move(wire), "ws://fuzz/", std::move(terms));
    auto transport = co_await std::move(accepting);
    while (transport) {
        (*transport)->max_message(LARGEST);
        auto receiving = (*transport)->receive();
        const auto frame = co_await std::move(receiving);
        if (!frame) {
            fuzz::require(frame.error().code != make_error_code(errc::cancelled), "nobody cancelled");
            fuzz::require(frame.error().message().starts_with("ws://fuzz/"), "an error names the peer");
            break;
        }
        const Bytes bytes = frame->bytes();
        fuzz::require(bytes.size() >= HEADER_SIZE && bytes.size() <= LARGEST, "a message has an allowed size");
        fuzz::require((bytes[0] | bytes[1] << 8) == static_cast<int>(bytes.size()), "a message is whole");
    }
    ended = true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    int ends[2];
    if (size == 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) return 0;
    if (data[0] % 2 == 0) fuzz::require(::send(ends[1], HANDSHAKE.data(), HANDSHAKE.size(), 0) > 0, "it is sent");
    if (size > 1) fuzz::require(::send(ends[1], data + 1, size - 1, 0) > 0, "it is sent");
    ::shutdown(ends[1], SHUT_WR);

    bool ended = false;
    {
        boost::asio::io_context io(1);
        transports::Socket socket(io);
        if (transports::adopt_socket(socket, AF_UNIX, ends[0])) return 0;
        spawn(io.get_executor(), serve(std::make_shared<transports::WebSocketWire>(std::move(socket), nullptr), ended));
        while (!ended) fuzz::require(io.run_one() > 0, "something is left that can end the connection");
    }
    ::close(ends[1]);
    return 0;
}
