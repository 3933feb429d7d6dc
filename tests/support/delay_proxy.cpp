#include "support/delay_proxy.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <cstring>
#include <deque>
#include <memory>
#include <stdexcept>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace p9::test {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using Clock = std::chrono::steady_clock;

namespace {

// More in flight than any link that the tests model; beyond it the sender is held back as a full pipe would.
constexpr std::size_t max_held = 256 << 20;
constexpr std::size_t read_size = 256 << 10;

/// The two sockets of one connection, which ends when both directions have.
struct Link {
    explicit Link(asio::io_context& io) : client(io), server(io) {}
    void close() {
        error_code ignored;
        client.close(ignored);
        server.close(ignored);
    }
    Socket client;
    Socket server;
};

/// One direction: reads as fast as bytes come, and writes each when its time has come. Held by the handlers that are
/// under way; when none is, it is gone.
class Pump : public std::enable_shared_from_this<Pump> {
public:
    Pump(std::shared_ptr<Link> link, Socket& from, Socket& to, std::chrono::nanoseconds delay)
        : link_(std::move(link)), from_(from), to_(to), timer_(from.get_executor()), delay_(delay) {}

    void start() { read(); }

private:
    struct Piece {
        Clock::time_point due;
        std::vector<char> bytes;  // empty: the end
    };

    void read() {
        reading_ = true;
        from_.async_read_some(asio::buffer(scratch_), [self = shared_from_this()](error_code error, std::size_t n) {
            self->reading_ = false;
            self->have_read(error, n);
        });
    }
    void have_read(error_code error, std::size_t n) {
        if (error && error != asio::error::eof) return link_->close();
        // Copied out of the scratch memory at its exact size: thousands of small messages may be held.
        pieces_.push_back({Clock::now() + delay_, {scratch_.begin(), scratch_.begin() + static_cast<long>(n)}});
        held_ += n;
        if (!error && held_ < max_held) read();
        ended_ = ended_ || error;
        if (!writing_) wait();
    }
    void wait() {
        if (pieces_.empty()) return;
        writing_ = true;
        if (pieces_.front().due <= Clock::now()) return write();
        timer_.expires_at(pieces_.front().due);
        timer_.async_wait([self = shared_from_this()](error_code) { self->write(); });
    }
    /// Writes everything that is due, in one gathered write.
    void write() {
        const auto now = Clock::now();
        gathered_.clear();
        std::size_t count = 0;
        for (; count < pieces_.size() && count < 64 && pieces_[count].due <= now; ++count) {
            if (pieces_[count].bytes.empty()) break;
            gathered_.push_back(asio::buffer(pieces_[count].bytes));
        }
        if (count == 0) {
            writing_ = false;
            if (pieces_.front().due > now) return wait();
            error_code ignored;
            to_.shutdown(Socket::shutdown_send, ignored);
            pieces_.clear();
            return;
        }
        asio::async_write(to_, gathered_, [self = shared_from_this(), count](error_code error, std::size_t n) {
            self->have_written(error, count, n);
        });
    }
    void have_written(error_code error, std::size_t count, std::size_t n) {
        writing_ = false;
        if (error) return link_->close();
        pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<long>(count));
        held_ -= n;
        if (!reading_ && !ended_ && held_ < max_held) read();
        wait();
    }

    std::shared_ptr<Link> link_;
    Socket& from_;
    Socket& to_;
    asio::steady_timer timer_;
    std::chrono::nanoseconds delay_;
    std::vector<char> scratch_ = std::vector<char>(read_size);
    std::deque<Piece> pieces_;
    std::vector<asio::const_buffer> gathered_;
    std::size_t held_ = 0;
    bool reading_ = false;
    bool writing_ = false;  // or waiting for the time to write
    bool ended_ = false;
};

void no_delay(Socket& socket, int family) {
    if (family != AF_INET && family != AF_INET6) return;
    const int on = 1;
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

StreamEndpoint stream_endpoint(const std::string& text) {
    if (text.find('/') != std::string::npos) return asio::local::stream_protocol::endpoint(text);
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) throw std::invalid_argument(text + ": want HOST:PORT or a path with a '/'");
    const auto port = std::stoul(text.substr(colon + 1));
    if (port > 0xffff) throw std::invalid_argument(text + ": port must be 0 to 65535");
    return asio::ip::tcp::endpoint(asio::ip::make_address(text.substr(0, colon)), static_cast<unsigned short>(port));
}

std::string stream_endpoint_text(const StreamEndpoint& endpoint) {
    if (endpoint.protocol().family() == AF_UNIX) {
        asio::local::stream_protocol::endpoint local;
        std::memcpy(local.data(), endpoint.data(), endpoint.size());
        local.resize(endpoint.size());  // after the bytes: it looks whether the last one is NUL
        return local.path();
    }
    asio::ip::tcp::endpoint tcp;
    std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
    return tcp.address().to_string() + ':' + std::to_string(tcp.port());
}

DelayProxy::DelayProxy(asio::io_context& io, const StreamEndpoint& listen, StreamEndpoint dial,
                       std::chrono::nanoseconds delay)
    : io_(io), acceptor_(io, listen.protocol()), dial_(std::move(dial)), delay_(delay) {
    if (listen.protocol().family() == AF_UNIX)
        ::unlink(stream_endpoint_text(listen).c_str());
    else
        acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(listen);
    acceptor_.listen();
    accept_next();
}

void DelayProxy::close() {
    error_code ignored;
    acceptor_.close(ignored);
}

void DelayProxy::accept_next() {
    auto link = std::make_shared<Link>(io_);
    Socket& client = link->client;
    acceptor_.async_accept(client, [this, link = std::move(link)](error_code error) {
        if (error) return;
        Socket& server = link->server;
        server.async_connect(dial_, [link, delay = delay_, family = dial_.protocol().family()](error_code failure) {
            if (failure) return link->close();
            no_delay(link->server, family);
            std::make_shared<Pump>(link, link->client, link->server, delay)->start();
            std::make_shared<Pump>(link, link->server, link->client, delay)->start();
        });
        no_delay(link->client, acceptor_.local_endpoint().protocol().family());
        accept_next();
    });
}

}  // namespace p9::test
