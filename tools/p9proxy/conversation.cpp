#include "tools/p9proxy/conversation.hpp"

namespace p9::proxy {

Conversation::Conversation(boost::asio::any_io_executor executor, Context& context, std::size_t limit)
    : executor_(std::move(executor)),
      context_(context),
      replies_(std::make_shared<Outbox>(executor_, limit, context.options.delay)) {}

Conversation::~Conversation() { replies_->close(); }

void Conversation::attach(std::shared_ptr<Transport> client, Speaker speaker) {
    client_ = std::move(client);
    speaker_ = std::move(speaker);
    client_->max_message(max_message_);
    replies_->attach(client_);
}

void Conversation::detach() {
    client_.reset();
    replies_->detach();
}

void Conversation::max_message(u32 bytes) {
    max_message_ = bytes;
    if (client_) client_->max_message(bytes);
    context_.largest = std::max(context_.largest, bytes);
}

void Conversation::lose(Error why) {
    if (lost_) return;
    lost_ = std::move(why);
    if (client_) spawn(executor_, deliver_and_close(shared_from_this(), client_));
    if (on_lost) on_lost();
}

awaitable<void> Conversation::deliver_and_close(std::shared_ptr<Conversation> self, std::shared_ptr<Transport> client) {
    self->replies_->kick();
    auto draining = self->replies_->drained(self->context_.options.limits.delivery);
    co_await std::move(draining);
    client->close();
}

}  // namespace p9::proxy
