#include "p9/transports/listen.hpp"

#include "transports/acceptor.hpp"
#include "transports/exec.hpp"
#include "transports/fd.hpp"
#include "transports/socket.hpp"
#include "transports/stream.hpp"
#include "transports/tcp.hpp"
#include "transports/unix.hpp"

#include <boost/asio/this_coro.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

Listening listen_tcp(TcpAddress address, DialOptions options) {
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
    co_return cannot(Address(address), failed);
}

// True if the socket file is a leftover: nobody answers behind it.
bool is_stale(const UnixName& name) {
    struct stat file{};
    if (lstat(name.address.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
    const int probe = open_to_listen(AF_UNIX);
    if (probe < 0) return false;
    const int connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&name.address), name.size);
    const bool refused = connected != 0 && errno == ECONNREFUSED;
    ::close(probe);
    return refused;
}

// "Address already in use" misleads where no server is in the way, but a file.
bool is_other_file(const UnixAddress& address) {
    struct stat file{};
    return !address.abstract && lstat(address.path.c_str(), &file) == 0 && !S_ISSOCK(file.st_mode);
}

// Removes the socket's file if it is still the one that was made.
std::function<void()> remover(std::string path) {
    struct stat made{};
    if (lstat(path.c_str(), &made) != 0) return {};
    return [path = std::move(path), device = made.st_dev, inode = made.st_ino] {
        struct stat now{};
        if (lstat(path.c_str(), &now) == 0 && now.st_dev == device && now.st_ino == inode) unlink(path.c_str());
    };
}

Listening listen_unix(UnixAddress address, DialOptions options) {
    const auto executor = co_await asio::this_coro::executor;
    const auto name = kernel_name(address);
    if (!name) co_return cannot(Address(address), ENAMETOOLONG);
    const int descriptor = open_to_listen(AF_UNIX);
    if (descriptor < 0) co_return cannot(Address(address), errno);
    const auto bind = [&] { return ::bind(descriptor, reinterpret_cast<const sockaddr*>(&name->address), name->size); };
    int failed = bind() == 0 ? 0 : errno;
    if (failed == EADDRINUSE && !address.abstract && is_stale(*name)) {
        unlink(name->address.sun_path);
        failed = bind() == 0 ? 0 : errno;
    }
    if (failed == 0 && ::listen(descriptor, SOMAXCONN) != 0) failed = errno;
    if (failed != 0) {
        ::close(descriptor);
        if (failed == EADDRINUSE && is_other_file(address)) {
            co_return Error(errc::connection_failed, to_string(Address(address)) +
                                                         ": cannot listen: there is a file of that name, which is no "
                                                         "socket; choose another path or remove it");
        }
        co_return cannot(Address(address), failed);
    }
    auto cleanup = address.abstract ? std::function<void()>{} : remover(address.path);
    co_return std::make_unique<SocketListener>(executor, descriptor, Address(std::move(address)), options,
                                               std::move(cleanup));
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
    int listens = 0;
    socklen_t size = sizeof listens;
    const bool asked = getsockopt(address.read, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0;
    if (asked && listens != 0) {
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

Listening refuse(Address address) {
    co_return Error(errc::bad_address, to_string(address) + ": cannot be listened on; use tcp!, unix!, fd! or exec!");
}

struct ByKind {
    ListenOptions options;

    Listening operator()(TcpAddress a) const { return listen_tcp(std::move(a), options.connection); }
    Listening operator()(UnixAddress a) const { return listen_unix(std::move(a), options.connection); }
    Listening operator()(FdAddress a) const { return listen_fd(a, options.connection); }
    Listening operator()(ExecAddress a) const { return listen_exec(std::move(a)); }
    Listening operator()(auto a) const { return refuse(Address(std::move(a))); }
};

}  // namespace

awaitable<Result<std::unique_ptr<Listener>>> listen(Address address, ListenOptions options) {
    return std::visit(ByKind{std::move(options)}, std::move(address));
}

}  // namespace p9
