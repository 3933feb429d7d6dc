#include "tools/p9serve/memory.hpp"
#include "tools/p9serve/memory_node.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace p9::serve {

MemoryTree::MemoryTree(MemoryOptions options) : context_(std::make_shared<MemoryContext>(options)) {
    // The root is there even if the limit is too small for it.
    context_->budget.take(MemoryNode::COST);
    root_ = std::make_shared<MemoryNode>(context_, S_IFDIR | 0777, ::geteuid(), ::getegid());
}

MemoryTree::~MemoryTree() = default;

awaitable<Result<FilePtr>> MemoryTree::attach(const User& user, std::string aname) {
    auto walking = walk_path(std::make_shared<MemoryFile>(root_, user.n_uname), std::move(aname));
    co_return co_await std::move(walking);
}

}  // namespace p9::serve
