#include "tools/p9proxy/proxy.hpp"

#include "tools/p9proxy/relay.hpp"
#include "tools/p9proxy/shared_conversation.hpp"

#include <boost/asio/redirect_error.hpp>

namespace p9::proxy {

namespace asio = boost::asio;

std::shared_ptr<Conversation> make_conversation(const asio::any_io_executor& executor, Context& context) {
    if (context.share != nullptr) return std::make_shared<SharedConversation>(executor, context);
    return std::make_shared<Relay>(executor, context);
}

Proxy::Proxy(asio::any_io_executor executor, ProxyOptions options)
    : executor_(std::move(executor)),
      context_{std::move(options)},
      share_(executor_, context_),
      keeper_(executor_, context_),
      event_(executor_, asio::steady_timer::time_point::max()) {
    if (context_.options.share) context_.share = &share_;
}

Proxy::~Proxy() = default;

void Proxy::listen(std::unique_ptr<Listener> listener) {
    const std::shared_ptr<Listener> shared = std::move(listener);
    listeners_.insert(shared);
    spawn(executor_, accept_from(shared));
}

awaitable<void> Proxy::accept_from(std::shared_ptr<Listener> listener) {
    while (!stopping_) {
        auto accepting = listener->accept();
        auto client = co_await std::move(accepting);
        if (!client) break;
        if (clients_.size() < context_.options.limits.connections) {
            serve(*std::move(client));
        } else {
            context_.options.tracing.problem(
                {last_number_ + 1, (*client)->peer()},
                "refused: there are " + std::to_string(clients_.size()) + " clients already");
            (*client)->close();
        }
    }
    listeners_.erase(listener);
    event_.cancel();
}

void Proxy::serve(std::unique_ptr<Transport> client) {
    auto connection = std::make_shared<ClientConnection>(context_, keeper_, std::move(client), ++last_number_);
    clients_.insert(connection);
    spawn(executor_, run(std::move(connection)));
}

awaitable<void> Proxy::run(std::shared_ptr<ClientConnection> client) {
    auto serving = client->serve();
    co_await std::move(serving);
    clients_.erase(client);
    event_.cancel();
}

awaitable<void> Proxy::next_event() {
    boost::system::error_code ignored;
    co_await event_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

awaitable<void> Proxy::wait_until_idle() {
    while (!listeners_.empty() || !clients_.empty()) {
        auto waiting = next_event();
        co_await std::move(waiting);
    }
}

awaitable<void> Proxy::stop() {
    stopping_ = true;
    keeper_.give_up_all();
    for (const auto& listener : std::set(listeners_)) listener->close();
    for (const auto& client : std::set(clients_)) client->stop();
    share_.close();
    while (!listeners_.empty() || !clients_.empty()) {
        auto waiting = next_event();
        co_await std::move(waiting);
    }
}

}  // namespace p9::proxy
