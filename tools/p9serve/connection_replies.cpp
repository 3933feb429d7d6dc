// The way out: replies are gathered, and leave in as few writes as make sense.
#include "tools/p9serve/connection.hpp"

#include <boost/asio/redirect_error.hpp>

namespace p9::serve {
namespace {

constexpr std::size_t LONGEST_ERROR = 255;      // an Rerror of more than a line helps nobody and may not fit
constexpr std::size_t GATHERED = 16 << 10;      // small replies gather in pieces of about this size
constexpr std::size_t WORTH_COPYING = 4 << 10;  // a reply up to this size goes with others
constexpr std::size_t ROOMY = 4;                // a queue holds no reply whose memory is so many times its size

}  // namespace

void Connection::refuse(const Epoch& epoch, Tag tag, const Error& error) {
    if (epoch.dialect == Dialect::linux_) {
        answer(epoch, tag, Rlerror{static_cast<u32>(error.to_errno())});
        return;
    }
    std::string words = error.message();
    if (words.size() > LONGEST_ERROR) {
        std::size_t end = LONGEST_ERROR;
        while (end > 0 && (static_cast<u8>(words[end]) & 0xc0) == 0x80) --end;  // not inside a character
        words.resize(end);
    }
    answer(epoch, tag, Rerror{std::move(words), static_cast<u32>(error.to_errno())});
}

// Where small replies gather.
ByteVector& Connection::small_buffer() {
    if (queue_.empty() || queue_.back().size() >= GATHERED) queue_.emplace_back();
    return queue_.back();
}

void Connection::queue(ByteVector message, Dialect dialect) {
    const std::size_t size = message.size();
    // A read that asked for much and got little has memory for much. A client that does not read its replies must not
    // make the server keep that.
    const bool roomy = !queue_.empty() && message.capacity() / ROOMY > size;
    if (size <= WORTH_COPYING || roomy) {
        ByteVector& out = size <= WORTH_COPYING ? small_buffer() : queue_.emplace_back();
        const std::size_t before = out.size();
        out.resize(before + size);  // and no insert, which goes byte by byte
        std::memcpy(out.data() + before, message.data(), size);
        if (message.capacity() > spare_.capacity()) spare_ = std::move(message);
    } else {
        queue_.push_back(std::move(message));
    }
    queued(size, dialect);
}

// `bytes` were added to the last of the queue.
void Connection::queued(std::size_t bytes, Dialect dialect) {
    const Bytes last = queue_.back();
    if (options_.tracer) options_.tracer(Direction::sent, last.last(bytes), dialect);
    queued_bytes_ += bytes;
    if (done_ || broken_) {
        queue_.clear();
        queued_bytes_ = 0;
        return;
    }
    if (queued_bytes_ > HOPELESS) {
        broken_ = Error(errc::connection_lost, transport_->peer() + " does not read its replies");
        transport_->close();
    }
    // The read loop sends what came of the requests that it looks at now.
    if (!reading_ && !sending_) {
        sending_ = true;
        spawn(transport_->executor(), drain_later(shared_from_this()));
    }
}

awaitable<void> Connection::drain_later(std::shared_ptr<Connection> self) {
    sending_ = false;
    auto draining = self->drain();
    co_await std::move(draining);
}

// Sends all that is queued, unless somebody is about it already.
awaitable<void> Connection::drain() {
    if (sending_) co_return;
    sending_ = true;
    while (!queue_.empty() && !broken_) {
        ByteVector message = std::move(queue_.front());
        queue_.pop_front();
        auto sending = transport_->send(message);
        const auto sent = co_await std::move(sending);
        queued_bytes_ -= std::min(queued_bytes_, message.size());
        if (!sent && !broken_) {
            broken_ = sent.error();
            transport_->close();
        }
        if (message.capacity() > spare_.capacity()) spare_ = std::move(message);
        if (queued_bytes_ <= MAX_QUEUED) event_.cancel();
    }
    sending_ = false;
    event_.cancel();
}

}  // namespace p9::serve
