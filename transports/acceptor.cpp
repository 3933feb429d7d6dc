#include "transports/acceptor.hpp"

#include "transports/stream.hpp"
#include "transports/tcp.hpp"
#include "transports/vsock.hpp"

#include <boost/asio/steady_timer.hpp>

#include <sys/socket.h>

namespace p9::transports {

namespace asio = boost::asio;

struct SocketListener::State {
    asio::posix::stream_descriptor socket;  // only waited on: accept4 is called here, for its flags
    Address address;
    DialOptions options;
    std::function<void()> cleanup;
    bool closed = false;
};

SocketListener::SocketListener(asio::any_io_executor executor, int descriptor, Address address, DialOptions options,
                               std::function<void()> cleanup)
    : state_(std::make_shared<State>(asio::posix::stream_descriptor(executor, descriptor), std::move(address),
                                     std::move(options), std::move(cleanup))) {}

SocketListener::~SocketListener() { SocketListener::close(); }

Address SocketListener::address() const { return state_->address; }

void SocketListener::close() {
    if (std::exchange(state_->closed, true)) return;
    // The file goes first, so that nobody connects to a queue that will not be served.
    if (state_->cleanup) state_->cleanup();
    boost::system::error_code ignored;
    state_->socket.close(ignored);
}

awaitable<Result<std::unique_ptr<Transport>>> SocketListener::accept() { return accept_on(state_); }

awaitable<Result<SocketListener::Accepted>> SocketListener::accept_socket() { return accept_socket_on(state_); }

awaitable<Result<std::unique_ptr<Transport>>> SocketListener::accept_on(std::shared_ptr<State> state) {
    auto accepting = accept_socket_on(std::move(state));
    auto accepted = co_await std::move(accepting);
    if (!accepted) co_return accepted.error();
    make_room_for_messages(accepted->socket);
    co_return socket_transport(std::move(accepted->socket), std::move(accepted->peer));
}

awaitable<Result<SocketListener::Accepted>> SocketListener::accept_socket_on(std::shared_ptr<State> state) {
    const std::string name = to_string(state->address);
    while (!state->closed) {
        const int listening = state->socket.native_handle();
        const int client = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client >= 0) {
            sockaddr_storage local{};
            socklen_t size = sizeof local;
            getsockname(client, reinterpret_cast<sockaddr*>(&local), &size);
            if (local.ss_family == AF_INET || local.ss_family == AF_INET6) tune(client, state->options);
            Socket socket(state->socket.get_executor());
            if (adopt_socket(socket, local.ss_family, client)) continue;
            Accepted accepted{std::move(socket), peer_name(client, name)};
            co_return accepted;
        }
        const int failed = errno;
        if (failed == EINTR || failed == ECONNABORTED) continue;
        if (failed == EMFILE || failed == ENFILE || failed == ENOBUFS || failed == ENOMEM) {
            // The client stays in the queue and its event is spent: try again when others may have gone.
            asio::steady_timer timer(state->socket.get_executor(), std::chrono::milliseconds(100));
            auto pause = timer.async_wait(asio::as_tuple(asio::deferred));
            const auto [cancelled] = co_await std::move(pause);
            if (cancelled) break;
            continue;
        }
        if (failed != EAGAIN && failed != EWOULDBLOCK)
            co_return Error(errc::connection_lost, name + ": " + errno_message(failed));
        auto wait = state->socket.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::deferred));
        const auto [cancelled] = co_await std::move(wait);
        if (cancelled) break;
    }
    co_return Error(errc::connection_lost, name + ": no longer listening");
}

std::string peer_name(int socket, const std::string& otherwise) {
    Endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    if (getpeername(socket, peer.data(), &size) != 0) return otherwise;
    const int family = peer.data()->sa_family;
    if (family == AF_VSOCK) return vsock_peer(socket, otherwise);
    if (family != AF_INET && family != AF_INET6) return otherwise;
    peer.resize(size);
    return to_string(Address(TcpAddress{peer.address().to_string(), peer.port()}));
}

}  // namespace p9::transports
