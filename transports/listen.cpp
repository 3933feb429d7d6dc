#include "p9/transports/listen.hpp"

#include "transports/acceptor.hpp"
#include "transports/exec.hpp"
#include "transports/fd.hpp"
#include "transports/socket.hpp"
#include "transports/stream.hpp"
#include "transports/tcp.hpp"
#include "transports/unix.hpp"
#include "transports/virtio.hpp"
#include "transports/vsock.hpp"
#include "transports/websocket.hpp"

#include <boost/asio/this_coro.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace p9 {
namespace {

namespace asio = boost::asio;
using namespace transports;
using Listening = awaitable<Result<std::unique_ptr<Listener>>>;

Error cannot(const Address& address, int failed) {
    return {errc::connection_failed, to_string(address) + ": cannot listen: " + errno_message(failed)};
}

int open_to_listen(int family) { return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

// A bound and listening TCP socket, or minus errno.
int bound_tcp(const Endpoint& endpoint) {
    const int descriptor = open_to_listen(endpoint.protocol().family());
    if (descriptor < 0) return -errno;
    const int yes = 1, no = 0;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    // The unspecified IPv6 address takes IPv4 clients too, whatever the system's default.
    if (endpoint.address().is_v6()) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    if (::bind(descriptor, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0 &&
        ::listen(descriptor, SOMAXCONN) == 0)
        return descriptor;
    const int failed = errno;
    ::close(descriptor);
    return -failed;
}

// `name` is the address as it was given; `address` gets the port that the system chose.
awaitable<Result<std::unique_ptr<SocketListener>>> listen_on_tcp(TcpAddress address, Address name,
                                                                 DialOptions options) {
    const auto executor = co_await asio::this_coro::executor;
    Endpoints endpoints;
    if (address.host == "*") {
        endpoints = {Endpoint(asio::ip::tcp::v6(), address.port), Endpoint(asio::ip::tcp::v4(), address.port)};
    } else {
        auto resolved = co_await resolve(address);
        if (!resolved) co_return resolved.error();
        endpoints = *std::move(resolved);
    }
    int failed = EADDRNOTAVAIL;
    for (const auto& endpoint : endpoints) {
        const int descriptor = bound_tcp(endpoint);
        if (descriptor < 0) {
            failed = -descriptor;
            // Without IPv6 there is still IPv4; but a port that is taken must not be half shared.
            if (failed != EAFNOSUPPORT && failed != EADDRNOTAVAIL) break;
            continue;
        }
        Endpoint local;
        auto size = static_cast<socklen_t>(local.capacity());
        if (getsockname(descriptor, local.data(), &size) == 0) address.port = local.port();
        co_return std::make_unique<SocketListener>(executor, descriptor, Address(address), options);
    }
    co_return cannot(name, failed);
}

Listening listen_tcp(TcpAddress address, DialOptions options) {
    Address name(address);
    auto listening = listen_on_tcp(std::move(address), std::move(name), options);
    auto listener = co_await std::move(listening);
    if (!listener) co_return listener.error();
    co_return *std::move(listener);
}

Listening listen_ws(WebSocketAddress address, ListenOptions options) {
    const auto executor = co_await asio::this_coro::executor;
    Address name(address);
    auto listening = listen_on_tcp({address.host, address.port}, name, options.connection);
    auto listener = co_await std::move(listening);
    if (!listener) co_return listener.error();
    address.port = std::get<TcpAddress>((*listener)->address()).port;
    auto served = listen_websocket(executor, *std::move(listener), std::move(address), std::move(options));
    if (!served) co_return served.error().about(to_string(name));
    co_return *std::move(served);
}

Listening listen_unix(UnixAddress address, DialOptions options) {
    const auto executor = co_await asio::this_coro::executor;
    Address name(address);
    auto listening = listen_on_unix(address, name);
    if (!listening) co_return listening.error();
    co_return std::make_unique<SocketListener>(executor, listening->descriptor, std::move(name), options,
                                               std::move(listening->cleanup));
}

// One connection that is there already: accepted once, then never another.
class OneConnection final : public Listener {
public:
    OneConnection(std::unique_ptr<Transport> transport, Address address)
        : transport_(std::move(transport)), address_(std::move(address)) {}

    awaitable<Result<std::unique_ptr<Transport>>> accept() override {
        if (transport_) co_return std::move(transport_);
        co_return Error(errc::connection_lost, to_string(address_) + ": its one connection was accepted before");
    }
    Address address() const override { return address_; }
    void close() override { transport_.reset(); }

private:
    std::unique_ptr<Transport> transport_;
    Address address_;
};

Listening listen_fd(FdAddress address, DialOptions options) {
    if (socket_option(address.read, SO_ACCEPTCONN) > 0) {
        const auto executor = co_await asio::this_coro::executor;
        fcntl(address.read, F_SETFL, fcntl(address.read, F_GETFL) | O_NONBLOCK);
        fcntl(address.read, F_SETFD, FD_CLOEXEC);
        co_return std::make_unique<SocketListener>(executor, address.read, Address(address), options);
    }
    auto transport = co_await dial_fd(address);
    if (!transport) co_return transport.error();
    co_return std::make_unique<OneConnection>(*std::move(transport), Address(address));
}

// A command that is a client: it speaks 9P on its standard input and output.
Listening listen_exec(ExecAddress address) {
    Address name(address);
    auto dialling = dial_exec(std::move(address));
    auto transport = co_await std::move(dialling);
    if (!transport) co_return transport.error();
    co_return std::make_unique<OneConnection>(*std::move(transport), std::move(name));
}

Listening listen_vsock(VsockAddress address, DialOptions options) {
    const auto executor = co_await asio::this_coro::executor;
    const auto descriptor = listen_on_vsock(address);
    if (!descriptor) co_return descriptor.error();
    co_return std::make_unique<SocketListener>(executor, *descriptor, Address(address), options);
}

struct ListenByKind {
    ListenOptions options;

    Listening operator()(TcpAddress a) const { return listen_tcp(std::move(a), options.connection); }
    Listening operator()(UnixAddress a) const { return listen_unix(std::move(a), options.connection); }
    Listening operator()(FdAddress a) const { return listen_fd(a, options.connection); }
    Listening operator()(WebSocketAddress a) const { return listen_ws(std::move(a), options); }
    Listening operator()(ExecAddress a) const { return listen_exec(std::move(a)); }
    Listening operator()(VirtioAddress a) const { return listen_virtio(std::move(a)); }
    Listening operator()(VsockAddress a) const { return listen_vsock(a, options.connection); }
};

}  // namespace

awaitable<Result<std::unique_ptr<Listener>>> listen(Address address, ListenOptions options) {
    return std::visit(ListenByKind{std::move(options)}, std::move(address));
}

}  // namespace p9
