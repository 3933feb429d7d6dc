// What get, put and cp share: p9cp's copying, with the shell's directories.
#pragma once

#include "tools/p9sh/command.hpp"

#include <string>
#include <vector>

namespace p9::tools {

/// An operand as a path of the server in p9cp's words: with ':' before it, from the attached root. A pattern stays one.
std::string remote_operand(const Call& call, const Word& word);
/// An operand as paths of this machine in p9cp's words; a pattern stands for all that match it.
std::vector<std::string> local_operands(const Word& word);
/// Copies `operands`, sources and then the destination, with the flags of the call.
awaitable<void> copy_operands(Call& call, std::vector<std::string> operands);

}  // namespace p9::tools
