// Reading about servers: their names, and one file of each of many.
#pragma once

#include "tools/p9ctl/ctl.hpp"

namespace p9::tools {

/// The file `name` of each of `servers`, read side by side; the results are in their order.
awaitable<std::vector<Result<std::string>>> read_of_servers(Ctl& ctl, const std::vector<std::string>& servers,
                                                            std::string name);

/// The names in a directory, sorted by their bytes.
awaitable<Result<std::vector<std::string>>> names_in(Ctl& ctl, Where where);

/// A status file as an object: {"server":...} and its keys; uptime, requests and errors are numbers.
std::string status_json(std::string_view server, std::string_view text);

}  // namespace p9::tools
