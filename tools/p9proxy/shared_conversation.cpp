#include "tools/p9proxy/shared_conversation.hpp"

namespace p9::proxy {

SharedConversation::SharedConversation(boost::asio::any_io_executor executor, Context& context)
    : Conversation(std::move(executor), context, context.options.limits.queue) {}

SharedConversation::~SharedConversation() { SharedConversation::end(true); }

awaitable<Result<void>> SharedConversation::prepare(Bytes) {
    if (link_) co_return boost::system::in_place_value;
    const auto self = shared_from_this();
    auto linking = context_.share->link();
    auto link = co_await std::move(linking);
    if (!link) co_return link.error();
    if (ended_) co_return Error(errc::cancelled, "the client is gone");
    if ((*link)->ended()) co_return *(*link)->ended();
    link_ = *std::move(link);
    link_->join(*this);
    co_return boost::system::in_place_value;
}

std::optional<Error> SharedConversation::pass(Frame message) {
    // The client will see that the connection is closed when it has what came before.
    if (lost() || !link_) return std::nullopt;
    const bool begins = header_of(message.bytes()).type == Tversion::type;
    auto broken = link_->multiplexer().request(*this, std::move(message));
    if (begins && msize != 0) max_message(msize);
    return broken;
}

std::span<u8> SharedConversation::put(Frame reply) {
    if (link_) link_->put_for(*this);
    return replies_->put(std::move(reply));
}

void SharedConversation::give_up(const std::string& why) {
    context_.options.tracing.problem(speaker_, why);
    if (client_) client_->close();
    end(true);
}

void SharedConversation::end(bool) {
    if (std::exchange(ended_, true)) return;
    replies_->close();
    if (link_) link_->leave(*this);
}

}  // namespace p9::proxy
