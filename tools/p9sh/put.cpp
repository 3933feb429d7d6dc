// put: files to the server.
#include "tools/p9sh/copy.hpp"

namespace p9::tools {

awaitable<void> run_put(Call& call) {
    const auto& words = call.arguments.operands;
    const std::size_t sources = words.size() > 1 ? words.size() - 1 : 1;
    std::vector<std::string> operands;
    for (std::size_t i = 0; i < sources; ++i) {
        for (auto& path : local_operands(words[i])) operands.push_back(std::move(path));
    }
    operands.push_back(words.size() > 1 ? remote_operand(call, words.back()) : ":" + call.shell.directory());
    return copy_operands(call, std::move(operands));
}

}  // namespace p9::tools
