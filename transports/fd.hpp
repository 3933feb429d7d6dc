// Inherited descriptors: sockets, pipes and terminals.
#pragma once

#include "p9/transports/dial.hpp"

namespace p9::transports {

awaitable<Result<std::unique_ptr<Transport>>> dial_fd(FdAddress address);

}  // namespace p9::transports
