#include "transports/fd.hpp"
namespace p9::transports {
awaitable<Result<std::unique_ptr<Transport>>> dial_fd(FdAddress address) {
    co_return Error(errc::connection_failed, to_string(Address(address)) + ": fd is not ready yet");
}
}  // namespace p9::transports
