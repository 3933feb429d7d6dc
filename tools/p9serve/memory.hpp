// A tree in memory: empty at first, gone with the server.
//
// It has what a local file system has (links, symlinks, special files as mere nodes, sparse files, extended attributes,
// record locks, files that live on while they are open), but enforces no permissions: whoever can connect may do
// everything. Modes and owners are kept and told.
//
// Belongs to one thread. The nodes outlive the tree as long as files refer to them.
#pragma once

#include "tools/p9serve/filesystem.hpp"

namespace p9::serve {

class MemoryContext;
class MemoryNode;

struct MemoryOptions {
    /// How many bytes the tree may take: contents, names and what it keeps beside them. ENOSPC beyond.
    u64 size_limit = u64{1} << 30;
};

class MemoryTree final : public Filesystem {
public:
    explicit MemoryTree(MemoryOptions options = {});
    ~MemoryTree() override;

    /// New files belong to `user`. `aname` is empty or "/" for all of it, or the path of a part.
    awaitable<Result<FilePtr>> attach(const User& user, std::string aname) override;

private:
    std::shared_ptr<MemoryContext> context_;
    std::shared_ptr<MemoryNode> root_;
};

}  // namespace p9::serve
