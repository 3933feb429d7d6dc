// The byte stream beneath a WebSocket: a socket, with TLS on it or without.
//
// Beast reads from it and writes to it. A write never waits: what Beast writes is queued, and leaves with the next
// push or flush. So the pong that Beast answers a ping with need not wait until a large message has left, while the
// reading waits for the pong: two peers that both stop reading would wait for ever. It also lets any number of
// messages leave in one piece.
//
// A WebSocketWire is shared by the operations under way, which complete with operation_aborted once it is closed. One
// thread.
#pragma once

#include "transports/socket.hpp"
#include "transports/tls.hpp"

#include <boost/asio/compose.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <string>
#include <vector>

namespace p9::transports {

class WebSocketWire : public std::enable_shared_from_this<WebSocketWire> {
public:
    using error_code = boost::system::error_code;

    /// A reader that asks for no more has what follows read ahead for it.
    static constexpr std::size_t SMALL_READ = 2048;
    static constexpr std::size_t READ_AHEAD = 16 * 1024;
    /// How much encrypted is read at once.
    static constexpr std::size_t ENCRYPTED = 64 * 1024;
    /// What is lent and not smaller is sent from where it lies.
    static constexpr std::size_t LENT = 4 * 1024;
    /// The most that may wait for a peer that pings and does not read.
    static constexpr std::size_t MOST_CONTROL = 64 * 1024;
    /// The most that is kept of an answer to a handshake.
    static constexpr std::size_t MOST_RESPONSE = 16 * 1024;

    WebSocketWire(Socket socket, std::unique_ptr<TlsEngine> tls);
    ~WebSocketWire();
    WebSocketWire(const WebSocketWire&) = delete;
    WebSocketWire& operator=(const WebSocketWire&) = delete;

    boost::asio::any_io_executor executor() { return socket_.get_executor(); }

    /// The handshake of TLS, if there is any; before anything else. Fails with errc::connection_failed or
    /// errc::cancelled, without the peer's name.
    awaitable<Result<void>> start();

    /// Lends memory until the next flush has ended: what is put from there need not be copied.
    void lend(Bytes memory) { lent_ = memory; }
    /// Queues bytes.
    void put(Bytes bytes);
    /// The same for pings, pongs and handshakes, of which the peer may cause any number: false if it reads none of
    /// them.
    bool put_control(Bytes bytes);
    /// Sends what the system takes now; the rest leaves in the background.
    void push();
    /// Sends all that is queued.
    awaitable<error_code> flush();

    /// Bytes that stand before what is read next.
    void unread(Bytes bytes);
    /// Reads some; error::eof at the end. At most one at a time.
    template <class Token>
    auto async_read(boost::asio::mutable_buffer into, Token&& token) {
        return boost::asio::async_compose<Token, void(error_code, std::size_t)>(Reading(shared_from_this(), into),
                                                                                token, socket_);
    }

    /// Keeps the beginning of what comes, for the words of a handshake that failed, and ends the stream after the
    /// header of an HTTP response that is no upgrade: its body may be endless.
    void watch_response() { watching_ = true; }
    /// What was kept; nothing is from now on.
    std::string take_response();

    /// Why reading or writing failed, where TLS knows more than the error code.
    const std::string& trouble() const { return trouble_; }

    /// Ends the stream: says so, and waits in the background, for a second at most, until the other end has closed
    /// too. What is queued and does not fit is lost. May be called twice.
    void close();
    bool closed() const { return !socket_.is_open(); }

private:
    using Space = std::array<boost::asio::mutable_buffer, 2>;

    struct Reading {
        Reading(std::shared_ptr<WebSocketWire> w, boost::asio::mutable_buffer buffer)
            : wire(std::move(w)), into(buffer) {}
        std::shared_ptr<WebSocketWire> wire;
        boost::asio::mutable_buffer into;
        enum { begun, receiving, done } state = begun;
        error_code failed;
        std::size_t count = 0;

        template <class Self>
        void operator()(Self& self, error_code received_failed = {}, std::size_t received = 0) {
            if (state == receiving && received_failed) return self.complete(received_failed, 0);
            if (state == done || (state == receiving && wire->received(*this, received)))
                return self.complete(failed, count);
            if (state == begun && wire->read_now(*this)) {
                // Never from within the initiating function.
                state = done;
                return boost::asio::post(wire->executor(), std::move(self));
            }
            state = receiving;
            auto& socket = wire->socket_;
            const Space space = wire->space(into);
            if (space[1].size() == 0)
                socket.async_receive(space[0], std::move(self));
            else
                socket.async_receive(space, std::move(self));
        }
    };

    /// True if the read is complete without the network.
    bool read_now(Reading& reading);
    /// True if it is with the `count` bytes that came.
    bool received(Reading& reading, std::size_t count);
    bool decrypted(Reading& reading);
    Space space(boost::asio::mutable_buffer into);
    void watch(Bytes came);

    void put_own(Bytes bytes);
    bool write_now();
    void forget(std::size_t written);
    void drop_queue(error_code why);
    awaitable<void> drain();
    static awaitable<void> drain_in_background(std::shared_ptr<WebSocketWire> self);

    Socket socket_;
    std::unique_ptr<TlsEngine> tls_;
    std::string trouble_;

    ByteVector ahead_;  // read, and not asked for yet: [ahead_begin_, ahead_end_)
    std::size_t ahead_begin_ = 0, ahead_end_ = 0;
    ByteVector encrypted_;
    std::string head_;            // the beginning of a response
    bool watching_ = false;       // for the header of one
    bool response_over_ = false;  // what follows its header is not read

    /// Bytes of out_, then lent ones.
    struct Piece {
        std::size_t own = 0;
        Bytes lent;
    };
    ByteVector out_;
    std::size_t out_begin_ = 0;
    std::vector<Piece> pieces_;
    std::size_t control_ = 0;  // bytes of put_control since the queue was empty
    Bytes lent_;
    bool draining_ = false;
    error_code broken_;                  // why nothing more can be sent
    boost::asio::steady_timer drained_;  // never expires; cancelled when a drain ends
};

}  // namespace p9::transports
