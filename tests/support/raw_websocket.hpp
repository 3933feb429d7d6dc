// A WebSocket peer written by hand, byte by byte, for what no honest one does.
#pragma once

#include "p9/types.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace p9::test {

/// One end of a TCP connection, with blocking calls. Nothing is ever waited for longer than ten seconds.
class RawSocket {
public:
    /// Owns the descriptor.
    explicit RawSocket(int descriptor);
    RawSocket(RawSocket&& other) noexcept;
    RawSocket& operator=(RawSocket&&) = delete;
    ~RawSocket();

    /// A connection to a port of the loopback interface.
    static RawSocket dial(u16 port);

    int descriptor() const { return descriptor_; }
    void send(std::string_view bytes) const;
    /// At least `count` bytes, or less at the end of the stream.
    std::string receive(std::size_t count);
    /// Up to and with `end`, or less at the end of the stream.
    std::string receive_until(std::string_view end);
    /// Waits until the other end hangs up; what came until then.
    std::string receive_all();
    void hang_up();

    /// Reads a handshake and answers it as a server must; the request.
    std::string upgrade();
    /// Sends a handshake as a client does, with more fields, and reads the answer up to its empty line.
    std::string ask_upgrade(const std::string& path = "/", const std::string& fields = "");
    /// The payload of the next frame, unmasked; its first byte goes to `first`.
    std::string receive_frame(u8* first = nullptr);

private:
    bool fill();
    int descriptor_;
    std::string came_;
};

/// A frame of a server, or, masked, of a client. 0x82 is a whole binary message, 0x81 a text.
std::string raw_frame(u8 first, std::string_view payload, bool masked = false);

/// Serves each connection with a function, one after another, in a thread.
class RawServer {
public:
    explicit RawServer(std::function<void(RawSocket&)> serve);
    RawServer(const RawServer&) = delete;
    /// Takes no more connections and waits until the last one is served.
    ~RawServer();
    u16 port() const { return port_; }
    /// ws://127.0.0.1:PORT and `rest`.
    std::string url(const std::string& rest = "/") const;

private:
    std::function<void(RawSocket&)> serve_;
    int listening_;
    u16 port_ = 0;
    std::thread thread_;
};

}  // namespace p9::test
