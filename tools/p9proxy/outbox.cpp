#include "tools/p9proxy/outbox.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <cstring>

namespace p9::proxy {

namespace asio = boost::asio;

namespace {

/// How long what came over a connection may be read after nothing can be sent over it any more.
constexpr auto LAST_WORDS = std::chrono::seconds(1);
/// Messages that were put within this time leave together even if they are delayed.
constexpr auto TOGETHER = std::chrono::milliseconds(1);

}  // namespace

Outbox::Outbox(asio::any_io_executor executor, std::size_t limit, Duration delay)
    : executor_(std::move(executor)),
      limit_(limit),
      delay_(delay),
      event_(executor_, asio::steady_timer::time_point::max()),
      due_(executor_) {}

Outbox::~Outbox() = default;

void Outbox::attach(std::shared_ptr<Transport> transport) {
    detach();
    if (closed_) return;
    failure_.reset();
    transport_ = std::move(transport);
    spawn(executor_, send_to(shared_from_this(), transport_));
}

void Outbox::detach() {
    transport_.reset();
    wake();
    due_.cancel();
    event_.cancel();
}

void Outbox::close() {
    closed_ = true;
    queue_.clear();
    bytes_ = 0;
    detach();
}

// The parked coroutine refers to this outbox and would keep it alive for ever.
void Outbox::wake() {
    if (parked_ != nullptr) asio::post(executor_, [handler = std::move(parked_)] { std::move (*handler)(); });
}

Outbox::Piece& Outbox::piece_for(std::size_t size) {
    const auto now = delay_ == Duration::zero() ? Clock::time_point{} : Clock::now() + delay_;
    if (size <= WORTH_COPYING && !queue_.empty()) {
        Piece& last = queue_.back();
        if (last.single.empty() && last.gathered.size() + size <= GATHERED && now - last.due < TOGETHER) return last;
    }
    Piece& piece = queue_.emplace_back();
    piece.due = now;
    if (size <= WORTH_COPYING) piece.gathered = std::exchange(spare_, {});
    return piece;
}

std::span<u8> Outbox::put(Frame message) {
    const std::size_t size = message.bytes().size();
    Piece& piece = piece_for(size);
    bytes_ += size;
    if (size > WORTH_COPYING) {
        piece.single = std::move(message).into_buffer();
        return {piece.single.data(), size};
    }
    const std::size_t before = piece.gathered.size();
    piece.gathered.resize(before + size);  // and no insert, which goes byte by byte
    std::memcpy(piece.gathered.data() + before, message.bytes().data(), size);
    return {piece.gathered.data() + before, size};
}

void Outbox::kick() {
    if (closed_) {
        queue_.clear();
        bytes_ = 0;
    }
    if (parked_ == nullptr || queue_.empty()) return;
    Handler handler = std::move(*parked_);
    parked_.reset();
    std::move(handler)();
}

awaitable<void> Outbox::send_to(std::shared_ptr<Outbox> self, std::shared_ptr<Transport> transport) {
    co_await asio::this_coro::throw_if_cancelled(false);
    Outbox& o = *self;
    // The one before has the message that it was sending to put back.
    while (o.busy_) {
        auto waiting = o.next_event();
        co_await std::move(waiting);
    }
    if (o.transport_ != transport) co_return;
    o.busy_ = true;
    while (o.transport_ == transport && !o.failure_) {
        if (o.queue_.empty()) {
            const auto park = [&o](auto handler) { o.parked_ = std::make_unique<Handler>(std::move(handler)); };
            co_await asio::async_initiate<const asio::deferred_t, void()>(park, asio::deferred);
            continue;
        }
        if (!o.due()) {
            o.due_.expires_at(o.queue_.front().due);
            boost::system::error_code ignored;
            co_await o.due_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            continue;
        }
        Piece piece = std::move(o.queue_.front());
        o.queue_.pop_front();
        const std::size_t size = piece.bytes().size();
        auto sending = transport->send(piece.bytes());
        const auto sent = co_await std::move(sending);
        if (!sent) {
            // A closed outbox counts nothing any more.
            if (!o.closed_) o.queue_.push_front(std::move(piece));
            if (o.transport_ == transport) o.failure_ = sent.error();
            spawn(o.executor_, close_later(transport));
            break;
        }
        o.bytes_ -= std::min(o.bytes_, size);
        if (piece.gathered.capacity() > o.spare_.capacity()) {
            piece.gathered.clear();
            o.spare_ = std::move(piece.gathered);
        }
        o.event_.cancel();
    }
    o.busy_ = false;
    o.event_.cancel();
}

void Outbox::fail(Error why) {
    if (failure_ || closed_ || !transport_) return;
    failure_ = std::move(why);
    spawn(executor_, close_later(transport_));
    event_.cancel();
}

awaitable<void> Outbox::close_later(std::shared_ptr<Transport> transport) {
    asio::steady_timer timer(transport->executor(), LAST_WORDS);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    transport->close();
}

awaitable<void> Outbox::next_event() {
    boost::system::error_code ignored;
    co_await event_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

awaitable<void> Outbox::room() {
    const auto self = shared_from_this();
    while (full() && !closed_) {
        auto waiting = next_event();
        co_await std::move(waiting);
    }
}

awaitable<void> Outbox::room_or_failure() {
    const auto self = shared_from_this();
    while (full() && !closed_ && !failure_) {
        auto waiting = next_event();
        co_await std::move(waiting);
    }
}

awaitable<Result<void>> Outbox::emptied() {
    const auto self = shared_from_this();
    while (bytes_ != 0 && transport_ != nullptr && !failure_ && !closed_) {
        auto waiting = next_event();
        co_await std::move(waiting);
    }
    if (failure_) co_return *failure_;
    if (bytes_ != 0 || closed_) co_return Error(errc::cancelled, "nothing is sent any more");
    co_return boost::system::in_place_value;
}

awaitable<void> Outbox::drained(Duration limit) {
    const auto self = shared_from_this();
    const auto end = Clock::now() + limit;
    asio::steady_timer timer(executor_, end);
    timer.async_wait([self](const boost::system::error_code& cancelled) {
        if (!cancelled) self->event_.cancel();
    });
    while (bytes_ != 0 && transport_ != nullptr && !failure_ && !closed_ && Clock::now() < end) {
        auto waiting = next_event();
        co_await std::move(waiting);
    }
}

}  // namespace p9::proxy
