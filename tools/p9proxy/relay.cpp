#include "tools/p9proxy/relay.hpp"

#include "p9/negotiate.hpp"
#include "p9/wire.hpp"

#include <boost/endian/conversion.hpp>

#include <algorithm>

namespace p9::proxy {
namespace {

/// The connection that is there, once, and new ones after it.
awaitable<Result<std::unique_ptr<Transport>>> first_or_new(std::shared_ptr<std::unique_ptr<Transport>> first,
                                                           Dialler dialler) {
    if (*first) co_return std::move(*first);
    auto dialling = dialler();
    co_return co_await std::move(dialling);
}

}  // namespace

Relay::Relay(boost::asio::any_io_executor executor, Context& context)
    : Conversation(std::move(executor), context, context.options.limits.queue) {}

Relay::~Relay() {
    if (requests_) requests_->close();
}

awaitable<Result<std::unique_ptr<Transport>>> Relay::dial() {
    const ProxyOptions& options = context_.options;
    auto dialling = options.dialler();
    auto server = co_await within(options.connect_timeout, std::move(dialling),
                                  options.server + ": no connection within the connect timeout (--connect-timeout)");
    if (!server || !ended_) co_return server;
    (*server)->close();
    co_return Error(errc::cancelled, "the client is gone");
}

awaitable<Result<void>> Relay::prepare(Bytes message) {
    const auto self = shared_from_this();
    if (!server_ && !port_) {
        auto dialling = dial();
        auto server = co_await std::move(dialling);
        if (!server) co_return server.error();
        if ((*server)->leftovers())
            port_ = *std::move(server);
        else
            begin(*std::move(server));
    }
    if (!port_ || message.empty()) co_return boost::system::in_place_value;
    const auto offer =
        header_of(message).type == Tversion::type ? decode<Tversion>(body_of(message), Dialect::base) : std::nullopt;
    const auto offered = offer ? dialect_of(offer->version) : std::nullopt;
    if (!offered) {
        begin(std::move(port_));
        co_return boost::system::in_place_value;
    }
    auto agreeing = agree_on_port(*offer, *offered);
    co_return co_await std::move(agreeing);
}

// Agrees on a version in the client's stead.
awaitable<Result<void>> Relay::agree_on_port(Tversion offer, Dialect offered) {
    const ProxyOptions& options = context_.options;
    SessionOptions session;
    session.dialects = {offered};
    session.msize = std::min({offer.msize, options.msize.value_or(LARGEST_MSIZE), LARGEST_MSIZE});
    if (options.connect_timeout != Duration::zero()) session.port_timeout = options.connect_timeout * 9 / 10;
    // The first try is on the connection that is there.
    const auto first = std::make_shared<std::unique_ptr<Transport>>(std::move(port_));
    const Dialler again = [first, dialler = options.dialler] { return first_or_new(first, dialler); };
    auto agreeing = agree(again, session);
    auto agreement = co_await within(options.connect_timeout, std::move(agreeing),
                                     options.server + ": no answer within the connect timeout (--connect-timeout)");
    if (ended_) co_return Error(errc::cancelled, "the client is gone");
    if (!agreement && agreement.error().code != make_error_code(errc::handshake_failed)) co_return agreement.error();
    answer_ = Rversion{session.msize, "unknown"};
    if (!agreement) co_return boost::system::in_place_value;
    answer_ = Rversion{agreement->msize, std::string(version_string(agreement->dialect))};
    begin(std::move(agreement->transport));
    agreed(agreement->dialect, agreement->msize);
    co_return boost::system::in_place_value;
}

void Relay::answer() {
    ByteVector bytes;
    if (encode(bytes, NOTAG, *answer_, Dialect::base)) {
        context_.options.tracing.message(speaker_, Direction::received, bytes, dialect_);
        replies_->put(Frame(Bytes(bytes)));
    }
    answer_.reset();
}

void Relay::agreed(Dialect dialect, u32 msize) {
    dialect_ = dialect;
    const u32 bound = std::clamp(msize, MIN_MSIZE, LARGEST_MSIZE);
    server_->max_message(bound);
    max_message(bound);
}

void Relay::begin(std::shared_ptr<Transport> server) {
    server_ = std::move(server);
    server_->max_message(HANDSHAKE_MAX);
    requests_ = std::make_shared<Outbox>(executor_, context_.options.limits.queue, context_.options.delay);
    requests_->attach(server_);
    context_.options.tracing.event(speaker_, "connected to " + context_.options.server);
    // Only who is sure that the client does not change, and looks at no message, lets the kernel carry them.
    const ProxyOptions& options = context_.options;
    if (client_ && !options.tracing.line && options.keep == Duration::zero() && options.delay == Duration::zero()) {
        to_server_.join(*client_, *server_);
        to_client_.join(*server_, *client_);
    }
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
        if (r.to_client_.wanted()) {
            const auto client = r.client_;
            if (!client) co_return;  // `end` closes the server when it has what was passed on
            auto carrying = carry(*r.replies_, r.to_client_, *server, *client);
            const auto carried = co_await std::move(carrying);
            if (carried) continue;
            if (r.to_client_.source_failed()) {
                if (!r.ended_) r.lose(carried.error());
                break;
            }
            // It is the client that is gone, and whoever reads from it will see that.
            r.replies_->fail(carried.error());
            co_return;
        }
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
    if (lost()) return std::nullopt;
    if (answer_) {
        context_.options.tracing.message(speaker_, Direction::sent, message.bytes(), dialect_);
        answer();
        return std::nullopt;
    }
    if (!requests_) return std::nullopt;
    const std::span<u8> bytes = requests_->put(std::move(message));
    if (header_of(bytes).type == Tversion::type) look_at_request(bytes);
    context_.options.tracing.message(speaker_, Direction::sent, bytes, dialect_);
    return std::nullopt;
}

awaitable<Result<void>> Relay::pass_rest() {
    const auto self = shared_from_this();
    const auto client = client_;
    if (!requests_ || !client || !to_server_.wanted()) co_return boost::system::in_place_value;
    const auto server = server_;
    auto carrying = carry(*requests_, to_server_, *client, *server);
    const auto carried = co_await std::move(carrying);
    if (carried || ended_ || to_server_.source_failed()) co_return carried;
    // The rest of the message stands where the next would begin: nothing more can be received from this client.
    lose(carried.error());
    auto draining = replies_->drained(context_.options.limits.delivery);
    co_await std::move(draining);
    co_return carried;
}

// What was put before has to leave first, the message's beginning among it.
awaitable<Result<void>> Relay::carry(Outbox& before, Carrier& carrier, Transport& from, Transport& to) {
    before.kick();
    auto draining = before.emptied();
    const auto emptied = co_await std::move(draining);
    if (!emptied) co_return emptied.error();
    auto carrying = carrier.carry(from, to);
    co_return co_await std::move(carrying);
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
        // A server may only lower what the client offered.
        if (const auto dialect = reply ? dialect_of(reply->version) : std::nullopt)
            agreed(*dialect, std::min(reply->msize, offered_));
    }
    context_.options.tracing.message(speaker_, Direction::received, message, dialect_);
}

void Relay::end(bool hard) {
    if (std::exchange(ended_, true)) return;
    replies_->close();
    port_.reset();
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
