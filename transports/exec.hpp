// A command that speaks 9P on its standard input and output.
#pragma once

#include "p9/transports/dial.hpp"

namespace p9::transports {

awaitable<Result<std::unique_ptr<Transport>>> dial_exec(ExecAddress address);

}  // namespace p9::transports
