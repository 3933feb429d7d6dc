// Paths resolved on the client's side: symlinks, "." and "..".
#pragma once

#include "p9/client.hpp"

namespace p9 {

/// Walks from `root` along `names`, following symlinks inside the tree, the last one as `follow` says.
awaitable<Result<Node>> walk_path(const Node& root, std::vector<std::string> names, Follow follow);

}  // namespace p9
