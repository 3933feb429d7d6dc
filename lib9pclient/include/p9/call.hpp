// A call is one request in flight.
//
// Constructing a Call<T> queues the request; `reply` waits for the answer. Between the two any number of
// other calls may be started: that is how requests are pipelined. A Call neither moves nor copies. Destroying one
// that has no answer yet gives it up: the request is dropped from the outbox, or flushed.
#pragma once

#include "p9/error.hpp"
#include "p9/wire.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <memory>

namespace p9 {

class Session;
struct SessionCore;

namespace detail {

/// Upper bounds that a request puts on its reply, and what a reply measures against them.
inline u64 reply_bound(const Twalk& request) { return request.wname.size(); }
inline u64 reply_bound(const Tread& request) { return request.count; }
inline u64 reply_bound(const Treaddir& request) { return request.count; }
inline u64 reply_bound(const Twrite& request) { return request.data.bytes.size(); }
inline u64 reply_bound(const auto&) { return ~u64{0}; }
inline u64 reply_extent(const Rwalk& reply) { return reply.wqid.size(); }
inline u64 reply_extent(const Rread& reply) { return reply.data.bytes.size(); }
inline u64 reply_extent(const Rreaddir& reply) { return reply.data.bytes.size(); }
inline u64 reply_extent(const Rwrite& reply) { return reply.count; }
inline u64 reply_extent(const auto&) { return 0; }

/// The fid that the server will know if a request succeeds.
inline Fid made_by(const Tauth& request) { return request.afid; }
inline Fid made_by(const Tattach& request) { return request.fid; }
inline Fid made_by(const Twalk& request) { return request.newfid == request.fid ? NOFID : request.newfid; }
inline Fid made_by(const Txattrwalk& request) { return request.newfid; }
inline Fid made_by(const auto&) { return NOFID; }

/// The fid that a request works on.
inline Fid used_by(const auto& request) {
    if constexpr (requires { request.fid; })
        return request.fid;
    else
        return NOFID;
}

Error malformed(std::string_view message, std::size_t size);
Error excessive(std::string_view message, u64 extent, u64 bound);

}  // namespace detail

/// What all calls share; the part of a Call that does not depend on its message.
class PendingCall {
public:
    PendingCall(const PendingCall&) = delete;
    PendingCall& operator=(const PendingCall&) = delete;

    /// True once there is an answer or an error.
    bool done() const { return done_; }
    /// Asks the server to forget the request (flush(5)).
    void cancel();

protected:
    explicit PendingCall(Session& session);
    ~PendingCall();  // never deleted through this type

    /// Decodes an answer of the expected type. An error means that the server broke the protocol.
    virtual std::optional<Error> accept(Frame frame, Dialect dialect) = 0;
    virtual void fail(Error error) = 0;

    template <class T>
    void submit(const T& request) {
        const std::size_t size = encoded_size(request, dialect());
        uses_ = detail::used_by(request);
        if (!admit(T::type, speaks(T::dialects, dialect()), size, detail::made_by(request))) return;
        if constexpr (std::is_same_v<T, Twrite>)
            if (send_at_once(request)) return;
        submitted(encode(outbox(), tag_, request, dialect()), size);
    }
    Dialect dialect() const;

    /// Calls `handler` when done(), which it is not yet, as wait() resumes.
    void when_done(boost::asio::any_completion_handler<void()> handler) { suspend(std::move(handler)); }

    /// Suspends until done(). May be awaited once.
    auto wait() {
        return boost::asio::async_initiate<const boost::asio::deferred_t, void()>(
            [this](auto handler) { suspend(std::move(handler)); }, boost::asio::deferred);
    }

private:
    friend struct SessionCore;
    using Handler = boost::asio::any_completion_handler<void()>;

    /// Takes a tag. `makes` is the fid that the server will know if the request succeeds.
    bool admit(u8 type, bool spoken, std::size_t size, Fid makes);
    ByteVector& outbox();
    /// Sends a large write from where its data are, if that can be done now.
    bool send_at_once(const Twrite& request);
    void submitted(bool encoded, std::size_t size);
    void suspend(Handler handler);
    /// Marks the call as done and resumes whoever waits, at once.
    void complete();
    /// The same through the executor, for completions that are born inside the waiter's own doing.
    void complete_later();

    std::shared_ptr<SessionCore> core_;  // it outlives every call
    std::unique_ptr<Handler> handler_;   // behind a pointer: Boost 1.81 cannot move-assign it
    boost::asio::cancellation_slot
        slot_;          // cleared before completion, or a late cancel would flush the tag's next owner
    Tag tag_ = NOTAG;   // NOTAG: not in the tag table
    Fid uses_ = NOFID;  // not to be clunked while the server may still be at work on this request
    bool done_ = false;
};

/// One request of type T in flight.
template <class T>
class Call final : public PendingCall {
public:
    using Reply = typename T::Reply;

    /// Queues `request`. A request that cannot be sent (too large for msize, not in this dialect, connection
    /// lost) is done at once, with the error as its reply.
    Call(Session& session, const T& request) : PendingCall(session), bound_(detail::reply_bound(request)) {
        submit(request);
    }

    /// Waits for the answer; once for each call.
    boost::asio::awaitable<Result<Reply>> reply() {
        // Asio delivers a cancellation once; a coroutine that was cancelled earlier must not wait again.
        const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != boost::asio::cancellation_type::none) cancel();
        if (!done()) co_await wait();
        co_return std::move(reply_);
    }

    /// The same without a coroutine: calls `handler` once when there is an answer, which take_reply() has; not for a
    /// call that is done(). The handler runs in the session's thread; its associated cancellation slot gives the
    /// request up.
    using PendingCall::when_done;
    /// The answer of a call that is done(); once.
    Result<Reply> take_reply() { return std::move(reply_); }

private:
    std::optional<Error> accept(Frame frame, Dialect dialect) override {
        auto message = decode<Reply>(body_of(frame.bytes()), dialect);
        if (!message) return detail::malformed(Reply::message, frame.bytes().size());
        if (detail::reply_extent(*message) > bound_)
            return detail::excessive(Reply::message, detail::reply_extent(*message), bound_);
        if constexpr (requires { message->data.owner; }) {
            // The payload is a view into the frame: give it the frame's memory, or a copy of borrowed bytes.
            const std::size_t size = message->data.bytes.size();
            message->data.owner = std::move(frame).into_buffer();
            message->data.bytes = Bytes(message->data.owner).last(size);
        }
        reply_ = std::move(*message);
        return std::nullopt;
    }
    void fail(Error error) override { reply_ = std::move(error); }

    Result<Reply> reply_ = Error(errc::cancelled);
    u64 bound_;
};

}  // namespace p9
