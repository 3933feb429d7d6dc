// Beast's WebSocket over our wire, and the connection that handshakes make. Only for the few sources that compile
// Beast.
#pragma once

#include "transports/websocket_wire.hpp"

#include <boost/beast/websocket/stream.hpp>

namespace p9::transports {

/// What Beast takes for a socket.
class WebSocketLayer {
public:
    using executor_type = boost::asio::any_io_executor;
    using error_code = boost::system::error_code;

    explicit WebSocketLayer(std::shared_ptr<WebSocketWire> wire) : wire_(std::move(wire)) {}

    executor_type get_executor() const noexcept { return wire_->executor(); }
    WebSocketWire& wire() { return *wire_; }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return wire_->async_read(first_of(buffers), std::forward<Token>(token));
    }

    /// Control frames and handshakes. Queued within the call, whole, so that no other frame comes in between.
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        error_code failed;
        std::size_t count = 0;
        bool taken = true;
        each(buffers, [&](Bytes bytes) {
            count += bytes.size();
            taken = wire_->put_control(bytes) && taken;
        });
        wire_->push();
        if (!taken) failed = boost::asio::error::no_buffer_space;
        return boost::asio::async_compose<Token, void(error_code, std::size_t)>(
            [failed, count, posted = false](auto& self, auto&&...) mutable {
                if (posted) return self.complete(failed, count);
                posted = true;
                boost::asio::post(std::move(self));
            },
            token, wire_->executor());
    }

    /// Messages. They leave with the next flush.
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers, error_code& failed) {
        std::size_t count = 0;
        failed = {};
        each(buffers, [&](Bytes bytes) {
            count += bytes.size();
            wire_->put(bytes);
        });
        return count;
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers) {
        error_code ignored;
        return write_some(buffers, ignored);
    }
    /// There is nothing to wait with: whatever Beast does at once, it does without an answer.
    template <class Buffers>
    std::size_t read_some(const Buffers&, error_code& failed) {
        failed = boost::asio::error::would_block;
        return 0;
    }
    template <class Buffers>
    std::size_t read_some(const Buffers&) {
        return 0;
    }

private:
    template <class Buffers>
    static boost::asio::mutable_buffer first_of(const Buffers& buffers) {
        for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers);
             ++at)
            if (const boost::asio::mutable_buffer buffer = *at; buffer.size() > 0) return buffer;
        return {};
    }
    template <class Buffers, class Use>
    static void each(const Buffers& buffers, const Use& use) {
        for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers);
             ++at) {
            const boost::asio::const_buffer buffer = *at;
            use(Bytes(static_cast<const u8*>(buffer.data()), buffer.size()));
        }
    }

    std::shared_ptr<WebSocketWire> wire_;
};

// How Beast ends a stream once the close frames are exchanged: the transport does that, for all ways to end.

inline void teardown(boost::beast::role_type, WebSocketLayer&, boost::system::error_code& failed) { failed = {}; }

template <class Handler>
void async_teardown(boost::beast::role_type, WebSocketLayer& layer, Handler&& handler) {
    boost::asio::post(layer.get_executor(),
                      boost::beast::bind_handler(std::forward<Handler>(handler), boost::system::error_code()));
}

inline void beast_close_socket(WebSocketLayer& layer) { layer.wire().close(); }

/// Without permessage-deflate: neither offered nor accepted.
using WebSocketStream = boost::beast::websocket::stream<WebSocketLayer, false>;

/// One connection: what its transport shares with the operations under way.
struct WebSocketConnection {
    WebSocketConnection(const std::shared_ptr<WebSocketWire>& w, std::string name)
        : wire(w), stream(WebSocketLayer(w)), peer(std::move(name)) {}
    std::shared_ptr<WebSocketWire> wire;
    WebSocketStream stream;
    std::string peer;
};

/// A connection whose handshake is done, as a Transport.
std::unique_ptr<Transport> websocket_transport(std::shared_ptr<WebSocketConnection> connection,
                                               const DialOptions& options);

}  // namespace p9::transports
