#include "transports/unix.hpp"

#include "transports/stream.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace p9::transports {

namespace asio = boost::asio;

namespace {

// True if the socket file is a leftover: nobody answers behind it.
bool is_stale(const UnixName& name) {
    struct stat file{};
    if (lstat(name.address.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
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

}  // namespace

std::optional<UnixName> kernel_name(const UnixAddress& address) {
    UnixName name;
    name.address.sun_family = AF_UNIX;
    const std::size_t lead = address.abstract ? 1 : 0;  // an abstract name follows a NUL
    if (address.path.empty() || address.path.size() >= sizeof name.address.sun_path) return std::nullopt;
    std::memcpy(name.address.sun_path + lead, address.path.data(), address.path.size());
    // A path counts with its NUL, an abstract name without one.
    name.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.path.size() + 1);
    return name;
}

awaitable<Result<std::unique_ptr<Transport>>> dial_unix(UnixAddress address, std::string name) {
    const auto executor = co_await asio::this_coro::executor;
    if (name.empty()) name = to_string(Address(address));
    const auto kernel = kernel_name(address);
    if (!kernel) co_return Error(errc::bad_address, name + ": too long for a Unix socket's name");

    Socket socket(executor);
    if (const auto failed = open_socket(socket, AF_UNIX))
        co_return Error(errc::connection_failed, name + ": " + describe(failed));
    std::chrono::milliseconds pause{1};
    while (::connect(socket.native_handle(), reinterpret_cast<const sockaddr*>(&kernel->address), kernel->size) != 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) co_return Error(errc::connection_failed, name + ": " + errno_message(errno));
        // The server's queue is full. Linux offers no event for when it has room again: connect(2), EAGAIN.
        asio::steady_timer timer(executor, pause);
        auto wait = timer.async_wait(asio::as_tuple(asio::deferred));
        const auto [cancelled] = co_await std::move(wait);
        if (cancelled) co_return Error(errc::cancelled, name + ": cancelled");
        pause = std::min(pause * 2, std::chrono::milliseconds(100));
    }
    make_room_for_messages(socket);
    co_return socket_transport(std::move(socket), name);
}

Result<ListeningSocket> listen_on_unix(const UnixAddress& address, const Address& shown) {
    const auto cannot = [&](int failed) {
        return Error(errc::connection_failed, to_string(shown) + ": cannot listen: " + errno_message(failed));
    };
    const auto name = kernel_name(address);
    if (!name) return cannot(ENAMETOOLONG);
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return cannot(errno);
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
            return Error(errc::connection_failed, to_string(shown) +
                                                      ": cannot listen: there is a file of that name, which is no "
                                                      "socket; choose another path or remove it");
        }
        return cannot(failed);
    }
    return ListeningSocket{descriptor, address.abstract ? std::function<void()>{} : remover(address.path)};
}

}  // namespace p9::transports
