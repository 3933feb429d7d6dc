#include "transports/unix.hpp"

#include "transports/stream.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace p9::transports {

namespace asio = boost::asio;

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

awaitable<Result<std::unique_ptr<Transport>>> dial_unix(UnixAddress address) {
    const auto executor = co_await asio::this_coro::executor;
    const std::string name = to_string(Address(address));
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
    co_return socket_transport(std::move(socket), name);
}

}  // namespace p9::transports
