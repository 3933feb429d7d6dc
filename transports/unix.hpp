// Unix sockets, by path and in the abstract namespace.
#pragma once

#include "p9/transports/dial.hpp"
#include "transports/socket.hpp"

#include <sys/un.h>

#include <functional>
#include <optional>

namespace p9::transports {

/// An address as the kernel takes it, and how many of its bytes count (unix(7)).
struct UnixName {
    sockaddr_un address{};
    socklen_t size = 0;
};
/// Nothing if the path does not fit.
std::optional<UnixName> kernel_name(const UnixAddress& address);

/// `name` is what errors and the transport call the other end, if that is not the address itself.
awaitable<Result<std::unique_ptr<Transport>>> dial_unix(UnixAddress address, std::string name = {});

/// A socket that listens, and what removes its file again.
struct ListeningSocket {
    int descriptor = -1;
    std::function<void()> cleanup;
};
/// Binds and listens; a file that nobody listens on any more is replaced. Fails with errc::connection_failed in the
/// name of `shown`.
Result<ListeningSocket> listen_on_unix(const UnixAddress& address, const Address& shown);

}  // namespace p9::transports
