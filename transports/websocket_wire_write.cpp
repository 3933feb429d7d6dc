#include "transports/websocket_wire.hpp"

#include "p9/task.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <functional>

namespace p9::transports {

namespace asio = boost::asio;
using boost::system::error_code;

void WebSocketWire::put_own(Bytes bytes) {
    if (bytes.empty()) return;
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    if (pieces_.empty() || !pieces_.back().lent.empty()) pieces_.push_back({});
    pieces_.back().own += bytes.size();
}

void WebSocketWire::put(Bytes bytes) {
    if (broken_ || closed()) return;
    if (tls_) {
        if (auto written = tls_->write(bytes); !written) {
            trouble_ = written.error().message();
            return drop_queue(asio::error::connection_aborted);
        }
        const std::size_t before = out_.size();
        tls_->take_output(out_);
        if (out_.size() == before) return;
        if (pieces_.empty()) pieces_.push_back({});
        pieces_.back().own += out_.size() - before;
        return;
    }
    const bool lent = bytes.size() >= LENT && !lent_.empty() && !std::less<>()(bytes.data(), lent_.data()) &&
                      !std::less<>()(lent_.data() + lent_.size(), bytes.data() + bytes.size());
    if (!lent) return put_own(bytes);
    if (pieces_.empty() || !pieces_.back().lent.empty()) pieces_.push_back({});
    pieces_.back().lent = bytes;
}

bool WebSocketWire::put_control(Bytes bytes) {
    put(bytes);
    control_ += bytes.size();
    return control_ <= MOST_CONTROL;
}

// True if nothing is left to write, or nothing more can be written.
bool WebSocketWire::write_now() {
    while (!pieces_.empty()) {
        std::array<iovec, 32> vectors;
        std::size_t used = 0;
        std::size_t own = out_begin_;
        for (std::size_t i = 0; i < pieces_.size() && used + 2 <= vectors.size(); ++i) {
            const Piece& piece = pieces_[i];
            if (piece.own > 0) vectors[used++] = {out_.data() + own, piece.own};
            if (!piece.lent.empty()) vectors[used++] = {const_cast<u8*>(piece.lent.data()), piece.lent.size()};
            own += piece.own;
        }
        msghdr message{};
        message.msg_iov = vectors.data();
        message.msg_iovlen = used;
        const ssize_t count = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
        if (count < 0)
            drop_queue(error_code(errno, boost::system::system_category()));
        else
            forget(static_cast<std::size_t>(count));
    }
    return true;
}

void WebSocketWire::forget(std::size_t written) {
    std::size_t whole = 0;
    for (Piece& piece : pieces_) {
        const std::size_t own = std::min(written, piece.own);
        piece.own -= own;
        out_begin_ += own;
        written -= own;
        if (piece.own > 0) break;
        const std::size_t lent = std::min(written, piece.lent.size());
        piece.lent = piece.lent.subspan(lent);
        written -= lent;
        if (!piece.lent.empty()) break;
        ++whole;
    }
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(whole));
    if (!pieces_.empty()) return;
    // A burst must not pin its memory.
    if (out_.capacity() > 1 << 20) out_ = {};
    out_.clear();
    out_begin_ = 0;
    control_ = 0;
}

void WebSocketWire::drop_queue(error_code why) {
    if (!broken_) broken_ = why;
    pieces_.clear();
    out_ = {};
    out_begin_ = 0;
}

void WebSocketWire::push() {
    if (draining_ || closed() || write_now()) return;
    draining_ = true;
    spawn(executor(), drain_in_background(shared_from_this()));
}

awaitable<void> WebSocketWire::drain() {
    while (!closed() && !write_now()) {
        error_code failed;
        co_await socket_.async_wait(Socket::wait_write, asio::redirect_error(asio::use_awaitable, failed));
        if (failed) drop_queue(failed);
    }
}

awaitable<void> WebSocketWire::drain_in_background(std::shared_ptr<WebSocketWire> self) {
    auto draining = self->drain();
    co_await std::move(draining);
    self->draining_ = false;
    self->drained_.cancel();
}

awaitable<error_code> WebSocketWire::flush() {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto self = shared_from_this();
    if (!draining_) {
        if (closed()) co_return asio::error::operation_aborted;
        draining_ = true;
        auto draining = drain();
        co_await std::move(draining);
        draining_ = false;
        drained_.cancel();
    } else {
        while (draining_) {
            error_code ignored;
            co_await drained_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            const auto cancelled = co_await asio::this_coro::cancellation_state;
            // What was lent must not be read any more.
            if (cancelled.cancelled() != asio::cancellation_type::none) drop_queue(asio::error::operation_aborted);
            if (broken_) break;
        }
    }
    lent_ = {};
    co_return broken_;
}

}  // namespace p9::transports
