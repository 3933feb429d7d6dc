#include "tests/support/raw_websocket.hpp"

#include <boost/beast/websocket/detail/hybi13.hpp>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace p9::test {
namespace {

sockaddr_in loopback(u16 port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

}  // namespace

RawSocket::RawSocket(int descriptor) : descriptor_(descriptor) {}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), came_(std::move(other.came_)) {}

RawSocket::~RawSocket() { hang_up(); }

RawSocket RawSocket::dial(u16 port) {
    RawSocket dialled(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    if (::connect(dialled.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        dialled.hang_up();
    return dialled;
}

void RawSocket::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

bool RawSocket::fill() {
    pollfd waiting{descriptor_, POLLIN, 0};
    if (::poll(&waiting, 1, 10'000) <= 0) return false;
    std::array<char, 65536> bytes;
    const ssize_t count = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (count <= 0) return false;
    came_.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
}

std::string RawSocket::receive(std::size_t count) {
    while (came_.size() < count && fill()) {
    }
    std::string taken = came_.substr(0, count);
    came_.erase(0, taken.size());
    return taken;
}

std::string RawSocket::receive_until(std::string_view end) {
    auto found = came_.find(end);
    while (found == came_.npos && fill()) found = came_.find(end);
    return receive(found == came_.npos ? came_.size() : found + end.size());
}

std::string RawSocket::receive_all() {
    while (fill()) {
    }
    return std::exchange(came_, {});
}

void RawSocket::hang_up() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

std::string RawSocket::upgrade() {
    std::string request = receive_until("\r\n\r\n");
    const std::string_view name = "Sec-WebSocket-Key: ";
    const auto at = request.find(name);
    if (at == request.npos) return request;
    const auto begin = at + name.size();
    const std::string key = request.substr(begin, request.find('\r', begin) - begin);
    boost::beast::websocket::detail::sec_ws_accept_type accept;
    boost::beast::websocket::detail::make_sec_ws_accept(accept, key);
    send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         std::string(accept.data(), accept.size()) + "\r\n\r\n");
    return request;
}

std::string RawSocket::ask_upgrade(const std::string& path, const std::string& fields) {
    send("GET " + path +
         " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         fields + "\r\n");
    return receive_until("\r\n\r\n");
}

std::string RawSocket::receive_frame(u8* first) {
    const std::string head = receive(2);
    if (head.size() < 2) return {};
    if (first != nullptr) *first = static_cast<u8>(head[0]);
    const bool masked = (head[1] & 0x80) != 0;
    std::size_t length = head[1] & 0x7f;
    if (length >= 126) {
        const std::string more = receive(length == 126 ? 2 : 8);
        length = 0;
        for (const char byte : more) length = length << 8 | static_cast<u8>(byte);
    }
    const std::string key = masked ? receive(4) : std::string(4, '\0');
    std::string payload = receive(length);
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ key[i % 4]);
    return payload;
}

std::string raw_frame(u8 first, std::string_view payload, bool masked) {
    const auto mask = static_cast<char>(masked ? 0x80 : 0);
    std::string frame{static_cast<char>(first)};
    if (payload.size() < 126) {
        frame += static_cast<char>(mask | static_cast<char>(payload.size()));
    } else {
        const bool wide = payload.size() > 0xffff;
        frame += static_cast<char>(mask | (wide ? 127 : 126));
        for (int shift = wide ? 56 : 8; shift >= 0; shift -= 8) frame += static_cast<char>(payload.size() >> shift);
    }
    const std::string key = "\x11\x22\x33\x44";
    if (masked) frame += key;
    for (std::size_t i = 0; i < payload.size(); ++i)
        frame += static_cast<char>(masked ? payload[i] ^ key[i % 4] : payload[i]);
    return frame;
}

RawServer::RawServer(std::function<void(RawSocket&)> serve)
    : serve_(std::move(serve)), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    ::bind(listening_, reinterpret_cast<const sockaddr*>(&address), size);
    ::listen(listening_, 16);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
        for (;;) {
            RawSocket client(::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC));
            if (client.descriptor() < 0) return;
            serve_(client);
        }
    });
}

RawServer::~RawServer() {
    ::shutdown(listening_, SHUT_RDWR);  // ends accept
    thread_.join();
    ::close(listening_);
}

std::string RawServer::url(const std::string& rest) const { return "ws://127.0.0.1:" + std::to_string(port_) + rest; }

}  // namespace p9::test
