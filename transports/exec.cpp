#include "transports/exec.hpp"
namespace p9::transports {
awaitable<Result<std::unique_ptr<Transport>>> dial_exec(ExecAddress address) {
    co_return Error(errc::connection_failed, to_string(Address(address)) + ": exec is not ready yet");
}
}  // namespace p9::transports
