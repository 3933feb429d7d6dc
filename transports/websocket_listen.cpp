#include "p9/task.hpp"
#include "transports/websocket.hpp"
#include "transports/websocket_accept.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>

namespace p9::transports {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// The most handshakes under way; for one more, the oldest is given up, so that silent clients keep out nobody.
constexpr std::size_t MOST_SHAKING = 128;
/// The most clients that are done with that and not accepted yet. More wait in the system's queue.
constexpr std::size_t MOST_READY = 64;

class WebSocketListener final : public Listener {
public:
    WebSocketListener(asio::any_io_executor executor, std::unique_ptr<SocketListener> listener,
                      WebSocketAddress address, std::shared_ptr<TlsContext> tls, ListenOptions options)
        : state_(std::make_shared<State>(executor, std::move(listener), std::move(address), std::move(tls),
                                         std::move(options))) {
        spawn(executor, accept_clients(state_));
    }
    ~WebSocketListener() override { stop(*state_); }

    awaitable<Result<std::unique_ptr<Transport>>> accept() override { return next(state_); }
    Address address() const override { return state_->address; }
    void close() override { stop(*state_); }

private:
    struct State {
        State(const asio::any_io_executor& executor, std::unique_ptr<SocketListener> l, WebSocketAddress a,
              std::shared_ptr<TlsContext> t, ListenOptions options)
            : listener(std::move(l)),
              address(std::move(a)),
              tls(std::move(t)),
              terms(std::make_shared<WebSocketTerms>(
                  WebSocketTerms{address.path, std::move(options.allow_origins), options.connection})),
              patience(options.handshake_timeout),
              refused(std::move(options.refused)),
              changed(executor, asio::steady_timer::time_point::max()) {}

        std::unique_ptr<SocketListener> listener;
        WebSocketAddress address;
        std::shared_ptr<TlsContext> tls;
        std::shared_ptr<const WebSocketTerms> terms;
        std::chrono::milliseconds patience;
        std::function<void(const std::string&)> refused;
        asio::steady_timer changed;  // never expires; cancelled when anything below changes
        std::deque<std::shared_ptr<WebSocketWire>> shaking;
        std::deque<std::unique_ptr<Transport>> ready;
        std::optional<Error> over;  // no more clients come
    };

    static awaitable<Result<std::unique_ptr<Transport>>> next(std::shared_ptr<State> state);
    static awaitable<void> accept_clients(std::shared_ptr<State> state);
    static awaitable<void> shake_hands(std::shared_ptr<State> state, std::shared_ptr<WebSocketWire> wire,
                                       std::string peer);
    static void stop(State& state);

    std::shared_ptr<State> state_;
};

std::string listener_name(const WebSocketAddress& address) { return to_string(Address(address)); }

awaitable<Result<std::unique_ptr<Transport>>> WebSocketListener::next(std::shared_ptr<State> state) {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (state->ready.empty()) {
        if (state->over) co_return *state->over;
        error_code ignored;
        co_await state->changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto cancelled = co_await asio::this_coro::cancellation_state;
        if (cancelled.cancelled() != asio::cancellation_type::none)
            co_return Error(errc::cancelled, listener_name(state->address) + ": cancelled");
    }
    auto transport = std::move(state->ready.front());
    state->ready.pop_front();
    state->changed.cancel();
    co_return transport;
}

awaitable<void> WebSocketListener::accept_clients(std::shared_ptr<State> state) {
    while (!state->over) {
        if (state->ready.size() >= MOST_READY) {
            error_code ignored;
            co_await state->changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            continue;
        }
        auto accepting = state->listener->accept_socket();
        auto client = co_await std::move(accepting);
        if (!client) {
            if (!state->over) state->over = client.error();
            break;
        }
        std::string peer = std::move(client->peer);
        // tcp!1.2.3.4!5 as the address that it is here.
        if (const auto parsed = parse_address(peer))
            if (const auto* tcp = std::get_if<TcpAddress>(&*parsed))
                peer = to_string(Address(WebSocketAddress{state->address.tls, tcp->host, tcp->port, "/"}));
        std::unique_ptr<TlsEngine> engine;
        if (state->tls) {
            auto made = state->tls->engine();
            if (!made) {
                if (state->refused) state->refused(peer + ": " + made.error().message());
                continue;
            }
            engine = *std::move(made);
        }
        auto wire = std::make_shared<WebSocketWire>(std::move(client->socket), std::move(engine));
        if (state->shaking.size() >= MOST_SHAKING) state->shaking.front()->close();
        state->shaking.push_back(wire);
        spawn(state->changed.get_executor(), shake_hands(state, std::move(wire), std::move(peer)));
    }
    state->changed.cancel();
}

awaitable<void> WebSocketListener::shake_hands(std::shared_ptr<State> state, std::shared_ptr<WebSocketWire> wire,
                                               std::string peer) {
    auto shaking = accept_websocket(wire, peer, state->terms);
    auto transport =
        co_await within(state->patience, std::move(shaking), peer + ": did not finish its WebSocket handshake in time");
    std::erase(state->shaking, wire);
    state->changed.cancel();
    if (state->over) co_return;
    if (transport)
        state->ready.push_back(*std::move(transport));
    else if (state->refused)
        state->refused(transport.error().message());
}

void WebSocketListener::stop(State& state) {
    if (!state.over) state.over = Error(errc::connection_lost, listener_name(state.address) + ": no longer listening");
    state.listener->close();
    for (const auto& wire : std::deque(state.shaking)) wire->close();
    state.ready.clear();
    state.changed.cancel();
}

}  // namespace

Result<std::unique_ptr<Listener>> listen_websocket(asio::any_io_executor executor,
                                                   std::unique_ptr<SocketListener> listener, WebSocketAddress address,
                                                   ListenOptions options) {
    std::shared_ptr<TlsContext> tls;
    if (address.tls) {
        auto made = tls_server(options.certificate, options.key);
        if (!made) return made.error();
        tls = *std::move(made);
    }
    return std::unique_ptr<Listener>(std::make_unique<WebSocketListener>(
        std::move(executor), std::move(listener), std::move(address), std::move(tls), std::move(options)));
}

}  // namespace p9::transports
