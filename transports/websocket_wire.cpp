#include "transports/websocket_wire.hpp"

#include "p9/task.hpp"
#include "transports/stream.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace p9::transports {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// A descriptor that is closed with its owner, whether the coroutine that takes it ever runs or not.
struct OwnDescriptor {
    explicit OwnDescriptor(int number) : fd(number) {}
    OwnDescriptor(OwnDescriptor&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
    OwnDescriptor& operator=(OwnDescriptor&&) = delete;
    ~OwnDescriptor() {
        if (fd >= 0) ::close(fd);
    }
    int fd;
};

/// Reads until the other end has closed too, but not for ever: were the socket closed at once, what comes after it
/// would make the kernel throw away what that end has not read yet.
awaitable<void> linger(OwnDescriptor owned) {
    const auto executor = co_await asio::this_coro::executor;
    const auto socket = std::make_shared<asio::posix::stream_descriptor>(executor, std::exchange(owned.fd, -1));
    asio::steady_timer patience(executor, std::chrono::seconds(1));
    patience.async_wait([socket](error_code cancelled) {
        error_code ignored;
        if (!cancelled) socket->close(ignored);
    });
    for (;;) {
        error_code failed;
        co_await socket->async_wait(asio::posix::stream_descriptor::wait_read,
                                    asio::redirect_error(asio::use_awaitable, failed));
        if (failed) co_return;
        u8 thrown_away[4096];
        const ssize_t count = ::recv(socket->native_handle(), thrown_away, sizeof thrown_away, MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) co_return;
    }
}

}  // namespace

WebSocketWire::WebSocketWire(Socket socket, std::unique_ptr<TlsEngine> tls)
    : socket_(std::move(socket)),
      tls_(std::move(tls)),
      drained_(socket_.get_executor(), asio::steady_timer::time_point::max()) {}

WebSocketWire::~WebSocketWire() { close(); }

awaitable<Result<void>> WebSocketWire::start() {
    const auto self = shared_from_this();
    while (tls_) {
        auto done = tls_->handshake();
        put({});  // what TLS has to say, also of a failure
        auto flushing = flush();
        const error_code unsent = co_await std::move(flushing);
        if (unsent == asio::error::operation_aborted) co_return Error(errc::cancelled, "cancelled");
        if (!done) co_return done.error();
        if (*done) break;
        error_code failed;
        encrypted_.resize(ENCRYPTED);
        const auto count =
            co_await socket_.async_receive(asio::buffer(encrypted_), asio::redirect_error(asio::use_awaitable, failed));
        if (failed == asio::error::operation_aborted) co_return Error(errc::cancelled, "cancelled");
        if (failed == asio::error::eof)
            co_return Error(errc::connection_failed, "closed the connection in the middle of the TLS handshake");
        if (failed) co_return Error(errc::connection_failed, "the TLS handshake failed: " + describe(failed));
        tls_->feed(Bytes(encrypted_).first(count));
    }
    co_return boost::system::in_place_value;
}

void WebSocketWire::unread(Bytes bytes) {
    ByteVector both(bytes.begin(), bytes.end());
    both.insert(both.end(), ahead_.data() + ahead_begin_, ahead_.data() + ahead_end_);
    ahead_ = std::move(both);
    ahead_begin_ = 0;
    ahead_end_ = ahead_.size();
}

bool WebSocketWire::read_now(Reading& reading) {
    if (closed()) {
        reading.failed = asio::error::operation_aborted;
        return true;
    }
    if (response_over_) {
        reading.failed = asio::error::eof;
        return true;
    }
    if (ahead_begin_ < ahead_end_) {
        reading.count = std::min(reading.into.size(), ahead_end_ - ahead_begin_);
        std::memcpy(reading.into.data(), ahead_.data() + ahead_begin_, reading.count);
        ahead_begin_ += reading.count;
        return true;
    }
    return tls_ && decrypted(reading);
}

WebSocketWire::Space WebSocketWire::space(asio::mutable_buffer into) {
    if (tls_) {
        encrypted_.resize(ENCRYPTED);
        return {asio::buffer(encrypted_), {}};
    }
    if (into.size() > SMALL_READ || watching_) return {into, {}};
    // Beast looks for the header of a frame. Of small messages there may be more.
    ahead_.resize(READ_AHEAD);
    return {into, asio::buffer(ahead_)};
}

bool WebSocketWire::received(Reading& reading, std::size_t count) {
    if (tls_) {
        tls_->feed(Bytes(encrypted_).first(count));
        return decrypted(reading);
    }
    reading.count = std::min(count, reading.into.size());
    ahead_begin_ = 0;
    ahead_end_ = count - reading.count;
    watch({static_cast<const u8*>(reading.into.data()), reading.count});
    return true;
}

bool WebSocketWire::decrypted(Reading& reading) {
    const std::span into(static_cast<u8*>(reading.into.data()), reading.into.size());
    const auto count = tls_->read(into);
    put({});  // TLS may have to answer
    push();
    if (!count) {
        trouble_ = count.error().message();
        reading.failed = asio::error::connection_aborted;
        return true;
    }
    reading.count = *count;
    if (*count == 0 && tls_->ended()) reading.failed = asio::error::eof;
    watch(into.first(*count));
    return *count > 0 || reading.failed;
}

void WebSocketWire::watch(Bytes came) {
    if (!watching_ || head_.size() >= MOST_RESPONSE) return;
    const std::size_t seen = head_.size() < 3 ? 0 : head_.size() - 3;
    head_.append(reinterpret_cast<const char*>(came.data()), came.size());
    const auto end = head_.find("\r\n\r\n", seen);
    constexpr std::size_t status = 9;  // "HTTP/1.1 "
    response_over_ = end != head_.npos && head_.starts_with("HTTP/") && head_.compare(status, 3, "101") != 0;
}

std::string WebSocketWire::take_response() {
    watching_ = false;
    return std::exchange(head_, {});
}

void WebSocketWire::close() {
    if (closed()) return;
    if (tls_) {
        tls_->end();
        put({});
    }
    const bool all_sent = !draining_ && write_now() && !broken_;
    drop_queue(asio::error::operation_aborted);
    drained_.cancel();
    error_code failed;
    const auto executor = socket_.get_executor();
    if (all_sent) socket_.shutdown(Socket::shutdown_send, failed);
    if (!all_sent || failed) {
        socket_.close(failed);
        return;
    }
    const int descriptor = socket_.release(failed);
    if (!failed) spawn(executor, linger(OwnDescriptor(descriptor)));
}

}  // namespace p9::transports
