// Unix sockets, by path and in the abstract namespace.
#pragma once

#include "p9/transports/dial.hpp"
#include "transports/socket.hpp"

#include <sys/un.h>

#include <optional>

namespace p9::transports {

/// An address as the kernel takes it, and how many of its bytes count (unix(7)).
struct UnixName {
    sockaddr_un address{};
    socklen_t size = 0;
};
/// Nothing if the path does not fit.
std::optional<UnixName> kernel_name(const UnixAddress& address);

awaitable<Result<std::unique_ptr<Transport>>> dial_unix(UnixAddress address);

}  // namespace p9::transports
