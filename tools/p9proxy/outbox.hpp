// What waits to be sent over one connection: whole messages in order, gathered into as few writes as make sense.
//
// An Outbox may outlive the connection that it feeds: `detach` it, and what was not sent waits for the next `attach`.
// Held by shared_ptr by its owner and by the coroutine that sends; `close` before letting go. One thread. Its memory is
// bounded by who fills it: look at `full` before taking in more.
#pragma once

#include "p9/task.hpp"
#include "p9/transport.hpp"
#include "p9/wire.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <memory>
#include <optional>

namespace p9::proxy {

class Outbox : public std::enable_shared_from_this<Outbox> {
public:
    /// `full` above `limit` bytes. Each message is sent `delay` after it was put.
    Outbox(boost::asio::any_io_executor executor, std::size_t limit, Duration delay);
    ~Outbox();
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    /// Sends to `transport` from now on, beginning with what waits.
    void attach(std::shared_ptr<Transport> transport);
    /// Sends no more; a message whose sending has begun is kept, and sent again to the next transport.
    void detach();
    /// For ever: what waits is dropped, and whoever waits is let go.
    void close();

    /// Appends a message. The result are its bytes, which may be changed until the next call of anything here.
    std::span<u8> put(Frame message);
    /// Sends what was put. A single message is better off at once, many together.
    void kick();

    /// What waits, in bytes, what is being sent included.
    std::size_t bytes() const { return bytes_; }
    bool full() const { return bytes_ > limit_; }
    /// True when what waits is worth a write of its own.
    bool heavy() const { return bytes_ >= HEAVY; }
    /// Completes when it is not full, or closed.
    awaitable<void> room();
    /// The same, or when sending has failed.
    awaitable<void> room_or_failure();
    /// Completes when everything was sent; fails if that is not going to be.
    awaitable<Result<void>> emptied();
    /// Completes when everything was sent, nothing can be sent, or `limit` has passed.
    awaitable<void> drained(Duration limit);
    /// Says that sending failed by another way to the transport.
    void fail(Error why);
    /// Why sending failed; the transport is closed a moment later, so that what came over it can still be read.
    const std::optional<Error>& failure() const { return failure_; }

private:
    static constexpr std::size_t HEAVY = 32 << 10;
    static constexpr std::size_t GATHERED = 64 << 10;      // small messages gather in pieces of at most this size
    static constexpr std::size_t WORTH_COPYING = 8 << 10;  // a message above this size is sent from its own memory

    struct Piece {
        ByteVector gathered;
        Buffer single;  // instead, if not empty
        Clock::time_point due;

        Bytes bytes() const { return single.empty() ? Bytes(gathered) : Bytes(single); }
    };
    using Handler = boost::asio::any_completion_handler<void()>;

    static awaitable<void> send_to(std::shared_ptr<Outbox> self, std::shared_ptr<Transport> transport);
    static awaitable<void> close_later(std::shared_ptr<Transport> transport);
    awaitable<void> next_event();
    bool due() const { return !queue_.empty() && (delay_ == Duration::zero() || queue_.front().due <= Clock::now()); }
    Piece& piece_for(std::size_t size);
    void wake();

    boost::asio::any_io_executor executor_;
    const std::size_t limit_;
    const Duration delay_;
    std::shared_ptr<Transport> transport_;
    std::deque<Piece> queue_;
    std::size_t bytes_ = 0;
    ByteVector spare_;                 // memory for the next piece
    std::unique_ptr<Handler> parked_;  // where the sending coroutine waits for work
    bool busy_ = false;                // a sending coroutine is there
    bool closed_ = false;
    std::optional<Error> failure_;
    boost::asio::steady_timer event_;  // never expires; cancelled when bytes_ shrinks or something ends
    boost::asio::steady_timer due_;    // when the first message is to go
};

}  // namespace p9::proxy
