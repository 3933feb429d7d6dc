#include "tools/p9proxy/relay.hpp"

#include "p9/wire.hpp"

#include <boost/endian/conversion.hpp>

#include <algorithm>

namespace p9::proxy {

Relay::Relay(boost::asio::any_io_executor executor, Context& context)
    : Conversation(std::move(executor), context, context.options.limits.queue) {}

Relay::~Relay() {
    if (requests_) requests_->close();
}

awaitable<Result<void>> Relay::prepare(Bytes) {
    if (server_) co_return boost::system::in_place_value;
    const auto self = shared_from_this();
    const ProxyOptions& options = context_.options;
    auto dialling = options.dialler();
    auto server = co_await within(options.connect_timeout, std::move(dialling),
                                  options.server + ": no connection within the connect timeout (--connect-timeout)");
    if (!server) co_return server.error();
    if (ended_) {
        (*server)->close();
        co_return Error(errc::cancelled, "the client is gone");
    }
    begin(*std::move(server));
    co_return boost::system::in_place_value;
}

void Relay::begin(std::shared_ptr<Transport> server) {
    server_ = std::move(server);
    server_->max_message(HANDSHAKE_MAX);
    requests_ = std::make_shared<Outbox>(executor_, context_.options.limits.queue, context_.options.delay);
    requests_->attach(server_);
    context_.options.tracing.event(speaker_, "connected to " + context_.options.server);
    spawn(executor_, bring_replies(std::static_pointer_cast<Relay>(shared_from_this())));
}

awaitable<void> Relay::bring_replies(std::shared_ptr<Relay> self) {
    Relay& r = *self;
    const auto server = r.server_;
    while (!r.ended_) {
        auto receiving = server->receive();
        auto message = co_await std::move(receiving);
        if (!message) {
            r.requests_->close();
            if (!r.ended_) r.lose(r.requests_->failure().value_or(message.error()));
            break;
        }
        r.look_at_reply(message->bytes());
        r.replies_->put(*std::move(message));
        if (!server->ready() || r.replies_->heavy()) r.replies_->kick();
        if (r.replies_->full()) {
            auto waiting = r.replies_->room();
            co_await std::move(waiting);
        }
    }
    server->close();
}

std::optional<Error> Relay::pass(Frame message) {
    // The client will see that the connection is closed when it has what came before.
    if (lost() || !requests_) return std::nullopt;
    const std::span<u8> bytes = requests_->put(std::move(message));
    if (header_of(bytes).type == Tversion::type) look_at_request(bytes);
    context_.options.tracing.message(speaker_, Direction::sent, bytes, dialect_);
    return std::nullopt;
}

void Relay::look_at_request(std::span<u8> message) {
    const auto request = decode<Tversion>(body_of(message), Dialect::base);
    if (!request) return;
    offered_ = request->msize;
    if (const auto& limit = context_.options.msize; limit && offered_ > *limit) {
        offered_ = *limit;
        boost::endian::store_little_u32(message.data() + HEADER_SIZE, offered_);
    }
    // Whoever sends more before Rversion has come is shown in what was offered.
    dialect_ = dialect_of(request->version).value_or(Dialect::base);
}

void Relay::look_at_reply(Bytes message) {
    if (header_of(message).type == Rversion::type) {
        const auto reply = decode<Rversion>(body_of(message), Dialect::base);
        if (const auto dialect = reply ? dialect_of(reply->version) : std::nullopt) {
            dialect_ = *dialect;
            // A server may only lower what the client offered.
            const u32 msize = std::clamp(std::min(reply->msize, offered_), HEADER_SIZE, LARGEST_MSIZE);
            const u32 bound = std::max(msize, MIN_MSIZE);
            server_->max_message(bound);
            max_message(bound);
        }
    }
    context_.options.tracing.message(speaker_, Direction::received, message, dialect_);
}

void Relay::end(bool hard) {
    if (std::exchange(ended_, true)) return;
    replies_->close();
    if (!server_) return;
    requests_->kick();
    spawn(executor_, finish(requests_, server_, hard ? Duration::zero() : context_.options.limits.delivery));
}

awaitable<void> Relay::finish(std::shared_ptr<Outbox> requests, std::shared_ptr<Transport> server, Duration limit) {
    if (limit != Duration::zero()) {
        auto draining = requests->drained(limit);
        co_await std::move(draining);
    }
    requests->close();
    server->close();
}

}  // namespace p9::proxy
