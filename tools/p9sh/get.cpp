// get: files from the server.
#include "tools/p9sh/copy.hpp"

namespace p9::tools {

awaitable<void> run_get(Call& call) {
    const auto& words = call.arguments.operands;
    const std::size_t sources = words.size() > 1 ? words.size() - 1 : 1;
    std::vector<std::string> operands;
    operands.reserve(sources + 1);
    for (std::size_t i = 0; i < sources; ++i) operands.push_back(remote_operand(call, words[i]));
    operands.push_back(words.size() > 1 ? local_operands(words.back()).front() : ".");
    return copy_operands(call, std::move(operands));
}

}  // namespace p9::tools
