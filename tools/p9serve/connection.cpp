#include "tools/p9serve/connection.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <cerrno>

namespace p9::serve {
namespace {

namespace asio = boost::asio;

Error violation(std::string words) { return {errc::protocol_violation, std::move(words)}; }

}  // namespace

Connection::Connection(ServerContext& context, std::unique_ptr<Transport> transport, std::string only_user)
    : context_(context),
      options_(context.options),
      transport_(std::move(transport)),
      only_user_(std::move(only_user)),
      epoch_(std::make_shared<Epoch>()),
      event_(transport_->executor(), asio::steady_timer::time_point::max()),
      handshake_(transport_->executor()) {}

awaitable<Error> Connection::serve() {
    const auto self = shared_from_this();
    co_await asio::this_coro::throw_if_cancelled(false);
    if (options_.handshake_timeout != Duration::zero()) spawn(transport_->executor(), watch_handshake(self));
    std::optional<Error> reason;
    while (!reason) {
        auto receiving = transport_->receive();
        auto frame = co_await std::move(receiving);
        if (broken_) reason = broken_;
        if (!frame && !reason) reason = frame.error();
        if (reason) break;
        reading_ = true;
        reason = accept(*std::move(frame));
        reading_ = false;
        // What came together is answered together, unless the answers are worth a message of their own.
        if (!transport_->ready() || queued_bytes_ >= SEND_AT_ONCE) {
            auto draining = drain();
            co_await std::move(draining);
        }
        while (queued_bytes_ > MAX_QUEUED && !broken_) {
            boost::system::error_code ignored;
            co_await event_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
    }
    done_ = true;
    handshake_.cancel();
    transport_->close();
    for (const auto& [tag, running] : std::unordered_map(running_)) {
        running->silent = true;
        cancel(running);
    }
    while (alive_ != 0 || sending_) {
        boost::system::error_code ignored;
        co_await event_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    auto clearing = clear(std::exchange(epoch_, std::make_shared<Epoch>()));
    co_await std::move(clearing);
    co_return *std::move(reason);
}

awaitable<void> Connection::watch_handshake(std::shared_ptr<Connection> self) {
    boost::system::error_code cancelled;
    handshake_.expires_after(options_.handshake_timeout);
    co_await handshake_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    if (cancelled || self->done_ || greeted()) co_return;
    broken_ = violation("no Tversion within the handshake timeout");
    transport_->close();
}

// Looks at one message. An error ends the connection.
std::optional<Error> Connection::accept(Frame frame) {
    if (options_.tracer) options_.tracer(Direction::received, frame.bytes(), epoch_->dialect);
    const Header header = header_of(frame.bytes());
    if (header.type == Tversion::type) {
        const auto request = decode<Tversion>(body_of(frame.bytes()), epoch_->dialect);
        if (!request) return violation("a malformed Tversion");
        version(header.tag, *request);
        return std::nullopt;
    }
    if (header.type % 2 != 0)
        return violation("a reply, " + message_name(header.type) + ", where requests are expected");
    if (!greeted()) {
        refuse(*epoch_, header.tag, Error::from_errno(EPROTO, "a conversation begins with Tversion"));
        return std::nullopt;
    }
    if (running_.contains(header.tag) || flushing_.contains(header.tag))
        return violation(message_name(header.type) + " with tag " + std::to_string(number(header.tag)) +
                         ", which is in use");
    std::optional<Error> reason;
    bool spoken = false;
    const bool known = with_message(Messages{}, header.type, [&]<class T>() {
        if constexpr (requires { typename T::Reply; }) {
            if (!speaks(T::dialects, epoch_->dialect)) return;
            spoken = true;
            reason = start<T>(header.tag, std::move(frame));
        }
    });
    if (!known || !spoken)
        refuse(*epoch_, header.tag,
               Error::from_errno(EOPNOTSUPP, message_name(header.type) + " is not a request of " +
                                                 std::string(version_string(epoch_->dialect))));
    return reason;
}

template <class T>
std::optional<Error> Connection::start(Tag tag, Frame frame) {
    std::optional<T> request;
    if constexpr (requires { request->data.owner; }) {
        // The data outlives the frame if the write waits.
        Buffer owner = std::move(frame).into_buffer();
        request = decode<T>(body_of(owner), epoch_->dialect);
        if (request) request->data.owner = std::move(owner);
    } else {
        request = decode<T>(body_of(frame.bytes()), epoch_->dialect);
    }
    if (!request) {
        refuse(*epoch_, tag, Error::from_errno(EINVAL, "malformed " + std::string(T::message)));
        return std::nullopt;
    }
    if constexpr (std::is_same_v<T, Tflush>) {
        flush(tag, request->oldtag);
    } else if constexpr (!std::is_same_v<T, Tversion>) {
        const auto running = std::make_shared<Running>();
        running->tag = tag;
        running->epoch = epoch_;
        if constexpr (requires { request->data.owner; }) running->bytes = request->data.bytes.size();
        if (running->bytes != 0 && held_bytes_ + running->bytes > MAX_HELD) {
            refuse(*epoch_, tag, Error::from_errno(EAGAIN, "too much is waiting to be written"));
            return std::nullopt;
        }
        held_bytes_ += running->bytes;
        running_.emplace(tag, running);
        ++alive_;
        // The handler keeps `running` until the coroutine is gone, whose cancellation slot is in it.
        auto ended = [self = shared_from_this(), running](const std::exception_ptr& thrown) {
            --self->alive_;
            if (self->done_) self->event_.cancel();
            if (thrown) std::rethrow_exception(thrown);
        };
        asio::co_spawn(transport_->executor(), run<T>(shared_from_this(), running, *std::move(request)),
                       asio::bind_cancellation_slot(running->signal.slot(), std::move(ended)));
    }
    return std::nullopt;
}

template <class T>
awaitable<void> Connection::run(std::shared_ptr<Connection> self, RunningPtr running, T request) {
    co_await asio::this_coro::throw_if_cancelled(false);
    using Answer = typename decltype(on(*running->epoch, request))::value_type;
    Answer result = Error::from_errno(EIO);
    try {
        auto working = on(*running->epoch, request);
        result = co_await std::move(working);
    } catch (const std::bad_alloc&) {
        result = Error::from_errno(ENOMEM);
    }
    held_bytes_ -= running->bytes;
    if (!running->silent) {
        // A request that was flushed and has nothing to tell goes unanswered; one that was carried out is answered, and
        // its answer comes before Rflush (flush(5)).
        if (result || !running->cancelled) self->answer_result<T>(*running, result);
        self->finish(*running);
    }
}

// Ends what is known of a request, after its answer is in the queue.
void Connection::finish(Running& running) {
    running_.erase(running.tag);
    for (const Tag tag : running.flushes) {
        flushing_.erase(tag);
        answer(*running.epoch, tag, Rflush{});
    }
}

void Connection::flush(Tag tag, Tag old) {
    RunningPtr target;
    if (const auto found = running_.find(old); found != running_.end())
        target = found->second;
    else if (const auto pending = flushing_.find(old); pending != flushing_.end())
        target = pending->second;  // the flush of a flush: answered after it
    if (!target) {
        answer(*epoch_, tag, Rflush{});
        return;
    }
    target->flushes.push_back(tag);
    flushing_.emplace(tag, target);
    cancel(target);
}

// The caller holds the request: it may end, and leave every table, within emit.
void Connection::cancel(const RunningPtr& running) {
    if (std::exchange(running->cancelled, true)) return;
    running->signal.emit(asio::cancellation_type::terminal);
}

void Connection::version(Tag tag, const Tversion& request) {
    // version(5): everything of the conversation so far is over, and its requests go unanswered.
    for (const auto& [in_use, running] : std::unordered_map(running_)) {
        running->silent = true;
        cancel(running);
    }
    running_.clear();
    flushing_.clear();
    const auto old = std::exchange(epoch_, std::make_shared<Epoch>());
    if (!old->fids.empty()) spawn(transport_->executor(), clear(old));

    epoch_->max_fids = options_.max_fids;
    const std::string_view offered = request.version;
    std::optional<Dialect> agreed = dialect_of(offered);
    // A client that speaks more than is known here gets the base: "9P2000.x" before its dot (version(5)).
    if (!agreed && offered.starts_with("9P2000.")) agreed = Dialect::base;
    const auto& spoken = options_.dialects;
    if (agreed && std::ranges::find(spoken, *agreed) == spoken.end()) {
        const bool base = std::ranges::find(spoken, Dialect::base) != spoken.end();
        agreed = base ? std::optional(Dialect::base) : std::nullopt;
    }
    const u32 msize = std::min(request.msize, options_.msize);
    Rversion reply{msize, "unknown"};
    if (agreed && msize >= MIN_MSIZE) {
        epoch_->dialect = *agreed;
        epoch_->msize = msize;
        reply.version = version_string(*agreed);
        transport_->max_message(msize);
        handshake_.cancel();
    }
    // With the tag it came with, although that should be NOTAG: whoever debugs a client of his own finds his answer.
    answer(*epoch_, tag, reply);
}

// Ends the fids of a conversation that is over.
awaitable<void> Connection::clear(std::shared_ptr<Epoch> epoch) {
    const auto self = shared_from_this();
    // Requests that are still ending may touch the epoch's own table.
    const auto fids = std::exchange(epoch->fids, {});
    for (const auto& [fid, state] : fids) {
        if (!state->remove_on_clunk || !state->place) continue;
        auto removing = remove(*state->place);
        co_await std::move(removing);
    }
}

}  // namespace p9::serve
