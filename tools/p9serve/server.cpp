#include "tools/p9serve/server.hpp"

#include "tools/p9serve/connection.hpp"

#include <boost/asio/redirect_error.hpp>

namespace p9::serve {

namespace asio = boost::asio;

Server::Server(asio::any_io_executor executor, Filesystem& filesystem, ServerOptions options)
    : executor_(std::move(executor)),
      context_{filesystem, std::move(options), {}},
      event_(executor_, asio::steady_timer::time_point::max()) {}

Server::~Server() = default;

void Server::log(const std::string& line) const {
    if (context_.options.log) context_.options.log(line);
}

void Server::listen(std::unique_ptr<Listener> listener) {
    const std::shared_ptr<Listener> shared = std::move(listener);
    listeners_.insert(shared);
    spawn(executor_, accept_from(shared));
}

awaitable<void> Server::accept_from(std::shared_ptr<Listener> listener) {
    while (!stopping_) {
        auto accepting = listener->accept();
        auto transport = co_await std::move(accepting);
        if (!transport) {
            // It broke, as opposed to being closed.
            if (transport.error().code == make_error_code(errc::connection_failed)) log(transport.error().message());
            break;
        }
        if (connections_.size() < context_.options.max_connections) {
            serve(*std::move(transport));
        } else {
            log((*transport)->peer() + ": refused: there are " + std::to_string(connections_.size()) +
                " connections already (--max-connections)");
            (*transport)->close();
        }
    }
    listeners_.erase(listener);
    event_.cancel();
}

void Server::serve(std::unique_ptr<Transport> transport, std::string only_user) {
    std::string peer = transport->peer();
    if (context_.options.log_everybody) log(peer + ": connected");
    auto connection = std::make_shared<Connection>(context_, std::move(transport), std::move(only_user));
    connections_.insert(connection);
    spawn(executor_, run(std::move(connection), std::move(peer)));
}

awaitable<void> Server::run(std::shared_ptr<Connection> connection, std::string peer) {
    auto serving = connection->serve();
    const Error reason = co_await std::move(serving);
    const bool hung_up = reason.code == make_error_code(errc::connection_lost);
    if (!hung_up || context_.options.log_everybody) {
        const std::string words = reason.message();
        log(words.starts_with(peer) ? words : peer + ": " + words);
    }
    connections_.erase(connection);
    event_.cancel();
}

awaitable<void> Server::wait_until_idle() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!listeners_.empty() || !connections_.empty()) {
        boost::system::error_code ignored;
        co_await event_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) co_return;
    }
}

awaitable<void> Server::stop() {
    stopping_ = true;
    for (const auto& listener : std::set(listeners_)) listener->close();
    for (const auto& connection : std::set(connections_)) connection->close();
    while (!listeners_.empty() || !connections_.empty()) {
        boost::system::error_code ignored;
        co_await event_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

}  // namespace p9::serve
