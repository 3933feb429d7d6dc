#include "fuse/filesystem.hpp"

#include <unistd.h>

#include <cerrno>
#include <climits>

namespace p9::fuse {

namespace {

/// The host and this process: two mounts of the same tree are two clients.
std::string client_id() {
    char host[HOST_NAME_MAX + 1] = "";
    (void)::gethostname(host, sizeof host - 1);
    return std::string(host) + "-p9fuse-" + std::to_string(::getpid());
}

}  // namespace

FileSystem::FileSystem(std::shared_ptr<Session> session, NodePtr root, Behaviour behaviour, const Log& log)
    : inodes(std::move(root)),
      behaviour_(behaviour),
      session_(std::move(session)),
      log_(log),
      lock_client_id_(client_id()) {}

Result<InodePtr> FileSystem::inode(u64 number) const {
    InodePtr found = inodes.find(number);
    if (!found) return Error::from_errno(ESTALE, "the kernel asks for an inode that it has forgotten");
    return found;
}

awaitable<Result<NodePtr>> FileSystem::node(InodePtr inode) {
    if (inode->node) co_return inode->node;
    std::vector<std::string> names;
    InodePtr above = inode;
    for (; !above->node; above = above->parent) {
        if (above->detached()) co_return Error::from_errno(ESTALE, "the file has no name any more");
        names.insert(names.begin(), above->name);
    }
    const NodePtr start = above->node;
    const u64 moves = inodes.moves();
    auto walked = co_await start->walk(std::move(names));
    if (!walked) co_return std::move(walked).error();
    if (walked->qid().path != inode->qid.path) {
        inodes.detach(inode);
        co_return Error::from_errno(ESTALE, "the name leads to another file now");
    }
    auto node = std::make_shared<const Node>(std::move(*walked));
    // After a rename in the meantime the fid may stand for a path that is gone: good for now, not for later.
    if (inodes.moves() == moves && !inode->detached()) inode->node = node;
    co_return node;
}

awaitable<Result<NodePtr>> FileSystem::node(u64 number) {
    auto found = inode(number);
    if (!found) co_return std::move(found).error();
    InodePtr held = std::move(*found);
    co_return co_await node(std::move(held));
}

}  // namespace p9::fuse
