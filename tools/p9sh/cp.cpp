// cp: files within the server.
#include "tools/p9sh/copy.hpp"

namespace p9::tools {

awaitable<void> run_cp(Call& call) {
    std::vector<std::string> operands;
    operands.reserve(call.arguments.operands.size());
    for (const auto& word : call.arguments.operands) operands.push_back(remote_operand(call, word));
    return copy_operands(call, std::move(operands));
}

}  // namespace p9::tools
