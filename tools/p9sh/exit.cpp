// exit: the end.
#include "tools/p9sh/command.hpp"

#include "tools/options.hpp"

#include <cerrno>

namespace p9::tools {

Result<void> check_exit(const Arguments& arguments) {
    if (arguments.operands.empty()) return {};
    const auto status = parse_number(arguments.text(0), false);
    if (!status || *status > 255) return Error::from_errno(EINVAL, "expected a status from 0 to 255");
    return {};
}

awaitable<void> run_exit(Call& call) {
    const auto status = call.arguments.operands.empty() ? std::nullopt : parse_number(call.arguments.text(0), false);
    call.shell.leaving = status ? static_cast<int>(*status) : EXIT_DONE;
    co_return;
}

}  // namespace p9::tools
