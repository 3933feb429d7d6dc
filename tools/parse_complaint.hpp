// What is wrong with a command line, in words of ours: for the tools, p9serve and p9proxy alike.
//
// Free functions.
#pragma once

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own name
class ParseError;
}

namespace p9::tools {

/// What CLI11 has to say, for the one line of a complaint. `unknown` is what it could not place, in the order typed: an
/// option among that comes first, whatever else is missing.
std::string parse_complaint(const CLI::ParseError& error, const std::vector<std::string>& unknown);

}  // namespace p9::tools
