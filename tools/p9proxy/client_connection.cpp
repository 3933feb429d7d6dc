#include "tools/p9proxy/client_connection.hpp"

#include "p9/wire.hpp"

namespace p9::proxy {

ClientConnection::ClientConnection(Context& context, Keeper& keeper, std::unique_ptr<Transport> transport,
                                   unsigned long number)
    : context_(context), keeper_(keeper), transport_(std::move(transport)), speaker_{number, transport_->peer()} {}

awaitable<void> ClientConnection::serve() {
    const auto self = shared_from_this();
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    context_.options.tracing.event(speaker_, "connected");
    auto beginning = begin();
    const auto begun = co_await std::move(beginning);
    Error why = begun ? Error() : begun.error();
    if (begun) {
        auto passing = pass_messages();
        why = co_await std::move(passing);
    }
    transport_->close();
    finish(why);
}

// Finds the conversation that this connection belongs to.
awaitable<Result<void>> ClientConnection::begin() {
    const bool keeping = context_.options.keep != Duration::zero();
    if (!keeping) {
        conversation_ = make_conversation(transport_->executor(), context_);
        conversation_->attach(transport_, speaker_);
        auto preparing = conversation_->prepare({});
        auto ready = co_await std::move(preparing);
        co_return ready;
    }
    // Whoever goes on with an old conversation may begin with a message as large as was agreed on then.
    transport_->max_message(context_.largest);
    auto receiving = transport_->receive();
    auto first = co_await std::move(receiving);
    if (!first) co_return first.error();
    if (header_of(first->bytes()).type == Tversion::type) {
        keeper_.make_way();
    } else {
        conversation_ = keeper_.take(speaker_.peer);
        if (conversation_)
            context_.options.tracing.event(speaker_, "goes on where " + to_string(conversation_->speaker()) + " was");
        else
            context_.options.tracing.problem(
                speaker_, "begins without Tversion, and no connection to the server is kept (--keep)");
    }
    if (!conversation_) conversation_ = make_conversation(transport_->executor(), context_);
    conversation_->attach(transport_, speaker_);
    auto preparing = conversation_->prepare(first->bytes());
    auto ready = co_await std::move(preparing);
    if (!ready) co_return ready;
    if (auto broken = pass(*std::move(first))) co_return *std::move(broken);
    co_return boost::system::in_place_value;
}

awaitable<Error> ClientConnection::pass_messages() {
    for (;;) {
        Outbox* const requests = conversation_->requests();
        if (passed_ == context_.options.drop_after && passed_ != 0) {
            auto draining = requests->drained(context_.options.limits.delivery);
            co_await std::move(draining);
            cut_ = true;
            co_return Error(errc::cancelled);
        }
        if (requests != nullptr && requests->full()) {
            auto waiting = requests->room();
            co_await std::move(waiting);
        }
        // Who leaves replies unread asks for no more.
        if (conversation_->replies().full()) {
            auto waiting = conversation_->replies().room_or_failure();
            co_await std::move(waiting);
        }
        auto receiving = transport_->receive();
        auto message = co_await std::move(receiving);
        if (!message) co_return message.error();
        if (header_of(message->bytes()).type == Tversion::type) {
            auto preparing = conversation_->prepare(message->bytes());
            const auto ready = co_await std::move(preparing);
            if (!ready) co_return ready.error();
        }
        if (auto broken = pass(*std::move(message))) co_return *std::move(broken);
        auto passing = conversation_->pass_rest();
        const auto passed = co_await std::move(passing);
        if (!passed) co_return passed.error();
    }
}

std::optional<Error> ClientConnection::pass(Frame message) {
    auto broken = conversation_->pass(std::move(message));
    ++passed_;
    Outbox* const requests = conversation_->requests();
    // What came in one piece leaves in one, unless it is much.
    const bool last = !transport_->ready() || passed_ == context_.options.drop_after || broken;
    if (last || (requests != nullptr && requests->heavy())) {
        conversation_->replies().kick();
        if (requests != nullptr) requests->kick();
    }
    return broken;
}

void ClientConnection::finish(const Error& why) {
    const Tracing& tracing = context_.options.tracing;
    const bool gone = why.code == make_error_code(errc::connection_lost);
    if (conversation_) conversation_->detach();
    const bool lost = conversation_ && conversation_->lost();
    if (stopped_) {
        tracing.event(speaker_, "ended with the proxy");
    } else if (lost && !conversation_->tells_of_loss()) {
        tracing.event(speaker_, "closed: the shared connection is lost");
    } else if (lost) {
        tracing.problem(speaker_, "the server is gone: " + conversation_->lost()->message());
    } else if (cut_) {
        tracing.event(speaker_, "cut off after " + std::to_string(passed_) + " messages (--drop-after)");
    } else if (gone) {
        tracing.event(speaker_, "disconnected: " + why.message());
    } else {
        tracing.problem(speaker_, why.message());
    }
    if (!conversation_) return;
    const bool kept = !stopped_ && !lost && (cut_ || gone) && context_.options.keep != Duration::zero() &&
                      conversation_->requests() != nullptr;
    if (kept)
        keeper_.keep(conversation_);
    else
        conversation_->end(stopped_ || cut_ || lost);
}

void ClientConnection::stop() {
    stopped_ = true;
    transport_->close();
    if (conversation_) conversation_->end(true);
}

}  // namespace p9::proxy
